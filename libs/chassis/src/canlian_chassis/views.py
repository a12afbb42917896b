"""Runs projections: follows the log, folds batches into a database, keeps the checkpoint in the same transaction.

A tool's views are one disposable database named by version: a SQLite file or a Postgres schema. What is lost is folded
again from the log.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from nats.aio.client import Client as Nats
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    create_engine,
    delete,
    event,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from canlian_chassis import tasks
from canlian_chassis.following import follow, read_entry
from canlian_chassis.keys import Keys
from canlian_chassis.log import Entry, Log
from canlian_chassis.projection import Key, Projection
from canlian_chassis.row import Row
from canlian_chassis.settings import Settings
from canlian_events import subjects
from canlian_events.core import Event, UnknownEvent
from canlian_events.meta import Meta

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")

_OWN = MetaData()
_CHECKPOINT = Table(
    "checkpoint", _OWN, Column("id", Integer, primary_key=True), Column("position", BigInteger, nullable=False)
)
_SKIPPED = Table(
    "skipped_event",
    _OWN,
    Column("position", BigInteger, primary_key=True),
    Column("projection", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("error", String, nullable=False),
)
"""Events a projection could not fold: kept apart, so that one bad event does not hold up the rest."""


@dataclass(frozen=True, slots=True)
class Views:
    """One tool's views. Raise `version` when a fold changes; a changed column changes the name by itself.

    With `opens` the folds see personal values in the open, as far as this machine holds the keys.
    """

    name: str
    version: int
    rows: type[Row]
    projections: Sequence[Projection]
    opens: bool = False

    @property
    def database(self) -> str:
        """The name of the database that holds this version: a file name and a schema name."""
        shape = [
            f"{table.name}.{column.name}:{column.type}:{column.primary_key}"
            for table in self.rows.metadata.sorted_tables
            for column in table.columns
        ]
        fingerprint = hashlib.sha256("\n".join(shape).encode()).hexdigest()[:8]
        return f"{re.sub('[^a-z0-9]', '_', self.name)}_v{self.version}_{fingerprint}"

    @property
    def types(self) -> dict[str, list[Projection]]:
        """Event type → the projections that see it."""
        found: dict[str, list[Projection]] = {}
        for projection in self.projections:
            for kind in projection.on:
                found.setdefault(kind.type, []).append(projection)
        return found


class ViewStore:
    """The database of one version of one tool's views. Its methods block; run them in a thread."""

    def __init__(self, views: Views, settings: Settings, keys: Keys | None = None) -> None:
        self.views, self._keys = views, keys
        self._types = views.types
        url = settings.store_url("views", views.database)
        self._file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
        self.engine = _sqlite_engine(url) if self._file else _postgres_engine(url, views.database)
        self._inode: int | None = None

    def open(self) -> int:
        """Create what is missing and return the checkpoint: the position up to which everything is folded in."""
        if self._file is None:
            with self.engine.begin() as db:
                db.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self.views.database}"'))
        with self.engine.begin() as db:
            self.views.rows.metadata.create_all(db)
            _OWN.create_all(db)
        if self._file:
            self._inode = self._file.stat().st_ino
        with self.engine.connect() as db:
            return db.scalar(select(_CHECKPOINT.c.position)) or 0

    def reset(self) -> int:
        """Start again after the database was taken away."""
        self.engine.dispose()
        if self._file:
            for leftover in self._file.parent.glob(f"{self._file.name}*"):
                leftover.unlink(missing_ok=True)
        return self.open()

    @property
    def gone(self) -> bool:
        """Whether somebody deleted the file, or dropped the schema, under us."""
        if self._file is None:
            with self.engine.connect() as db:
                found = db.scalar(text("SELECT to_regclass(:name)"), {"name": f"{self.views.database}.checkpoint"})
            return found is None
        try:
            return self._file.stat().st_ino != self._inode
        except FileNotFoundError:
            return True

    def apply(self, batch: Sequence[Entry]) -> int:
        """Fold a batch in; returns the new checkpoint. Entries at or below the checkpoint are skipped."""
        with self.engine.begin() as db:
            checkpoint = db.scalar(select(_CHECKPOINT.c.position).with_for_update()) or 0
            new = [entry for entry in batch if entry.position > checkpoint]
            if not new:
                return checkpoint
            events = list(self._decode(db, new))
            for table_rows in _by_table(self.views.projections):
                self._fold(db, table_rows, events)
            self._upsert(db, _CHECKPOINT, [{"id": 1, "position": new[-1].position}], ["id"])
        return new[-1].position

    def _decode(self, db: Connection, entries: Iterable[Entry]) -> Iterable[tuple[Event, Meta]]:
        wanted = [entry for entry in entries if entry.headers.get("ce-type") in self._types]
        decoded: list[tuple[Event, Meta]] = []
        for entry in wanted:
            try:
                decoded.append(read_entry(entry))
            except (UnknownEvent, ValueError, KeyError) as error:
                self._skip(db, entry.position, "*", entry.headers.get("ce-type", "?"), error)
        if self.views.opens and self._keys:
            self._keys.load(subject for e, _ in decoded if (subject := e.data_subject))
            decoded = [(self._keys.open(e, meta.id), meta) for e, meta in decoded]
        return decoded

    def _fold(self, db: Connection, projections: list[Projection], events: list[tuple[Event, Meta]]) -> None:
        """Fold the events into one table: read the rows they touch, fold in memory, write what changed."""
        steps = [
            (key, projection, event_, meta)
            for event_, meta in events
            for projection in projections
            if type(event_) in projection.on and (key := projection.row_key(event_, meta)) is not None
        ]
        if not steps:
            return
        row = projections[0].row
        before = self._select(db, row, list(dict.fromkeys(key for key, *_ in steps)))
        after: dict[Key, Row | None] = dict(before)
        for key, projection, event_, meta in steps:
            try:
                after[key] = projection.fold(after.get(key), event_, meta)
            except Exception as error:
                self._skip(db, meta.position, projection.name, event_.type, error)
        table = _table(row)
        columns = table.columns.keys()
        written = [
            {c: getattr(r, c) for c in columns}
            for key, r in after.items()
            if r is not None and r is not before.get(key)
        ]
        self._upsert(db, table, written, [c.name for c in table.primary_key])
        self._delete(db, table, [key for key, r in after.items() if r is None and key in before])

    def _select(self, db: Connection, row: type[Row], keys: list[Key]) -> dict[Key, Row]:
        table = _table(row)
        primary = list(table.primary_key)
        found: dict[Key, Row] = {}
        for start in range(0, len(keys), 400):
            some = keys[start : start + 400]
            where = primary[0].in_(some) if len(primary) == 1 else tuple_(*primary).in_(some)
            for record in db.execute(select(table).where(where)).mappings():
                key = tuple(record[c.name] for c in primary)
                found[key[0] if len(primary) == 1 else key] = row(**record)
        return found

    def _upsert(self, db: Connection, table: Table, rows: list[dict[str, Any]], primary: list[str]) -> None:
        if not rows:
            return
        dialect: Any = sqlite if self._file else postgresql
        statement = dialect.insert(table)
        changes = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in primary}
        if changes:
            statement = statement.on_conflict_do_update(index_elements=primary, set_=changes)
        else:
            statement = statement.on_conflict_do_nothing()
        db.execute(statement, rows)

    def _delete(self, db: Connection, table: Table, keys: list[Key]) -> None:
        primary = list(table.primary_key)
        for key in keys:
            parts = key if isinstance(key, tuple) else (key,)
            db.execute(delete(table).where(and_(*(c == part for c, part in zip(primary, parts, strict=True)))))

    def _skip(self, db: Connection, position: int, projection: str, type_: str, error: Exception) -> None:
        log.error("view.skipped_event", view=self.views.name, position=position, type=type_, error=repr(error)[:300])
        row = {"position": position, "projection": projection, "type": type_, "error": type(error).__name__}
        self._upsert(db, _SKIPPED, [row], ["position", "projection"])

    def skipped(self) -> int:
        """How many events could not be folded."""
        with self.engine.connect() as db:
            return len(db.execute(select(_SKIPPED.c.position)).all())


