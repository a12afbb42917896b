"""Appends what several commands came to at one moment as one batch: for the disk that is as long as one event."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from canlian_chassis.log.jetstream import Conflict, Log, NewEntry, NoAnswer

_AT_ONCE = 2
"""Batches under way; what comes meanwhile is the next one."""
_LARGEST = 250
"""Messages in one batch: a few milliseconds' worth."""


class _Waiting(NamedTuple):
    entries: Sequence[NewEntry]
    stored: asyncio.Future[list[int]]

    @property
    def writes(self) -> set[str]:
        return {entry.expects[0] for entry in self.entries if entry.expects and not entry.guards}

    @property
    def guards(self) -> set[str]:
        return {entry.expects[0] for entry in self.entries if entry.expects and entry.guards}


class Appending:
    """Each caller's entries are stored whole or not at all, as by `Log.append`, and nobody's refusal is another's."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._waiting: list[_Waiting] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def append(self, entries: Sequence[NewEntry]) -> list[int]:
        """The positions, in order. Raises Conflict or AlreadyStored."""
        waiting = _Waiting(entries, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._begin()
        return await waiting.stored

    def _begin(self) -> None:
        while self._waiting and len(self._under_way) < _AT_ONCE:
            task = asyncio.create_task(self._store(self._next()))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._begin()

    def _next(self) -> list[_Waiting]:
        """The first that waits, and whoever fits with it: who writes what another writes or has read does not."""
        together: list[_Waiting] = []
        left: list[_Waiting] = []
        size, written, guarded = 0, set[str](), set[str]()
        for waiting in self._waiting:
            writes, guards = waiting.writes, waiting.guards
            fits = size + len(waiting.entries) <= _LARGEST
            if (fits and written.isdisjoint(writes | guards) and guarded.isdisjoint(writes)) or not together:
                together.append(waiting)
                size += len(waiting.entries)
                written |= writes
                guarded |= guards
            else:
                left.append(waiting)
        self._waiting = left
        return together

    async def _store(self, together: Sequence[_Waiting]) -> None:
        try:
            positions = iter(await self._log.append([entry for waiting in together for entry in waiting.entries]))
        except Conflict as conflict:
            if isinstance(conflict, NoAnswer) or len(together) == 1:
                _tell(together, conflict)
                return
            # It is one of them. One half after the other: a cluster refuses two at once who rest on the same.
            half = len(together) // 2
            await self._store(together[:half])
            await self._store(together[half:])
        except Exception as error:
            _tell(together, error)
        else:
            for waiting in together:
                own = [next(positions) for _ in waiting.entries]
                if not waiting.stored.done():
                    waiting.stored.set_result(own)


def _tell(together: Sequence[_Waiting], error: Exception) -> None:
    for waiting in together:
        if not waiting.stored.done():
            waiting.stored.set_exception(error)
