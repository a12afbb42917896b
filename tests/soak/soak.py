"""A whole system under load and under fire for a while; then quiet, and the comparison."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from canlian_chassis.bus.client import Client, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.policies.parked import Parking
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_operator.running.parts import PARTS, Kind
from tests.soak.actors import Town, bring_in, certify, go_round, open_accounts, read_pages, visit
from tests.soak.comparing import compare
from tests.soak.findings import Findings, counted
from tests.soak.killing import Killer
from tests.soak.second_processes import STEPS, SecondProcesses
from tests.soak.sending import Ledger, Sender
from tests.support.system import System, running_system

PROGRESS_EVERY = 5.0
PATIENCE_AT_THE_END = 120.0
PATIENCE_WITH_AN_UPGRADE = 300.0


@dataclass
class Report:
    seed: int
    seconds: float
    ledger: Ledger
    killer: Killer
    reconnections: int
    seconds_until_level: float
    older_not_ready: list[str]
    """Parts of the older release that said so at the end, while those of the newer were ready."""
    findings: Findings

    @property
    def wrong(self) -> bool:
        return self.findings.wrong or bool(self.wrong_pages)

    @property
    def wrong_pages(self) -> dict[str, int]:
        """Answers that no page gives, whatever is down."""
        return {answer: times for answer, times in self.ledger.pages.items() if answer not in {"read", "unavailable"}}

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
            "older not ready": self.older_not_ready,
            **asdict(self.findings),
        }

    def table(self) -> str:
        said = self.as_json()
        commands, found = said["commands"], self.findings
        lines = [
            ("commands", f"{commands['sent']} sent, {commands['acknowledged']} acknowledged, "
                         f"{len(self.ledger.refused)} refused, {commands['retried']} times sent again"),
            ("refused", counted(commands["refused"])),
            ("pages", counted(said["pages"])),
            ("killed", f"{sum(self.killer.kills.values())}: {counted(self.killer.kills)}"),
            ("stopped a while", f"{sum(self.killer.pauses.values())}: {counted(self.killer.pauses)}"),
            ("views deleted", f"{sum(self.killer.deletions.values())}: {counted(self.killer.deletions)}"),
            ("reconnections", str(self.reconnections)),
            ("until level", f"{self.seconds_until_level:.1f} s after the last blow"),
            ("older not ready", ", ".join(self.older_not_ready) or "none"),
            *found.lines(),
            ("wrong pages", counted(self.wrong_pages)),
        ]  # fmt: skip
        return "\n".join(f"  {name:<16} {value}" for name, value in lines)


@dataclass(frozen=True)
class Plan:
    """`wholes` is how many times in between everything is killed at once. With `second` there is a second process of
    every service and tool; with `newer` those are of a newer release for half of the time. They are upgraded in order,
    or else come up as the newer release when everything was killed at once, which takes less time."""

    seconds: float
    seed: int
    callers: int = 6
    wholes: int = 1
    second: bool = True
    newer: bool = True
    in_order: bool = True


async def soak(data: Path, plan: Plan, say: Callable[[str], None]) -> Report:
    async with AsyncExitStack() as stack:
        system = stack.enter_context(running_system(data))
        second = await stack.enter_async_context(second_processes(system, say)) if plan.second else None
        if second:
            second.start(system)
        async with people_at_work(system, plan.seed, plan.callers, second) as people:
            ledger = people.town.sender.ledger
            killer = Killer(system, Random(plan.seed), people.follow, second)
            progress = asyncio.create_task(_tell(say, ledger, killer))
            stack.callback(progress.cancel)
            if second:
                await second.until_ready()
            if second and plan.newer:
                await _strike_over_an_upgrade(plan, killer, second, say)
            else:
                await killer.run(plan.seconds, plan.wholes)
        say("the blows are over and every command has its answer; waiting until all is level")
        level = await until_level(system, second)
        progress.cancel()
        nats_url, older = system.nats_url, await _not_ready(system)
        if second and plan.newer:
            say("the older release ends")
            await asyncio.to_thread(system.stop)
            await second.go_on_alone(nats_url.removeprefix("nats://"))
        say("comparing")
        findings = await compare(ledger, nats_url, data, newer=second is not None and plan.newer)
        return Report(plan.seed, plan.seconds, ledger, killer, _reconnections(data), level, older, findings)


@dataclass
class People:
    """`follow` is called when the system came up again, with another address for its log."""

    town: Town
    follow: Callable[[], Awaitable[None]]


@asynccontextmanager
async def people_at_work(
    system: System, seed: int, callers: int, second: SecondProcesses | None = None
) -> AsyncIterator[People]:
    """For the length of the block; when it has ended, every command has its answer."""
    async with AsyncExitStack() as stack:
        settings = Settings(nats_url=system.nats_url, data=system.data)
        open_accounts(settings)
        limits = httpx.Limits(max_keepalive_connections=0)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30, trust_env=False, limits=limits))
        sender = Sender(system.url, http, Signer(key_folder(settings)), Ledger())

        async def follow() -> None:
            there = settings.model_copy(update={"nats_url": system.nats_url})
            sender.bus = Client(await stack.enter_async_context(connect(there, "soak")))

        await follow()
        town = Town(sender, Random(seed + 1), asyncio.Event(), second)
        await town.settle()
        async with asyncio.TaskGroup() as work:
            for _ in range(callers):
                work.create_task(go_round(town))
            for actor in (visit(town), certify(town), bring_in(town), read_pages(town, system.url)):
                work.create_task(actor)
            yield People(town, follow)
            town.ending.set()


@asynccontextmanager
async def second_processes(system: System, say: Callable[[str], None]) -> AsyncIterator[SecondProcesses]:
    """None runs yet; whatever was started ends with the block."""
    second = SecondProcesses(system.data, say)
    second.beside(system)
    try:
        yield second
    finally:
        await second.stop()
        second.release()


async def _strike_over_an_upgrade(
    plan: Plan, killer: Killer, second: SecondProcesses, say: Callable[[str], None]
) -> None:
    """Half of the time with one release, half with a newer one beside. The upgrade between them is not counted in."""
    before = plan.wholes // 2
    await killer.run(plan.seconds / 2, before)
    after = plan.wholes - before
    if plan.in_order:
        async with asyncio.TaskGroup() as meanwhile:
            striking = meanwhile.create_task(killer.run(PATIENCE_WITH_AN_UPGRADE, wholes=0))
            for kind, parts in STEPS:
                await second.upgrade(parts)
                say(f"every {kind} has a newer release beside")
            striking.cancel()
    else:
        second.be_newer()
        await killer.kill_all()
        after -= 1
    await killer.run(plan.seconds / 2, after)


async def until_level(system: System, second: SecondProcesses | None) -> float:
    """Until every part is ready and policies have nothing more to add; returns the seconds it took."""
    began, quiet_since, last = time.monotonic(), time.monotonic(), -1
    services = [part.name for part in PARTS if part.kind is Kind.SERVICE]
    async with connect(Settings(nats_url=system.nats_url), "soak") as nc:
        log, parking = Log(nc), await Parking.open(nc)
        while time.monotonic() - quiet_since < 3:
            # what the newer release has taken over, the older need not be ready for
            ready = second.until_ready() if second else asyncio.to_thread(system.until_healthy, PATIENCE_AT_THE_END)
            await ready
            position = await log.last_position()
            answered = min([(await parking.marks(service))[0][0].position for service in services])
            if position != last or answered < position:
                last, quiet_since = position, time.monotonic()
            explained = f"the log ends at {position}, policies have answered up to {answered}\n{system.explain()}"
            assert time.monotonic() - began < PATIENCE_AT_THE_END, explained
            await asyncio.sleep(0.5)
    return quiet_since - began


async def _not_ready(system: System) -> list[str]:
    """The parts of the system itself that are not ready, beside second processes that are."""
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        parts = (await http.get(f"{system.url}/health")).json()["parts"]
    return [name for name, part in parts.items() if part["status"] != "ready"]


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
