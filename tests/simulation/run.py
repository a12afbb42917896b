"""One run, from its seed: people, parts and faults; then everything is well again, rests, and is judged."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from canlian_chassis.keys.store import Keys
from canlian_chassis.policies.parked import Asked, Parking
from canlian_chassis.views.runner import ViewRunner
from tests.simulation import releases
from tests.simulation.checks import check_consequences, check_log, check_timers
from tests.simulation.event_loop import BusyForEverError, NothingLeftError, Process
from tests.simulation.faults import Faults
from tests.simulation.history import History
from tests.simulation.processes import Part, bus, serve, show
from tests.simulation.view_checks import Watcher, check_erased, check_views
from tests.simulation.workload import Person, Scale, Workload
from tests.simulation.world import World

_QUIET_WITHIN = 150.0
"""Virtual seconds after the last fault: more than an unacknowledged timer takes to come again."""
_MEMORY = Path("/dev/shm")
_scenes: list[Scene] = []
"""Kept, and no garbage is collected: with it the `finally` blocks of what was killed would run, in another's run."""


@dataclass(frozen=True)
class Outcome:
    seed: int
    wrong: list[str]
    trace: list[str]
    digest: str
    commands: int
    virtual: float
    seconds: float
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def kinds(self) -> set[str]:
        """Of what kinds its violations are."""
        return {words.partition(":")[0] for words in self.wrong}


def simulate(seed: int, tell: Callable[[str], None] | None = None) -> Outcome:
    began = time.process_time()
    folder = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="canlian-simulation-", dir=folder) as data:
        world = World(seed, Path(data), tell)
        scene = Scene(world)
        _scenes.append(scene)
        director = Process("director", releases.NEWER)
        try:
            world.loop.run_until_complete(world.loop.start(director, scene.play()))
        except NothingLeftError:
            world.violation("stuck", "everything stands still, and nobody waits for anything")
        except BusyForEverError as error:
            world.violation("busy", f"somebody goes round without ever waiting: {error}")
        commands = len(scene.workload)
    seconds = time.process_time() - began
    lines = list(world.trace.last)
    return Outcome(seed, world.wrong, lines, world.trace.digest, commands, world.loop.now, seconds, world.faults)


class Scene:
    def __init__(self, world: World) -> None:
        self._world, self._random = world, world.random
        scale = Scale(self._random.randint(3, 12), self._random.randint(1, 4), self._random.randint(2, 5))
        self.workload = Workload(world, Random(f"{world.seed} workload"), scale)
        services, tools = self._random.choice((1, 2, 2, 2)), self._random.choice((1, 1, 2))
        self._parts = [self._part(f"service{n + 1}", releases.OLDER) for n in range(services)]
        self._parts += [self._part(f"tool{n + 1}", releases.OLDER) for n in range(tools)]
        self._everybody = list(self._parts)
        world.network.slow = self._random.choice((0.0, 0.02, 0.1))
        world.network.longest = self._random.choice((0.02, 0.15, 0.6))

    def _part(self, name: str, release: str) -> Part:
        return Part(self._world, name, serve if name.startswith("service") else show, release)

    async def play(self) -> None:
        world, random = self._world, self._random
        world.start_server()
        for part in self._parts:
            part.start()
            if random.random() < 0.5:
                await asyncio.sleep(random.random())
        faults = Faults(world, self._everybody)
        people = self._people()
        watching = asyncio.create_task(Watcher(world, self._everybody).watch())
        upgrading = asyncio.create_task(self._upgrade())
        if random.random() < 0.9:
            await faults.happen(random.choice((4.0, 8.0, 14.0)))
        await faults.over()
        await upgrading
        await self._make_well()
        _, waiting = await asyncio.wait(people, timeout=_QUIET_WITHIN)
        for person in people:
            if person in waiting:
                world.violation("restless", "somebody is not answered")
            else:
                person.result()
        await self._settle()
        watching.cancel()
        await self._judge()

    def _people(self) -> list[asyncio.Task[None]]:
        random = self._random
        count, pause = random.randint(1, 5), random.choice((0.02, 0.1, 0.4))
        each = random.randint(25, 70) // count
        people = [Process(f"person{n + 1}", releases.OLDER) for n in range(count)]
        return [self._world.loop.start(p, self._live(p, each, pause)) for p in people]

    async def _live(self, process: Process, count: int, pause: float) -> None:
        async with bus(self._world, process.name) as nc:
            person = Person(self.workload, nc, Random(f"{self._world.seed} {process.name}"))
            await person.work(count, pause)

    async def _upgrade(self) -> None:
        """The newer release is started beside, part by part, and the older ones are ended after a while."""
        if self._random.random() < 0.5:
            return
        for part in self._random.sample(self._parts, len(self._parts)):
            await asyncio.sleep(self._random.choice((0.1, 1.0, 3.0)) * self._random.random())
            await self._replace(part)

    async def _replace(self, part: Part) -> None:
        newer = self._part(f"{part.name}n", releases.NEWER)
        self._everybody.append(newer)
        self._parts[self._parts.index(part)] = newer
        newer.start()
        await asyncio.sleep(self._random.random() * 2)
        await part.end()
        self._everybody.remove(part)

    async def _make_well(self) -> None:
        self._world.say("everything is well from here on")
        if self._world.server is None:
            self._world.start_server()
        for part in list(self._parts):
            if part.release == releases.OLDER:
                await self._replace(part)
            elif not part.running:
                part.start()
        self.workload.settling = True

    # --- until nothing more happens

    async def _settle(self) -> None:
        """An operator has what was parked replayed; then it rests."""
        self._world.say("waiting until it rests")
        until = self._world.loop.now + _QUIET_WITHIN
        async with bus(self._world, "operator") as nc:
            parking = await Parking.open(nc)
            still = 0
            while still < 3 and self._world.loop.now < until:
                await asyncio.sleep(1.0)
                parked = await parking.parked()
                for one in parked:
                    if one.asked is None:
                        reason = Asked(what="replay", reason="mended", by="operator", at=datetime.now(UTC))
                        await parking.ask(one, reason)
                reasons = [*self._restless(), *(["events are parked"] if parked else [])]
                still = 0 if reasons else still + 1
            if still < 3:
                self._world.violation("restless", f"it does not come to rest: {'; '.join(reasons)}")

    def _restless(self) -> list[str]:
        world = self._world
        found: list[str] = []
        place = world.truth.places[-1][1] if world.truth.places else 0
        if place < world.end:
            found.append(f"the policies stand at {place} of {world.end}")
        for part in self._parts:
            for runner in part.made(ViewRunner):
                if not (runner.level and runner.complete and runner.position == world.end):
                    found.append(f"{part.name}'s view stands at {runner.position} of {world.end}")
                if runner.state["filling"]:
                    found.append(f"{part.name} fills a view")
            if not part.running or not part.made(ViewRunner):
                found.append(f"{part.name} does not run")
        timers = world.storage.streams.get("TIMERS")
        if timers and timers.by_subject.get("timer.sim.due"):
            found.append("timers are due")
        return found

    async def _judge(self) -> None:
        world = self._world
        keys = Keys.of(world.settings)
        history = History(world.log, releases.language(releases.NEWER), keys)
        check_log(world, history, self.workload.said)
        check_consequences(world, history)
        check_timers(world, history)
        with contextlib.suppress(RuntimeError):
            await check_views(world, history, self._parts)
        check_erased(world, history, self._parts, self.workload.said)
