"""Programs of a running system killed at random, stopped for a while, and views taken away under them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

from tests.soak.second_processes import SUFFIX, SecondProcesses
from tests.support.fresh import VIEWS
from tests.support.system import System

REST = 16.0
"""Seconds between two deaths of one program: the supervisor leaves down what ends five times in a minute."""
WEIGHT = {"nats-server": 4, "registry": 2, "assistance": 2, "services-catalog": 2, "evaluation": 2, "exchange": 2}


class Killer:
    """`kills`, `pauses` and `deletions` count the blows by program."""

    def __init__(
        self,
        system: System,
        random: Random,
        restarted: Callable[[], Awaitable[None]],
        second: SecondProcesses | None = None,
    ) -> None:
        """`restarted` is called when the whole system came up again, with another address for its log. The `second`
        processes are struck like the others, and come again after it."""
        self._system, self._random, self._restarted, self._second = system, random, restarted, second
        self.kills: Counter[str] = Counter()
        self.pauses: Counter[str] = Counter()
        self.deletions: Counter[str] = Counter()
        self._struck: dict[str, float] = {}

    async def run(self, seconds: float, wholes: int) -> None:
        """Strike for so long; as many times in between everything dies at once, as if the machine had lost power.

        The time that takes is not counted in.
        """
        for part in range(wholes + 1):
            if part:
                await self.kill_all()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds / (wholes + 1)):
                    await self._run()

    async def kill_all(self) -> None:
        """Comes back when all runs again: as long as a system takes to start."""
        self.kills["everything"] += 1
        process, parts = self._system.process, self._system.state.parts
        assert process
        process.kill()
        for part in parts.values():
            if part.pid:
                _send(part.pid, signal.SIGKILL)
        if self._second:
            await self._second.kill()
        await asyncio.to_thread(process.wait)
        self._struck.clear()
        self._system.launch()
        await asyncio.to_thread(self._system.until_log)
        await self._restarted()
        if self._second:
            # before the system is ready: what they have written it may not be able to read alone
            self._second.start(self._system)
        await asyncio.to_thread(self._system.until_ready)

    def _pids(self) -> dict[str, int]:
        """Program → process, of all that run."""
        first = {name: part.pid for name, part in self._system.state.parts.items() if part.pid}
        return first | (self._second.pids if self._second else {})

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(0.5, 3.0))
            pids = self._pids()
            rested = [name for name in pids if time.monotonic() - self._struck.get(name, 0) > REST]
            if rested:
                name = self._random.choices(rested, [WEIGHT.get(name.removesuffix(SUFFIX), 1) for name in rested])[0]
                self._struck[name] = time.monotonic()
                await self._strike(name, pids[name])

    async def _strike(self, name: str, pid: int) -> None:
        match self._random.random():
            case chance if chance < 0.15:
                self.pauses[name] += 1
                await self._pause(pid, self._random.uniform(0.5, 3))
            case chance if chance < 0.25 and name in VIEWS:
                self.deletions[name] += 1
                self._delete_views(name)
            case _:
                self.kills[name] += 1
                _send(pid, signal.SIGKILL)

    async def _pause(self, pid: int, seconds: float) -> None:
        """As if the machine had stood still: the program is there, holds its connections and says nothing."""
        _send(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            _send(pid, signal.SIGCONT)

    def _delete_views(self, name: str) -> None:
        for file in (self._system.data / "views").glob(f"{name.replace('-', '_')}_v*"):
            file.unlink(missing_ok=True)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it was just dying of something else
        os.kill(pid, number)
