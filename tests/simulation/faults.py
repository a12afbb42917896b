"""What goes wrong in a run, and when: each seed has kinds of its own, so that some runs are gentle and some are not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from tests.simulation.consumers import Consumer
from tests.simulation.network import Line
from tests.simulation.processes import Part
from tests.simulation.protocol import Message
from tests.simulation.world import LOG, World

_STORING = ("evt.", "claim.", "$KV.", "timer.", "$JS.API.STREAM.PURGE", "cmd.")


class Faults:
    """Does what goes wrong. After `over` nothing more does, and everything is well again."""

    def __init__(self, world: World, parts: list[Part]) -> None:
        self._world, self._parts, self._random = world, parts, Random(f"{world.seed} faults")
        self._over = False
        self._kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "crash": self._crash,
            "crash-storing": self._crash_storing,
            "stall": self._stall,
            "cut": self._cut,
            "cut-storing": self._cut_storing,
            "lose": self._lose,
            "silence": self._silence,
            "silence-giving": self._silence_giving,
            "restart": self._restart,
            "clock": self._clock,
            "rebuild": self._rebuild,
            "backup": self._backup,
        }
        often = {"backup": 0.25, "clock": 0.35, "restart": 0.4}
        self.chosen = [kind for kind in self._kinds if self._random.random() < often.get(kind, 0.5)]
        self._tasks: list[asyncio.Task[None]] = []
        self._backup_taken = False

    async def happen(self, seconds: float) -> None:
        """One after another, for so long; each may last a while beside the next."""
        until = self._world.loop.now + seconds
        pause = self._random.choice((0.4, 1.0, 2.5))
        while self.chosen:
            await asyncio.sleep(self._random.expovariate(1 / pause))
            if self._world.loop.now >= until:
                return
            kind = self._random.choice(self.chosen)
            self._world.faults[kind] += 1
            self._world.say(f"fault: {kind}")
            self._tasks.append(asyncio.create_task(self._kinds[kind]()))  # type: ignore[arg-type]

    async def over(self) -> None:
        self._over = True
        self._world.on_published.clear()
        self._world.on_given.clear()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for task in self._tasks:
            task.result()
        self._world.network.slow = 0.01

    def _running(self) -> Part | None:
        running = [part for part in self._parts if part.running]
        return self._random.choice(running) if running else None

    async def _crash(self) -> None:
        if part := self._running():
            await self._kill(part)

    async def _kill(self, part: Part) -> None:
        part.kill()
        await asyncio.sleep(self._random.choice((0.05, 0.5, 3.0)) * (0.5 + self._random.random()))
        if part.wanted:
            part.start()

    def _once_storing(self, part: Part, act: Callable[[Line], None]) -> None:
        """Do something as soon as this part has sent its nth message that changes something."""
        left = self._random.randint(1, 12)

        def watch(line: Line, message: Message) -> None:
            nonlocal left
            if line.owner is part.process and message.subject.startswith(_STORING):
                left -= 1
                if left == 0:
                    self._world.on_published.remove(watch)
                    act(line)

        self._world.on_published.append(watch)

    async def _crash_storing(self) -> None:
        """What it sent arrives, and no answer to it."""
        if part := self._running():
            self._once_storing(part, lambda _: part.kill())
            await asyncio.sleep(1.0 + 4.0 * self._random.random())
            if part.wanted and not part.running:
                part.start()

    async def _stall(self) -> None:
        part = self._running()
        if part and part.process:
            self._world.loop.stall(part.process, self._random.choice((0.3, 2.0, 6.0)) * (0.5 + self._random.random()))

    async def _cut(self) -> None:
        if self._world.network.lines:
            self._random.choice(self._world.network.lines).end()

    async def _cut_storing(self) -> None:
        if part := self._running():
            self._once_storing(part, Line.end)

    async def _lose(self) -> None:
        if self._world.network.lines:
            self._random.choice(self._world.network.lines).lose()

    async def _silence(self) -> None:
        self._stop_server(self._random.choice((0.4, 1.5, 4.0)) * (0.5 + self._random.random()))

    def _stop_server(self, seconds: float) -> None:
        if self._world.server:
            self._world.loop.stall(self._world.server.process, seconds)

    async def _silence_giving(self) -> None:
        """In the middle of what a consumer gives."""
        left = self._random.randint(1, 6)

        def watch(consumer: Consumer) -> None:
            nonlocal left
            left -= consumer.stream.name == LOG and consumer.pending > 0
            if left == 0:
                self._world.on_given.remove(watch)
                self._stop_server(1.0 + 3.0 * self._random.random())

        self._world.on_given.append(watch)

    async def _restart(self) -> None:
        if self._world.server is None:
            return
        self._world.stop_server()
        await asyncio.sleep(self._random.choice((0.1, 1.0, 4.0)) * (0.5 + self._random.random()))
        self._world.start_server()

    async def _clock(self) -> None:
        """Of one part, and right again after a while."""
        part = self._running()
        if part and (process := part.process):
            process.clock_ahead = self._random.choice((-900.0, -330.0, -30.0, 30.0, 330.0))
            await asyncio.sleep(3.0 + 5.0 * self._random.random())
            process.clock_ahead = 0.0

    async def _rebuild(self) -> None:
        from canlian_chassis.views.runner import ViewRunner

        part = self._running()
        for runner in part.made(ViewRunner) if part else ():
            runner.rebuild()

    async def _backup(self) -> None:
        """The log alone is put back as it was some seconds ago, as from a backup; all that stands beside it stays."""
        if self._backup_taken or self._world.log is None:
            return
        self._backup_taken = True
        world = self._world
        copy = world.log.copy() if world.log else None
        await asyncio.sleep(1.0 + 5.0 * self._random.random())
        while world.server is None:  # noqa: ASYNC110 - it is being started again
            await asyncio.sleep(0.1)
        now = world.log
        assert now is not None
        assert copy is not None
        world.stop_server()
        lost = [message for seq, message in now.messages.items() if seq > copy.last_seq]
        world.truth.lost |= {message.headers.get("ce-command", "") for message in lost}
        if lost:
            world.truth.restored.append(world.loop.now)
        world.storage.streams[LOG] = copy
        world.truth.ends.append((world.loop.now, copy.last_seq))
        world.say("an older copy of the log was put back", end=copy.last_seq, lost=len(lost))
        await asyncio.sleep(0.2 + self._random.random())
        world.start_server()
