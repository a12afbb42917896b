"""The parts of a run: which there are, what each of them does, and how they end and begin again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from canlian_chassis.bus.client import connect, open_connection
from canlian_chassis.command.handler import Handler
from canlian_chassis.keys.store import Keys
from canlian_chassis.policies.runner import PolicyRunner
from canlian_chassis.service import Service
from canlian_chassis.views.runner import ViewRunner
from canlian_chassis.views.store import ViewStore
from tests.simulation import releases
from tests.simulation.event_loop import OUTSIDE, PROCESS, Process
from tests.simulation.world import World

T = TypeVar("T")
Work = Callable[[World, Process], Coroutine[Any, Any, None]]
_PATIENCE_AT_THE_END = 8.0


def keep_track() -> None:
    """Let each process keep what it makes of these, so that they can be looked at. Once for the whole program."""
    for kind in (Handler, Keys, PolicyRunner, ViewRunner):
        kind.__init__ = _kept(kind.__init__)  # type: ignore[method-assign]

    complete = ViewStore.complete

    def complete_and_tell(store: ViewStore) -> None:
        complete(store)
        PROCESS.get(OUTSIDE).completed.add(str(store.name))

    ViewStore.complete = complete_and_tell  # type: ignore[method-assign]


def _kept(make: Callable[..., None]) -> Callable[..., None]:
    def make_and_keep(self: Any, *args: Any, **kwargs: Any) -> None:
        PROCESS.get(OUTSIDE).kept.append(self)
        make(self, *args, **kwargs)

    return make_and_keep


class Part:
    """One process of a service or a tool, started again after it died, until it is ended for good."""

    def __init__(self, world: World, name: str, work: Work, release: str) -> None:
        self._world, self.name, self._work, self.release = world, name, work, release
        self.process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._number = 0
        self.wanted = False

    @property
    def running(self) -> bool:
        return self.process is not None and not self.process.dead

    def start(self) -> None:
        self.wanted = True
        if self.running:
            return
        self._number += 1
        self.process = Process(f"{self.name}.{self._number}", self.release)
        self._world.say(f"starting {self.process}", release=self.release)
        self._task = self._world.loop.start(self.process, self._work(self._world, self.process))
        self._task.add_done_callback(self._ended, context=OUTSIDE.context.copy())

    def _ended(self, task: asyncio.Task[None]) -> None:
        """It came to an end by itself: whoever looks after parts starts it again."""
        assert self.process is not None
        error = None if task.cancelled() else task.exception()
        self._world.say(f"{self.process} ended", error=type(error).__name__)
        self._bury(self.process)
        if self.wanted:
            self._world.loop.call_later(1.0, self._start_again, context=OUTSIDE.context.copy())

    def _start_again(self) -> None:
        if self.wanted:
            self.start()

    def kill(self) -> None:
        if self.running:
            assert self.process is not None
            self._world.say(f"killing {self.process}")
            self._bury(self.process)

    def _bury(self, process: Process) -> None:
        self._world.loop.kill(process)
        self._world.network.hang_up(process)

    async def end(self) -> None:
        """As SIGTERM does: what is under way is finished, within a few seconds."""
        self.wanted = False
        if self.running and self._task:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=_PATIENCE_AT_THE_END)
            self.kill()

    def made(self, kind: type[T]) -> list[T]:
        """What it made of a kind, where it runs."""
        return [one for one in self.process.kept if isinstance(one, kind)] if self.running and self.process else []


async def serve(world: World, process: Process) -> None:
    """A process of the toy service."""
    language = releases.language(process.release)
    service = Service(
        "sim",
        context="sim",
        deciders=language.DECIDERS,
        policies=language.POLICIES,
        views=language.SERVICE_VIEWS,
        settings=world.settings,
    )
    async with service.running():
        world.say("ready")
        await asyncio.Event().wait()


async def show(world: World, process: Process) -> None:
    """A process of a tool."""
    views = releases.language(process.release).TOOL_VIEWS
    async with connect(world.settings, "tool") as nc:
        runner = ViewRunner(views, world.settings)
        await runner.start(nc)
        try:
            await asyncio.Event().wait()
        finally:
            await runner.stop()


@contextlib.asynccontextmanager
async def bus(world: World, name: str) -> Any:
    nc = await open_connection(world.settings, name)
    try:
        yield nc
    finally:
        await nc.close()
