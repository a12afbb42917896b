"""An event loop in which time is a number and chance comes from a seed: the same seed gives the same run.

It runs many processes in one. A process is what its tasks have in their context: within it callbacks go in the order
asyncio promises, and which process goes next is chance, as between processes of a machine. Time passes only when nobody
has anything to do.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


class Process:
    """A simulated process: killed, none of its callbacks is ever called again, so no `finally` block runs."""

    def __init__(self, name: str, release: str = "") -> None:
        self.name, self.release = name, release
        self.dead = False
        self.clock_ahead = 0.0
        """Seconds by which its clock differs from the server's."""
        self.stalled = False
        self.stalls: list[tuple[float, float]] = []
        """From when to when it stood still."""
        self.ready: deque[asyncio.Handle] = deque()
        self.tasks: list[asyncio.Task[Any]] = []
        """Kept, so that those of a killed process are not ended by the collection of garbage."""
        self.kept: list[Any] = []
        """What the simulation looks at afterwards: handlers, key stores, view runners."""
        self.completed: set[str] = set()
        """The databases of views that it found to hold the whole log."""
        self.context = Context()
        self.context.run(PROCESS.set, self)

    def __repr__(self) -> str:
        return self.name


PROCESS: ContextVar[Process] = ContextVar("PROCESS")
OUTSIDE = Process("-")
"""Whoever watches: it is nobody's process, and nothing ever happens to it."""


class NothingLeftError(Exception):
    """Nobody has anything to do, and nobody waits for a time: the run would stand for ever."""


class BusyForEverError(Exception):
    """Somebody goes round and round without ever waiting for anything."""


_STEPS_AT_ONE_MOMENT = 100_000


class SimulatedLoop(asyncio.BaseEventLoop):
    """`now` is the virtual time in seconds."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.now = 0.0
        self.steps = 0
        self._most_steps = _STEPS_AT_ONE_MOMENT
        self._runnable: list[Process] = []
        self._heap: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._order = itertools.count()
        self.set_exception_handler(lambda *_: None)  # a killed process leaves tasks that nobody waits for

    def time(self) -> float:
        return self.now

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._make_ready(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]  # there are no other threads

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._heap, (when, next(self._order), handle))
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is left out when its time comes."""

    def create_task(self, coro: Any, *, name: Any = None, context: Context | None = None) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        (context.get(PROCESS) if context is not None else PROCESS.get(OUTSIDE) or OUTSIDE).tasks.append(task)  # type: ignore[union-attr]
        return task

    def run_in_executor(self, _executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """A thread begins after a moment and is done at once: what it does is whole, or the process died before."""
        future: asyncio.Future[T] = self.create_future()
        self.call_later(self._until_thread_runs(), self._run_function, future, func, args)
        return future

    def _until_thread_runs(self) -> float:
        chance = self.random.random()
        return 0.0001 + 0.002 * chance if chance < 0.95 else chance * 0.05

    @staticmethod
    def _run_function(future: asyncio.Future[T], func: Callable[..., T], args: tuple[Any, ...]) -> None:
        if future.cancelled():
            return
        try:
            result = func(*args)
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    def start(self, process: Process, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Let a coroutine be what a process does."""
        return self.create_task(work, name=process.name, context=process.context.copy())

    def kill(self, process: Process) -> None:
        process.dead = True
        self._leave(process)
        process.ready.clear()

    def stall(self, process: Process, seconds: float) -> None:
        """Let it stand still, as SIGSTOP does; what comes for it meanwhile waits."""
        if process.stalled or process.dead:
            return
        process.stalled = True
        process.stalls.append((self.now, self.now + seconds))
        self._leave(process)
        self.call_later(seconds, self._go_on, process, context=OUTSIDE.context)

    def _go_on(self, process: Process) -> None:
        process.stalled = False
        if process.ready and not process.dead:
            self._runnable.append(process)

    def _leave(self, process: Process) -> None:
        if process in self._runnable:
            self._runnable.remove(process)

    def _make_ready(self, handle: asyncio.Handle) -> None:
        process: Process = handle._context.get(PROCESS) or OUTSIDE  # type: ignore[attr-defined]
        if process.dead:
            return
        if not process.ready and not process.stalled:
            self._runnable.append(process)
        process.ready.append(handle)

    def _run_once(self) -> None:
        runnable = self._runnable
        if not runnable:
            self._pass_time()
            return
        self.steps += 1
        if self.steps > self._most_steps:
            raise BusyForEverError(runnable)
        chosen = int(self.random.random() * len(runnable)) if len(runnable) > 1 else 0
        process = runnable[chosen]
        handle = process.ready.popleft()
        if not process.ready:
            runnable[chosen] = runnable[-1]
            runnable.pop()
        if not handle.cancelled():
            handle._run()

    def _pass_time(self) -> None:
        if not self._heap:
            if self._stopping:  # type: ignore[attr-defined]
                return
            raise NothingLeftError
        when, _, handle = heapq.heappop(self._heap)
        if handle.cancelled():
            return
        if when > self.now:
            self.now = when
            self._most_steps = self.steps + _STEPS_AT_ONE_MOMENT
        self._make_ready(handle)

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector."""

    def _process_events(self, _events: Any) -> None:
        """There are none."""