class ViewRunner:
    """Keeps one tool's views level with the log, and lets pages read them."""

    def __init__(self, views: Views, settings: Settings, keys: Keys | None = None) -> None:
        self.views = views
        self.store = ViewStore(views, settings, keys or (Keys.of(settings) if views.opens else None))
        self._replicas = settings.replicas
        self.position = 0
        self.behind = 0
        self.level = False
        self._moved = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def start(self, nc: Nats) -> None:
        """Begin to follow the log; returns at once. Pages may read what is there."""
        self.position = await asyncio.to_thread(self.store.open)
        self._task = asyncio.create_task(self._run(nc), name=f"views-{self.views.name}")

    async def stop(self) -> None:
        await tasks.stop(self._task)
        self.store.engine.dispose()

    async def read(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `query(session, …)`, run in a thread; rows stay readable after it."""

        def run() -> T:
            with Session(self.store.engine, expire_on_commit=False) as session:
                return query(session, *args, **kwargs)

        return await asyncio.to_thread(run)

    async def reached(self, position: int, timeout: float = 2.0) -> bool:
        """Wait, bounded, until everything up to `position` is in the view."""
        if self.position >= position:
            return True
        try:
            async with asyncio.timeout(timeout), self._moved:
                await self._moved.wait_for(lambda: self.position >= position)
        except TimeoutError:
            return False
        return True

    async def _run(self, nc: Nats) -> None:
        while True:
            try:
                await self._follow(nc)
            except DatabaseError as error:
                log.warning("view.rebuilding", view=self.views.name, error=repr(error)[:200])
                await asyncio.sleep(0.5)
                try:
                    self.position = await asyncio.to_thread(self.store.open)
                except DatabaseError as again:
                    log.warning("view.database_unavailable", view=self.views.name, error=repr(again)[:200])
            except Exception:
                log.exception("view.failed", view=self.views.name)
                await asyncio.sleep(1)

    async def _follow(self, nc: Nats) -> None:
        checked = 0.0
        await Log(nc).ensure(self._replicas)
        # everything, claims too: so that the view's position can be compared with any position of the log
        async for batch in follow(nc, self.position, [subjects.EVENTS, subjects.CLAIMS]):
            if time.monotonic() - checked > 1:
                checked = time.monotonic()
                if await asyncio.to_thread(lambda: self.store.gone):
                    log.warning("view.database_deleted", view=self.views.name)
                    await self._move(await asyncio.to_thread(self.store.reset), behind=1)
                    return
            if batch:
                position = await asyncio.to_thread(self.store.apply, batch)
                await self._move(position, batch[-1].pending)
            elif not self.level or self.behind:
                await self._move(self.position, 0)

    async def _move(self, position: int, behind: int) -> None:
        async with self._moved:
            self.position, self.behind = position, behind
            self.level = behind == 0
            self._moved.notify_all()


def _by_table(projections: Sequence[Projection]) -> list[list[Projection]]:
    """Projections that write the same table, together: their events are folded in one order."""
    groups: dict[type[Row], list[Projection]] = {}
    for projection in projections:
        groups.setdefault(projection.row, []).append(projection)
    return list(groups.values())


def _table(row: type[Row]) -> Table:
    table: Table = row.__table__  # type: ignore[attr-defined]
    return table


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def tune(connection: Any, _: Any) -> None:
        # readers don't wait for the writer; a crash may lose the last moments, which are folded again from the log
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    return engine


def _postgres_engine(url: str, schema: str) -> Engine:
    return create_engine(url, execution_options={"schema_translate_map": {None: schema}}, pool_pre_ping=True)
