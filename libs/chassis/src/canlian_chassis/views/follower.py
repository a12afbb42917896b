"""Keeps one database of views level with the log, for as long as the database is there."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import structlog
from nats.aio.client import Client as Nats
from sqlalchemy.exc import DatabaseError

from canlian_chassis import tasks
from canlian_chassis.log.following import Stretch
from canlian_chassis.log.jetstream import Conflict, Log, LogPutBack, Place
from canlian_chassis.log.replay import stretches
from canlian_chassis.views.databases import is_torn
from canlian_chassis.views.store import NotReadable, ViewStore

log = structlog.get_logger()
ASK_EVERY = 0.9
"""Seconds between two questions for the log's end; the log is silent for a second before that is told."""
FRESH = 5.0
"""For so many seconds an answer counts; the next is then overdue."""


class Follower:
    """`place` is how far the log is in the database, `behind` how many messages it lacks; `complete` is whether it held
    the whole log once. `gone` is for ever: the database was deleted. Calls `moved` after each change.

    `waits_for` is the event at which it stands, because only a newer release can read it.
    """

    def __init__(self, store: ViewStore, moved: Callable[[], None], replicas: int = 1) -> None:
        self.store, self._moved, self._replicas = store, moved, replicas
        self.place = Place()
        self.behind = 0
        self.complete = self.gone = False
        self.waits_for: str | None = None
        self.readers = 0
        self._end: Place | None = None
        self._asked = -FRESH
        self._task: asyncio.Task[None] | None = None

    async def start(self, nc: Nats) -> None:
        """Returns once the database is there; the rest goes on beside. Raises DatabaseError where it can't be made."""
        self.place, self.complete = await asyncio.to_thread(self.store.open)
        self._task = asyncio.create_task(self._run(nc), name=f"follow-{self.store.name}")

    async def stop(self) -> None:
        await tasks.stop(self._task)

    @property
    def position(self) -> int:
        return self.place.position

    @property
    def level(self) -> bool:
        """Whether it has reached the end that the log's leader told a moment ago. Silence is no end."""
        fresh = time.monotonic() - self._asked < FRESH
        return fresh and self._end is not None and self.position >= self._end.position

    @property
    def state(self) -> dict[str, Any]:
        """For health and pages."""
        name = self.store.name
        return {
            "version": name.version,
            "extent": name.extent,
            "generation": name.generation,
            "position": self.position,
            "behind": self.behind,
            "level": self.level,
            "waits_for": self.waits_for,
        }

    async def _run(self, nc: Nats) -> None:
        log_ = Log(nc)
        while not self.gone:
            try:
                await log_.ensure(self._replicas)
                if self.store.of_newer_release or self.waits_for:
                    await self._look_on(log_)
                elif self.complete:
                    await self._follow(nc)
                else:
                    await self._fill(nc)
            except LogPutBack:
                log.error("view.log_put_back", database=str(self.store.name), position=self.position)
                await self._take_away()
            except DatabaseError as error:
                log.warning("view.database_unavailable", database=str(self.store.name), error=repr(error)[:200])
                if is_torn(error):
                    await self._take_away()
                await self._pause()
            except Exception:
                log.exception("view.failed", database=str(self.store.name))
                await self._pause()

    async def _take_away(self) -> None:
        """Unless another process did, and what is there is new."""
        if not await self.notice_gone():
            await asyncio.to_thread(self.store.drop)
            await self.notice_gone()

    async def _pause(self) -> None:
        await asyncio.sleep(0.5)
        try:
            if not await self.notice_gone():
                self.place, self.complete = await asyncio.to_thread(self.store.open)
        except DatabaseError as error:
            log.warning("view.database_unavailable", database=str(self.store.name), error=repr(error)[:200])

    async def _fill(self, nc: Nats) -> None:
        """Until it is complete. One process does it; the others look on, and take over where that one ends."""
        with contextlib.ExitStack() as held:
            if await asyncio.to_thread(held.enter_context, self.store.alone()):
                await self._follow(nc)
                return
        await asyncio.sleep(0.5)
        if not await self.notice_gone():
            place, self.complete = await asyncio.to_thread(self.store.open)
            await self._settle(Log(nc), place)

    async def _look_on(self, log_: Log) -> None:
        """A newer release folds it: our folds would spoil it, or can't go on. Where it has gone past that, we do."""
        while not await self.notice_gone():
            place, self.complete = await asyncio.to_thread(self.store.look)
            if place.position > self.position:
                self.waits_for = None
            await self._settle(log_, place)
            if not (self.store.of_newer_release or self.waits_for):
                return
            await asyncio.sleep(0.2)

    async def _follow(self, nc: Nats) -> None:
        filling, log_ = not self.complete, Log(nc)
        async for stretch in stretches(nc, self.place, self.store.types):
            place = self.place
            if stretch.position > self.position:
                place = await self._apply(log_, stretch)
            await self._settle(log_, place, stretch.pending or 0)
            if self.waits_for or (filling and self.complete):
                return

    async def _apply(self, log_: Log, stretch: Stretch) -> Place:
        try:
            return await asyncio.to_thread(self.store.apply, stretch)
        except NotReadable as event:
            self.waits_for = f"{event.type} version {event.version}"
            name = str(self.store.name)
            log.error("view.waits_for_newer_release", database=name, at=event.position, unread=self.waits_for)
            return await asyncio.to_thread(self.store.apply, await cut(stretch, event.position - 1, log_))

    async def _settle(self, log_: Log, place: Place, pending: int = 0) -> None:
        """Note how far it is. Raises LogPutBack."""
        self.place, self.behind = place, pending
        if self.complete:
            self._moved()  # at once: somebody waits for what they have sent
        if time.monotonic() - self._asked > ASK_EVERY:
            await self._ask(log_)
        if self._end:
            self.behind = max(0, self._end.position - place.position)
        if self.level and not self.complete:
            await asyncio.to_thread(self.store.complete)
            self.complete = True
        self._moved()

    async def _ask(self, log_: Log) -> None:
        """Where the log ends, and whether it is still the one that is folded in. No answer says neither."""
        try:
            end = await log_.end()
            if end != self.place and not await log_.holds(self.place):
                raise LogPutBack(self.place)
            self._end = end
        except Conflict:
            self._end = None
        finally:
            self._asked = time.monotonic()

    async def notice_gone(self) -> bool:
        """Whether somebody deleted the database."""
        if not self.gone and await asyncio.to_thread(self.store.is_gone):
            log.warning("view.database_deleted", database=str(self.store.name))
            self.gone = True
            self._moved()
        return self.gone


async def cut(stretch: Stretch, until: int, log_: Log) -> Stretch:
    """As much of it as lies up to a position."""
    found, _ = await log_.page(">", until - 1, 1) if until else ([], False)
    entries = [entry for entry in stretch.entries if entry.position <= until]
    return stretch._replace(entries=entries, place=found[0].place if found else Place())
