"""Views as they stood at a position of the log or a moment: the same folds, as far as that.

A few such views are kept, so that the next one asked for goes on from the nearest that is earlier.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path

from nats.aio.client import Client as Nats
from sqlalchemy.engine import Engine

from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.views.check import fold, open_or_begin_again
from canlian_chassis.views.databases import Databases, Views
from canlian_chassis.views.store import ViewStore
from canlian_events.calendar import SHANGHAI

KEPT = 8
"""How many are kept on disk: those asked for last."""
WAITING = 4
"""How many may be waiting to be folded; they are folded one at a time, so that the part has time for its work."""

Progress = Callable[[int, int], None]


class TooMany(Exception):
    """So many views are being folded that another has to wait for them."""


def end_of(day: date) -> datetime:
    """The midnight in Shanghai that ends the day."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


async def position_before(log: Log, moment: datetime) -> int:
    """The last position recorded before a moment, by the server's clock; 0 where the log begins later."""
    first = await log.first_since(moment)
    return first.position - 1 if first else await log.last_position()


async def fold_in(
    folder: Path,
    views: Views,
    nc: Nats,
    position: int,
    keys: Keys | None = None,
    progress: Progress = lambda _, __: None,
) -> Path:
    """The SQLite file, in the folder, of the views as they stood at a position. Folded again where it is not whole, or
    of a log that this one was put in the place of.

    Personal values stay sealed unless keys are given. The log must have reached the position.
    """
    databases = Databases(Settings(data=folder, views_url=None), views.name)
    name = views.database(position)
    file = databases.file(name)
    assert file is not None
    store = ViewStore(views, databases, name, keys)
    try:
        if not await open_or_begin_again(store, nc):
            await fold(store, nc, position, progress)
            await asyncio.to_thread(store.complete)
    finally:
        store.close()
    return file


class Snapshots:
    """The views of one part as they stood at the positions asked for last, in `data/views/as-of`."""

    def __init__(self, views: Views, settings: Settings) -> None:
        self._views = views
        self._folder = settings.data / "views" / "as-of"
        self._databases = Databases(Settings(data=self._folder, views_url=None), views.name)
        self._folding: dict[int, asyncio.Task[None]] = {}
        self._one = asyncio.Lock()

    async def at(self, nc: Nats, position: int, patience: float) -> Engine | None:
        """To read from; None where it takes longer than `patience` seconds: then it is ready some time later.

        Dispose of it afterwards. Raises TooMany.
        """
        task = self._folding.get(position)
        if task is None:
            if len(self._folding) >= WAITING:
                raise TooMany
            task = asyncio.create_task(self._fold(nc, position), name=f"as-of-{position}")
            self._folding[position] = task
            task.add_done_callback(lambda _: self._folding.pop(position))
        await asyncio.wait([task], timeout=patience)
        if not task.done():
            return None
        task.result()
        return self._databases.engine(self._views.database(position))

    async def stop(self) -> None:
        """What is half folded goes on from there when it is asked for again."""
        for task in list(self._folding.values()):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _fold(self, nc: Nats, position: int) -> None:
        async with self._one:
            await self._begin(Log(nc), position)
            file = await fold_in(self._folder, self._views, nc, position)
            await asyncio.to_thread(self._tidy, file)

    async def _begin(self, log: Log, position: int) -> None:
        """From the nearest that is earlier, where there is one of this log."""
        file = self._file(position)
        for found in reversed(await asyncio.to_thread(self._databases.all)):
            if file.exists() or not found.complete or found.name != self._views.database(found.position):
                continue
            if found.position < position and await log.holds(found.place):
                await asyncio.to_thread(_copy, self._file(found.position), file)

    def _tidy(self, used: Path) -> None:
        """Drop those asked for longest ago, and those of other versions."""
        os.utime(used)
        mine = [found.name for found in self._databases.all() if found.complete]
        current = [name for name in mine if name == self._views.database(name.generation)]
        oldest = sorted(current, key=lambda name: self._file(name.generation).stat().st_mtime)
        for name in {*mine} - {*current} | {*oldest[: max(0, len(current) - KEPT)]}:
            self._databases.drop(name)

    def _file(self, position: int) -> Path:
        file = self._databases.file(self._views.database(position))
        assert file is not None
        return file


def _copy(source: Path, file: Path) -> None:
    """Unless another process was faster."""
    new = file.with_suffix(f".{os.getpid()}")
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as whole, closing(sqlite3.connect(new)) as copy:
        whole.backup(copy)
        copy.execute("UPDATE checkpoint SET complete = 0")
        copy.commit()
    with suppress(FileExistsError):
        os.link(new, file)
    new.unlink()
