"""Keeps one database of views level with the log, for as long as the database is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from nats.aio.client import Client as Nats
from sqlalchemy.exc import DatabaseError

from canlian_chassis import tasks
from canlian_chassis.log.jetstream import Log, Place
from canlian_chassis.log.replay import stretches
from canlian_chassis.views.databases import is_torn
from canlian_chassis.views.store import ViewStore

log = structlog.get_logger()


class Follower:
    """`position` is what the database holds, `behind` how many messages of the log it lacks; `level` is behind none.

    `complete` is whether it held the whole log once. `gone` is for ever: the database was deleted. Calls `moved` after
    each change.
    """

    def __init__(self, store: ViewStore, moved: Callable[[], None], replicas: int = 1) -> None:
        self.store, self._moved, self._replicas = store, moved, replicas
        self.position = 0
        self.behind = 0
        self.level = self.complete = self.gone = False
        self.readers = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self, nc: Nats) -> None:
        """Returns once the database is there; the rest goes on beside. Raises DatabaseError where it can't be made."""
        self.position, self.complete = await asyncio.to_thread(self.store.open)
        self._task = asyncio.create_task(self._run(nc), name=f"follow-{self.store.name}")

    async def stop(self) -> None:
        await tasks.stop(self._task)

    @property
    def state(self) -> dict[str, Any]:
        """For health and pages."""
        name = self.store.name
        return {
            "version": name.version,
            "generation": name.generation,
            "position": self.position,
            "behind": self.behind,
            "level": self.level,
        }

    async def _run(self, nc: Nats) -> None:
        while not self.gone:
            try:
                await Log(nc).ensure(self._replicas)
                if await self._is_ahead(Log(nc)):
                    log.error("view.ahead_of_the_log", database=str(self.store.name), position=self.position)
                    await self._take_away()
                elif self.store.of_newer_release:
                    await self._look_on()
                elif self.complete:
                    await self._follow(nc)
                else:
                    await self._fill(nc)
            except DatabaseError as error:
                log.warning("view.database_unavailable", database=str(self.store.name), error=repr(error)[:200])
                if is_torn(error):
                    await self._take_away()
                await self._pause()
            except Exception:
                log.exception("view.failed", database=str(self.store.name))
                await self._pause()

    async def _is_ahead(self, log_: Log) -> bool:
        """Whether the log is not the one that was folded in: an older backup was restored, say."""
        for _ in range(3):
            if self.position <= await log_.last_position():
                return False
            await asyncio.sleep(0.5)  # a new leader of a cluster may not know its last events yet
        return True

    async def _take_away(self) -> None:
        await asyncio.to_thread(self.store.drop)
        await self._notice_gone()

    async def _pause(self) -> None:
        await asyncio.sleep(0.5)
        try:
            if not await self._notice_gone():
                self.position, self.complete = await asyncio.to_thread(self.store.open)
        except DatabaseError as error:
            log.warning("view.database_unavailable", database=str(self.store.name), error=repr(error)[:200])

    async def _fill(self, nc: Nats) -> None:
        """Until it is complete. One process does it; the others look on, and take over where that one ends."""
        with self.store.alone() as alone:
            if alone:
                await self._follow(nc)
                return
        await asyncio.sleep(0.5)
        if not await self._notice_gone():
            self.position, self.complete = await asyncio.to_thread(self.store.open)
            self._moved()

    async def _look_on(self) -> None:
        """Those of a newer release keep it level by their own folds; ours would spoil it."""
        while not await self._notice_gone():
            self.position, self.complete = await asyncio.to_thread(self.store.look)
            await self._set(0)
            await asyncio.sleep(0.2)

    async def _follow(self, nc: Nats) -> None:
        filling, looked = not self.complete, time.monotonic()
        async for stretch in stretches(nc, Place(self.position), self.store.types):
            if time.monotonic() - looked > 1:
                looked = time.monotonic()
                if await self._notice_gone():
                    return
            if stretch.position > self.position:
                self.position = await asyncio.to_thread(self.store.apply, stretch)
            await self._set(stretch.pending or 0)
            if filling and self.complete:
                return

    async def _set(self, behind: int) -> None:
        self.behind, self.level = behind, behind == 0
        if self.level and not self.complete:
            await asyncio.to_thread(self.store.complete)
            self.complete = True
        self._moved()

    async def _notice_gone(self) -> bool:
        if await asyncio.to_thread(self.store.is_gone):
            log.warning("view.database_deleted", database=str(self.store.name))
            self.gone = True
            self._moved()
        return self.gone
