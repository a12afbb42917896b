"""The life of a running system: log first, then parts, then the one address; ready; stopped in the other order."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from canlian_chassis.ports import LOOPBACK, HeldPort
from canlian_operator.running.parts import PARTS, Part, caddyfile
from canlian_operator.running.programs import CADDY, NATS, caddy_program, nats_program, part_environment, part_program
from canlian_operator.running.readiness import Health
from canlian_operator.running.supervisor import Supervisor, log_tail
from canlian_operator.running.system import RunningPart, RunningSystem, record, system_file

PATIENCE_WITH_PARTS = 3.0
PATIENCE_WITH_NATS = 1.5
SECONDS_UNTIL_SAID_SLOW = 60.0
LOOK_EVERY = 0.2


@dataclass(frozen=True)
class Plan:
    """What will run. People go to `host` and `port`; nothing listens there when the edge is not among the parts."""

    data: Path
    host: str
    port: int
    parts: list[Part]
    nats_url: str | None
    demo: bool

    @property
    def edge(self) -> Path | None:
        return caddyfile() if any(part.name == "edge" for part in self.parts) else None

    @property
    def address(self) -> str | None:
        host = LOOPBACK if self.host in {"0.0.0.0", "::", ""} else self.host
        return f"http://{host}:{self.port}" if self.edge else None


class StartFailed(Exception):
    """The system cannot come up: what has to run for any part to work does not."""


class Launch:
    """`say` prints a line for the person at the terminal."""

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self.plan = plan
        self.say = say
        self.supervisor = Supervisor(say, self.record)
        self.ready = False
        self._held = {name: HeldPort() for name in (NATS, "monitor", *(part.name for part in plan.parts))}
        self.addresses = {name: held.address for name, held in self._held.items()}
        self.nats_url = plan.nats_url or f"nats://{self.addresses[NATS]}"
        self.shared = part_environment(
            plan.data, self.nats_url, PARTS, {part.name: self.addresses[part.name] for part in plan.parts}
        )

    async def run(self, welcome: Callable[[], None]) -> None:
        """Until a signal comes. `welcome` is called when the system is ready. Raises StartFailed."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, stopping.set)
        stopped = asyncio.create_task(stopping.wait())
        starting = asyncio.create_task(self._start(welcome))
        try:
            await asyncio.wait({stopped, starting}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopped
            self.say("正在停止 … · stopping …")
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await self._stop()
            for held in self._held.values():
                held.release()

    def record(self) -> None:
        children = self.supervisor.children.values()
        record(
            RunningSystem(
                pid=os.getpid(),
                ready=self.ready,
                address=self.plan.address,
                nats_url=self.nats_url,
                data=self.plan.data,
                parts={
                    child.program.name: RunningPart(
                        pid=child.pid,
                        state=child.state,
                        address=child.program.address,
                        log=child.program.log,
                        restarts=child.restarts,
                        runs=child.program.runs,
                    )
                    for child in children
                },
            )
        )

    async def _start(self, welcome: Callable[[], None]) -> None:
        async with Health(self.nats_url) as health:
            if self.plan.nats_url is None:
                await self._start_nats(health)
            names = ", ".join(part.name for part in self.plan.parts)
            self.say(f"启动各部分 · starting {names}")
            for part in self.plan.parts:
                self.supervisor.start(part_program(part, self.plan.data, self.addresses[part.name], self.shared))
            if self.plan.edge:
                self.supervisor.start(
                    caddy_program(self.plan.edge, self.plan.data, self.plan.host, self.plan.port, self.shared)
                )
            await self._until_ready(health)
        if self.plan.demo:
            await self._load_demo()
        self.ready = True
        self.record()
        welcome()

    async def _start_nats(self, health: Health) -> None:
        self.say("启动事件日志 · starting the event log (nats-server)")
        self.supervisor.start(nats_program(self.plan.data, self.addresses[NATS], self.addresses["monitor"]))
        while not await health.of_url(f"http://{self.addresses['monitor']}/healthz"):
            self._raise_when_down(NATS)
            await asyncio.sleep(LOOK_EVERY / 4)

    async def _until_ready(self, health: Health) -> None:
        began, said = time.monotonic(), False
        while not await self._is_ready(health):
            self._raise_when_down(NATS, CADDY, "edge")
            if not said and time.monotonic() - began > SECONDS_UNTIL_SAID_SLOW:
                said = True
                logs = self.plan.data / "logs"
                self.say(f"还没有就绪，仍在等待，日志见 {logs} · not ready yet, still waiting; the logs are in {logs}")
            await asyncio.sleep(LOOK_EVERY)

    async def _is_ready(self, health: Health) -> bool:
        """With the edge, what it says of all; without it, what each part says of itself. What is left down is not
        waited for."""
        down = {part.name for part in self.plan.parts if self.supervisor.children[part.name].state == "down"}
        if self.plan.address:
            return await health.of_all(self.plan.address, down)
        up = [part for part in self.plan.parts if part.name not in down]
        return all([await health.of_part(part, self.addresses[part.name]) for part in up])

    def _raise_when_down(self, *names: str) -> None:
        for name in names:
            child = self.supervisor.children.get(name)
            if child and child.state == "down":
                raise StartFailed(f"{name}\n{log_tail(child.program.log)}")

    async def _load_demo(self) -> None:
        """In a process of its own: it is work, and Ctrl-C must end it like any part."""
        loader = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "canlian_operator", "load-demo", env=self.shared, start_new_session=True
        )
        try:
            if await loader.wait() != 0:
                self.say("演示数据未能全部载入 · the demonstration data could not be loaded completely")
        finally:
            with suppress(ProcessLookupError):
                loader.kill()

    async def _stop(self) -> None:
        names = set(self.supervisor.children)
        await self.supervisor.stop(names - {NATS}, PATIENCE_WITH_PARTS)
        await self.supervisor.stop(names & {NATS}, PATIENCE_WITH_NATS)
        system_file(self.plan.data).unlink(missing_ok=True)
