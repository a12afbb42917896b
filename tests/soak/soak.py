"""A whole system under load and under fire for a while; then quiet, and the comparison."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from canlian_chassis.bus import Client, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from tests.soak.actors import Town, bring_in, go_round, open_accounts, read_pages, visit
from tests.soak.comparing import Findings, compare
from tests.soak.killing import Killer
from tests.soak.sending import Ledger, Sender
from tests.support.system import System, running_system

PROGRESS_EVERY = 5.0
PATIENCE_AT_THE_END = 120.0


@dataclass
class Report:
    seed: int
    seconds: float
    ledger: Ledger
    killer: Killer
    reconnections: int
    seconds_until_level: float
    findings: Findings

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "seconds": self.seconds,
            "commands": {
                "sent": self.ledger.sent,
                "acknowledged": len(self.ledger.acknowledged),
                "refused": dict(self.ledger.refusals()),
                "retried": self.ledger.retried,
            },
            "pages": dict(self.ledger.pages),
            "kills": dict(self.killer.kills),
            "pauses": dict(self.killer.pauses),
            "views deleted": dict(self.killer.deletions),
            "reconnections": self.reconnections,
            "seconds until level": round(self.seconds_until_level, 1),
            **asdict(self.findings),
        }

    def table(self) -> str:
        said = self.as_json()
        commands, found = said["commands"], self.findings
        lines = [
            ("commands", f"{commands['sent']} sent, {commands['acknowledged']} acknowledged, "
                         f"{len(self.ledger.refused)} refused, {commands['retried']} times sent again"),
            ("refused", _counted(commands["refused"])),
            ("pages", _counted(said["pages"])),
            ("killed", f"{sum(self.killer.kills.values())}: {_counted(self.killer.kills)}"),
            ("stopped a while", f"{sum(self.killer.pauses.values())}: {_counted(self.killer.pauses)}"),
            ("views deleted", f"{sum(self.killer.deletions.values())}: {_counted(self.killer.deletions)}"),
            ("reconnections", str(self.reconnections)),
            ("until level", f"{self.seconds_until_level:.1f} s after the last blow"),
            ("log", f"{found.events} events"),
            ("views", f"{len(found.rows)} compared, {sum(found.rows.values())} rows"),
            ("lost", _some(found.lost)),
            ("doubled", _some(found.doubled)),
            ("half stored", _some(found.half)),
            ("refused, stored", _some(found.refused_but_stored)),
            ("different", _some(found.different)),
            ("skipped, parked", _some([*found.skipped, *found.parked])),
        ]  # fmt: skip
        return "\n".join(f"  {name:<16} {value}" for name, value in lines)


async def soak(data: Path, seconds: float, seed: int, callers: int, wholes: int, say: Callable[[str], None]) -> Report:
    """`wholes` is how many times in between everything is killed at once."""
    async with AsyncExitStack() as stack:
        system = stack.enter_context(running_system(data))
        settings = Settings(nats_url=system.nats_url, data=data)
        open_accounts(settings)
        limits = httpx.Limits(max_keepalive_connections=0)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30, trust_env=False, limits=limits))
        ledger, signer = Ledger(), Signer(key_folder(settings))

        async def join() -> None:
            there = settings.model_copy(update={"nats_url": system.nats_url})
            sender.bus = Client(await stack.enter_async_context(connect(there, "soak")))

        sender = Sender(system.url, http, signer, ledger)
        await join()
        town = Town(sender, Random(seed + 1), asyncio.Event())
        killer = Killer(system, Random(seed), join)
        await town.settle()
        progress = asyncio.create_task(_tell(say, ledger, killer))
        try:
            async with asyncio.TaskGroup() as work:
                for _ in range(callers):
                    work.create_task(go_round(town))
                for actor in (visit(town), bring_in(town), read_pages(town, system.url)):
                    work.create_task(actor)
                await killer.run(seconds, wholes)
                town.ending.set()
            say("the blows are over and every command has its answer; waiting until all is level")
            level = await _until_level(system)
        finally:
            progress.cancel()
        say("comparing")
        findings = await compare(ledger, system.nats_url, data)
        return Report(seed, seconds, ledger, killer, _reconnections(data), level, findings)


async def _until_level(system: System) -> float:
    """Until every part is ready and policies have nothing more to add; returns the seconds it took."""
    began, quiet_since, last = time.monotonic(), time.monotonic(), -1
    async with connect(Settings(nats_url=system.nats_url), "soak") as nc:
        while time.monotonic() - quiet_since < 3:
            await asyncio.to_thread(system.until_healthy, PATIENCE_AT_THE_END)
            position = await Log(nc).last_position()
            if position != last:
                last, quiet_since = position, time.monotonic()
            assert time.monotonic() - began < PATIENCE_AT_THE_END, system.explain()
            await asyncio.sleep(0.5)
    return quiet_since - began


async def _tell(say: Callable[[str], None], ledger: Ledger, killer: Killer) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(PROGRESS_EVERY)
        say(
            f"  {time.monotonic() - began:4.0f} s  {ledger.sent} commands, {len(ledger.acknowledged)} acknowledged, "
            f"{len(ledger.refused)} refused, {ledger.retried} sent again; {sum(ledger.pages.values())} pages; "
            f"{sum(killer.kills.values())} killed"
        )


def _reconnections(data: Path) -> int:
    return sum(log.read_text(errors="replace").count("bus.reconnected") for log in (data / "logs").glob("*.log*"))


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda c: -c[1])) or "none"


def _some(found: list[str]) -> str:
    return "none" if not found else f"{len(found)}: " + "; ".join(found[:3])
