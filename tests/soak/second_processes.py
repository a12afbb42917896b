"""A second process of every service and tool of a running system, on the same log and the same data.

They are started as the operator starts parts, each tool on a port of its own, and are kept running like those. They may
be of the newer release that was made for the test (`tests.soak.newer`).
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from canlian_chassis.ports import HeldPort
from canlian_operator.running.parts import PARTS, Kind, Part, caddyfile
from canlian_operator.running.programs import CADDY, NATS, caddy_program, nats_program, part_environment, part_program
from canlian_operator.running.readiness import Health
from canlian_operator.running.supervisor import Program, Supervisor
from tests.soak.newer import VARIABLE
from tests.support.system import System

STEPS: Sequence[tuple[str, Sequence[Part]]] = (
    ("service", [part for part in PARTS if part.kind is Kind.SERVICE]),
    ("tool", [part for part in PARTS if part.kind is Kind.TOOL and part.name != "edge"]),
    ("edge", [part for part in PARTS if part.name == "edge"]),
)
"""The order of an upgrade, as docs/operator.md gives it."""
SUFFIX = "-2"
"""What the name of a second process ends with."""
PATIENCE = 3.0
SECONDS_TO_START = 120.0


def second(name: str) -> str:
    return f"{name}{SUFFIX}"


class SecondProcesses:
    """Their names are those of the parts with `-2`."""

    def __init__(self, data: Path, say: Callable[[str], None]) -> None:
        self._data = data
        self._supervisor = Supervisor(say, lambda: None)
        self._held = {part.name: HeldPort() for part in PARTS}
        self._caddy, self._monitor = HeldPort(), HeldPort()
        self._newer: set[str] = set()
        self._nats_url = ""

    @property
    def pids(self) -> dict[str, int]:
        """Of those that run."""
        return {name: child.pid for name, child in self._supervisor.children.items() if child.pid}

    def address(self, part: str) -> str:
        return self._held[part].address

    @property
    def url(self) -> str:
        """Their one address: a second edge leads to the second tools."""
        return f"http://{self._caddy.address}"

    def beside(self, system: System) -> None:
        """What is started from now on uses this system's log."""
        self._nats_url = system.nats_url

    def start(self, system: System) -> None:
        """All of them, beside a system that runs. Returns at once."""
        self.beside(system)
        for part in PARTS:
            self._start(part)

    async def upgrade(self, parts: Sequence[Part]) -> None:
        """Put the newer release in the place of these, or beside the system where none of them runs yet, and come back
        when it answers."""
        await self._supervisor.stop([second(part.name) for part in parts], PATIENCE)
        self.be_newer(parts)
        marks = {part.name: self._log_size(part.name) for part in parts}
        for part in parts:
            self._start(part)
        await self.until_ready(parts, marks)

    def be_newer(self, parts: Sequence[Part] = PARTS) -> None:
        """Whatever of these is started from now on is of the newer release."""
        self._newer |= {part.name for part in parts}

    async def go_on_alone(self, nats_address: str) -> None:
        """The system has ended, and its log's server with it: another is started in its place, at the same address."""
        self._supervisor.start(nats_program(self._data, nats_address, self._monitor.address))
        await self.until_ready()

    async def kill(self) -> None:
        """All at once; none is started again."""
        for pid in self.pids.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await self.stop()

    async def stop(self) -> None:
        names = set(self._supervisor.children)
        await self._supervisor.stop(names - {NATS}, PATIENCE)
        await self._supervisor.stop(names & {NATS}, PATIENCE)

    def release(self) -> None:
        """Their ports, when they are not started again."""
        for held in (self._caddy, self._monitor, *self._held.values()):
            held.release()

    async def until_ready(self, parts: Sequence[Part] = PARTS, marks: Mapping[str, int] | None = None) -> None:
        """Until each says of itself that it is. Of services, which have one address for all their processes, any may
        answer; with `marks`, where their logs ended, a new process must have said so there first."""
        end = time.monotonic() + SECONDS_TO_START
        async with Health(self._nats_url) as health:
            while waiting := [part.name for part in parts if not await self._is_ready(part, health, marks or {})]:
                assert time.monotonic() < end, f"not ready: {', '.join(waiting)}\n{self.explain(waiting)}"
                await asyncio.sleep(0.3)

    def explain(self, names: Iterable[str]) -> str:
        """The ends of their logs."""
        logs = [self._log(name) for name in names]
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs if log.exists())

    async def _is_ready(self, part: Part, health: Health, marks: Mapping[str, int]) -> bool:
        if second(part.name) not in self.pids:
            return False
        if part.kind is Kind.SERVICE and part.name in marks:
            with self._log(part.name).open("rb") as log:
                log.seek(marks[part.name])
                if b"service.ready" not in log.read():
                    return False
        return await health.of_part(part, self.address(part.name))

    def _start(self, part: Part) -> None:
        self._supervisor.start(self._program(part))
        if part.name == "edge" and second(CADDY) not in self.pids:
            self._supervisor.start(self._caddy_program())

    def _shared(self) -> dict[str, str]:
        addresses = {each.name: self.address(each.name) for each in PARTS}
        return part_environment(self._data, self._nats_url, PARTS, addresses)

    def _caddy_program(self) -> Program:
        configuration = caddyfile()
        assert configuration
        host, port = self._caddy.address.split(":")
        program = caddy_program(configuration, self._data, host, int(port), self._shared())
        return replace(program, name=second(CADDY), log=self._log(CADDY))

    def _program(self, part: Part) -> Program:
        program = part_program(part, self._data, self.address(part.name), self._shared())
        program = replace(
            program,
            name=second(part.name),
            log=self._log(part.name),
            runs=f"canlian: second {part.name} on {self._data}",
        )
        if part.name not in self._newer:
            return program
        return replace(program, module="tests.soak.newer", environment={**program.environment, VARIABLE: part.name})

    def _log(self, name: str) -> Path:
        return self._data / "logs" / f"{second(name)}.log"

    def _log_size(self, name: str) -> int:
        log = self._log(name)
        return log.stat().st_size if log.exists() else 0
