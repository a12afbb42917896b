"""Whether a part's views are what the log says: the log is folded afresh beside, and every row compared."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nats.aio.client import Client as Nats
from sqlalchemy import Table, collate, select
from sqlalchemy.engine import Connection

from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import Log, LogPutBack
from canlian_chassis.log.replay import stretches
from canlian_chassis.settings import Settings
from canlian_chassis.views.databases import CHECKPOINT, SKIPPED, DatabaseName, Databases, Views
from canlian_chassis.views.follower import cut
from canlian_chassis.views.runner import choose
from canlian_chassis.views.store import ViewStore

EXAMPLES = 5

Rows = Iterator[tuple[tuple[Any, ...], dict[str, Any]]]
"""Primary key and columns, by primary key."""


class NoViews(Exception):
    """The part has never run, or its views were deleted."""


@dataclass
class TableCheck:
    """`different` rows have the same key in both; `missing` are only in the fresh fold, `extra` only in the view."""

    name: str
    rows: int = 0
    different: int = 0
    missing: int = 0
    extra: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not (self.different or self.missing or self.extra)


@dataclass(frozen=True)
class Check:
    """The database that was read, and the position up to which the log was folded."""

    database: DatabaseName
    position: int
    tables: list[TableCheck]

    @property
    def equal(self) -> bool:
        return all(table.equal for table in self.tables)


async def check(
    views: Views, settings: Settings, nc: Nats, progress: Callable[[int, int], None] = lambda _reached, _of: None
) -> Check:
    """Compare what pages read with a fresh fold up to the same position. Raises NoViews, or LogPutBack.

    The view may be at work meanwhile: its rows are read in one transaction, and the fold goes exactly as far.
    """
    keys = await asyncio.to_thread(Keys.of, settings) if views.opens else None
    kept = await asyncio.to_thread(kept_store, views, settings, keys)
    try:
        place, _ = await asyncio.to_thread(kept.look)
        if not await Log(nc).holds(place):
            raise LogPutBack(place)
        with _fresh(views, settings, keys) as new:
            await fold(new, nc, place.position, progress)
            with kept.reading.connect() as db:
                position = db.scalars(select(CHECKPOINT.c.position)).one()
                await fold(new, nc, position, progress)
                tables = await asyncio.to_thread(_compare_all, views, db, new)
    finally:
        kept.close()
    return Check(kept.name, position, tables)


def kept_store(views: Views, settings: Settings, keys: Keys | None = None) -> ViewStore:
    """The store that pages read. Raises NoViews."""
    databases = Databases(settings, views.name)
    found = databases.all()
    name, _ = choose(views.database(), found, starting=False)
    if name not in [database.name for database in found]:
        raise NoViews
    return ViewStore(views, databases, name, keys)


async def fold(
    store: ViewStore, nc: Nats, until: int, progress: Callable[[int, int], None] = lambda _reached, _of: None
) -> None:
    """Fold the log into a store up to a position, which the log must have reached. Raises LogPutBack."""
    place, _ = await asyncio.to_thread(store.look)
    if place.position >= until:
        return
    async for stretch in stretches(nc, place, store.types):
        some = await cut(stretch, until, Log(nc)) if stretch.position > until else stretch
        place = await asyncio.to_thread(store.apply, some)
        progress(place.position, until)
        if place.position >= until:
            return


async def open_or_begin_again(store: ViewStore, nc: Nats) -> bool:
    """Open it, empty where what it held is of another log; whether it is complete."""
    place, complete = await asyncio.to_thread(store.open)
    if not await Log(nc).holds(place):
        await asyncio.to_thread(store.drop)
        place, complete = await asyncio.to_thread(store.open)
    return complete


@contextmanager
def _fresh(views: Views, settings: Settings, keys: Keys | None) -> Iterator[ViewStore]:
    """A store of the same kind, of another name so that no part takes it for its own; gone after the block."""
    with tempfile.TemporaryDirectory(prefix="canlian-verify-") as folder:
        elsewhere = settings.model_copy(update={"data": Path(folder)})
        databases = Databases(elsewhere, f"verify-{os.getpid()}-{views.name}")
        store = ViewStore(views, databases, replace(views.database(), slug=databases.slug), keys)
        try:
            store.open()
            yield store
        finally:
            store.drop()
            databases.close()


def _compare_all(views: Views, kept: Connection, fresh: ViewStore) -> list[TableCheck]:
    tables = [*views.rows.metadata.sorted_tables, SKIPPED]
    with fresh.engine.connect() as new:
        return [_compare(table, _rows(kept, table), _rows(new, table)) for table in tables]


def _rows(db: Connection, table: Table) -> Rows:
    # bytewise in both kinds of database, whatever the server's language
    binary = "C" if db.dialect.name == "postgresql" else "BINARY"
    order = [collate(c, binary) if c.type.python_type is str else c for c in table.primary_key]
    names = [c.name for c in table.primary_key]
    for row in db.execution_options(yield_per=1000).execute(select(table).order_by(*order)).mappings():
        yield tuple(row[name] for name in names), dict(row)


def _compare(table: Table, kept: Rows, fresh: Rows) -> TableCheck:
    found = TableCheck(table.name)
    ours, theirs = next(kept, None), next(fresh, None)
    while ours or theirs:
        if theirs is None or (ours and _before(ours, theirs)):
            found.extra += 1
            _note(found, f"{_key(ours)}: only in the view")
            ours = next(kept, None)
        elif ours is None or _before(theirs, ours):
            found.missing += 1
            _note(found, f"{_key(theirs)}: not in the view")
            theirs = next(fresh, None)
        else:
            found.rows += 1
            if unlike := [name for name, value in ours[1].items() if value != theirs[1][name]]:
                found.different += 1
                _note(found, f"{_key(ours)}: {', '.join(unlike)}")
            ours, theirs = next(kept, None), next(fresh, None)
    return found


def _before(one: tuple[tuple[Any, ...], Any], other: tuple[tuple[Any, ...], Any]) -> bool:
    return bool(one[0] < other[0])


def _key(row: Any) -> str:
    return "/".join(map(str, row[0]))


def _note(found: TableCheck, example: str) -> None:
    if len(found.examples) < EXAMPLES:
        found.examples.append(example)
