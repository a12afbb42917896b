"""Seeing in the log what follows from what was done: policies answer events, and take a moment for it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from nats.aio.client import Client as Nats

from canlian_chassis.log.following import follow, read_entry
from canlian_events.core import Event, UnknownEvent
from canlian_events.meta import Recorded

SECONDS = 15.0


class NotSeen(Exception):
    """What should have happened did not, within the time given."""


class Witness:
    """Follows the log from a position on for as long as the `async with` block lasts, and remembers every event."""

    def __init__(self, nc: Nats, after: int) -> None:
        self._nc, self._after = nc, after
        self._seen: list[Recorded[Event]] = []
        self._more = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sees(
        self, what: str, holds: Callable[[Event, Recorded[Event]], Any], seconds: float = SECONDS
    ) -> Recorded[Any]:
        """The first event for which `holds(event, recorded)`, past ones included. Raises NotSeen, naming `what`."""
        looked_at = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._more:
                while True:
                    for recorded in self._seen[looked_at:]:
                        if holds(recorded.event, recorded):
                            return recorded
                    looked_at = len(self._seen)
                    await self._more.wait()
        raise NotSeen(what)

    def event(self, id: str | None) -> Recorded[Event] | None:
        """The event of this id, if it was seen."""
        return next((recorded for recorded in self._seen if recorded.meta.id == id), None)

    async def _follow(self) -> None:
        async for batch in follow(self._nc, self._after):
            new = []
            for entry in batch:
                with suppress(UnknownEvent, ValueError):
                    event, meta = read_entry(entry)
                    new.append(Recorded(event, meta))
            if new:
                async with self._more:
                    self._seen += new
                    self._more.notify_all()
