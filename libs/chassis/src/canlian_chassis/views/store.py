"""One database of a tool's views: batches of the log folded into it, the checkpoint in the same transaction."""

from __future__ import annotations

import contextlib
import fcntl
import gc
from collections.abc import Collection, Iterable, Iterator
from typing import IO, Any

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError

from canlian_chassis.keys.store import Keys
from canlian_chassis.log.following import Stretch, look_at_entry
from canlian_chassis.log.jetstream import Entry, LogPutBack, Place
from canlian_chassis.logs import describe
from canlian_chassis.projection import Key, Projection
from canlian_chassis.row import Row
from canlian_chassis.views.databases import (
    CHECKPOINT,
    ERASED_BEFORE,
    OWN,
    SKIPPED,
    DatabaseName,
    Databases,
    Views,
    is_torn,
)
from canlian_chassis.views.table import ViewTable
from canlian_events.core import EVENTS, Event, UnknownEvent
from canlian_events.meta import Meta

log = structlog.get_logger()

Step = tuple[Key, Projection, Event, Meta]


class Gap(Exception):
    """A stretch that does not follow on what is folded in: an older copy of the database was put in its place."""


class NotReadable(UnknownEvent):
    """Only a newer release can read the event at `position`; what comes before it can be folded in."""

    def __init__(self, type: str, version: int, position: int) -> None:
        super().__init__(type, version)
        self.position = position


class ViewStore:
    """Its methods block; run them in a thread. All of them raise DatabaseError once the database was dropped."""

    def __init__(self, views: Views, databases: Databases, name: DatabaseName, keys: Keys | None = None) -> None:
        self.views, self.name = views, name
        self._databases, self._keys = databases, keys
        self._opens = keys if views.opens else None
        self._erased_before: set[str] = set()
        self.holds_erased = self.is_mixed = False
        """Whether a person was erased after some of their values were folded in, or a newer release's folds were used
        too: only a fresh fold is without them."""
        self.engine = databases.engine(name)
        self._writing = self.engine.execution_options(writes=True)
        self._file = databases.file(name)
        snapshot = {} if self._file else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self.reading = self.engine.execution_options(**snapshot)
        """Here all that is read in one transaction is of one moment."""
        self._identity: object = None
        self._release = views.database().release
        schema = None if self._file else str(name)
        rows = list(dict.fromkeys(projection.row for projection in views.projections))
        self._tables = [ViewTable(row, schema, self.engine.dialect) for row in rows]
        self._seeing: dict[str, list[tuple[int, Projection]]] = {}
        for projection in views.projections:
            for kind in projection.on:
                self._seeing.setdefault(kind.type, []).append((rows.index(projection.row), projection))
        self._erasing = {kind.type for kind in EVENTS.values() if kind.erases}

    @property
    def of_newer_release(self) -> bool:
        return self.name.release > self._release

    @property
    def types(self) -> Collection[str]:
        """The types of the events that it looks at."""
        return self._seeing.keys() | self._erasing

    def open(self) -> tuple[Place, bool]:
        """Create what is missing; the checkpoint, up to which everything is folded in, and whether it is complete.

        What is damaged is taken away and begun again.
        """
        try:
            return self._open()
        except DatabaseError as error:
            if not is_torn(error):
                raise
            log.error("view.database_torn", database=str(self.name), error=repr(error.orig))
            self.drop()
            return self._open()

    def _open(self) -> tuple[Place, bool]:
        if self._file:
            self._file.touch()
        with self._writing.begin() as db:
            if not self._file:
                # several processes of a tool start at once
                db.execute(select(func.pg_advisory_xact_lock(func.hashtext(str(self.name)))))
                db.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self.name}"'))
            self.views.rows.metadata.create_all(db)
            OWN.create_all(db)
            if db.scalar(select(CHECKPOINT.c.position)) is None:
                self._begin(db)
        self._identity = self._identify()
        with self.engine.connect() as db:
            self._erased_before = set(db.scalars(select(ERASED_BEFORE.c.subject)))
            self.is_mixed = self.name.release == self._release and bool(db.scalar(select(CHECKPOINT.c.mixed)))
        place, complete = self.look()
        self._look_for_erased(place.position)
        return place, complete

    def _begin(self, db: Connection) -> None:
        """Rows without a checkpoint go: nobody knows what is folded into them."""
        for table in (*self.views.rows.metadata.sorted_tables, SKIPPED, ERASED_BEFORE):
            db.execute(table.delete())
        db.execute(CHECKPOINT.insert().values(id=1, position=0, recorded_ns=0, complete=False, mixed=False))
        if self._opens:
            for tombstone in self._opens.erased():
                db.execute(ERASED_BEFORE.insert().values(subject=tombstone.subject))

    def _look_for_erased(self, position: int) -> None:
        """Also those whom another process erased, or this one just before it ended."""
        for tombstone in self._opens.erased() if self._opens else ():
            if tombstone.position <= position:
                self._erase(tombstone.subject)

    def _erase(self, subject: str) -> None:
        # a view that opens nothing never held anything that was sealed
        self.holds_erased |= bool(self._opens) and subject not in self._erased_before

    def is_gone(self) -> bool:
        """Whether somebody deleted the file, or dropped the schema, under us."""
        return self._identify() != self._identity

    def close(self) -> None:
        if self._file:
            self.engine.dispose()

    def drop(self) -> None:
        self.close()
        self._databases.drop(self.name)

    def look(self) -> tuple[Place, bool]:
        """The checkpoint, and whether it is complete."""
        with self.engine.connect() as db:
            row = db.execute(select(CHECKPOINT)).one()
        return Place(row.position, row.recorded_ns), row.complete

    def complete(self) -> None:
        """Note that it held the whole log once: from then on it may be read in another's place."""
        with self._writing.begin() as db:
            db.execute(CHECKPOINT.update().values(complete=True))

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether this process is the one that may fill it, for the length of the block; ends with the process."""
        if self._file:
            with self._file.with_name(f"{self._file.name}.filling").open("w") as lock:
                yield _locked(lock)
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            try:
                yield bool(db.scalar(select(func.pg_try_advisory_lock(func.hashtext(f"filling {self.name}")))))
            finally:
                db.invalidate()  # the lock goes with the session

    def apply(self, stretch: Stretch) -> Place:
        """Fold a stretch of the log in; returns the new checkpoint. What is at or below the checkpoint is skipped.

        Raises NotReadable, and folds nothing in. Raises Gap or LogPutBack where it is not the next of the same log.
        """
        self._destroy_keys(stretch.entries)
        with _without_collecting(), self._writing.begin() as db:
            checkpoint = _checkpoint(db, stretch)
            if stretch.position <= checkpoint.position:
                return checkpoint
            new = [entry for entry in stretch.entries if entry.position > checkpoint.position]
            steps: list[list[Step]] = [[] for _ in self._tables]
            for event, meta in self._decode(db, new):
                for number, projection in self._seeing[event.type]:
                    if (key := projection.row_key(event, meta)) is not None:
                        steps[number].append((key, projection, event, meta))
            for table, steps_of_it in zip(self._tables, steps, strict=True):
                self._fold(db, table, steps_of_it)
            mixed = {"mixed": True} if self.name.release < self._release else {}
            db.execute(CHECKPOINT.update().values(stretch.place._asdict() | mixed))
        return stretch.place

    def _decode(self, db: Connection, entries: Iterable[Entry]) -> list[tuple[Event, Meta]]:
        decoded: list[tuple[Event, Meta]] = []
        for entry in entries:
            type_ = entry.headers.get("ce-type", "")
            if type_ not in self._seeing and type_ not in self._erasing:
                continue
            try:
                event, meta = look_at_entry(entry)
            except UnknownEvent as error:
                raise NotReadable(error.type, error.version, entry.position) from None
            except (ValueError, KeyError) as error:
                self._skip(db, entry.position, "*", type_, error)
                continue
            if type_ in self._seeing:
                decoded.append((event, meta))
        if self._opens:
            self._opens.load(subject for event, _ in decoded if (subject := event.data_subject))
            decoded = [(self._opens.open(event, meta.id), meta) for event, meta in decoded]
        return decoded

    def _destroy_keys(self, entries: Iterable[Entry]) -> None:
        """Before anything around an erasing event is opened; also where another process has folded it in already."""
        if self._keys is None:
            return
        for entry in entries:
            if entry.headers.get("ce-type") in self._erasing:
                with contextlib.suppress(UnknownEvent, ValueError, KeyError):  # said when it is decoded
                    event, meta = look_at_entry(entry)
                    if subject := event.data_subject:
                        self._keys.destroy(subject, meta.position)
                        self._erase(subject)

    def _fold(self, db: Connection, table: ViewTable, steps: list[Step]) -> None:
        """Fold the events into one table: read the rows they touch, fold in memory, write what changed."""
        before = table.read(db, list(dict.fromkeys(key for key, *_ in steps)))
        after: dict[Key, Row | None] = dict(before)
        for key, projection, event, meta in steps:
            try:
                after[key] = projection.fold(after.get(key), event, meta)
            except Exception as error:
                self._skip(db, meta.position, projection.name, event.type, error)
        table.write(db, [row for key, row in after.items() if row is not None and row is not before.get(key)])
        table.delete(db, [key for key, row in after.items() if row is None and key in before])

    def _skip(self, db: Connection, position: int, projection: str, type_: str, error: Exception) -> None:
        log.error("view.skipped_event", view=self.views.name, position=position, type=type_, error=describe(error))
        self._insert(
            db, SKIPPED, {"position": position, "projection": projection, "type": type_, "error": type(error).__name__}
        )

    def _insert(self, db: Connection, table: Any, row: dict[str, Any]) -> None:
        """Unless it is there."""
        insert: Any = (sqlite if self._file else postgresql).insert
        db.execute(insert(table).on_conflict_do_nothing(), [row])

    def _identify(self) -> object:
        """What another database of the same name would not share; None where there is none."""
        if self._file:
            try:
                return self._file.stat().st_ino
            except FileNotFoundError:
                return None
        with self.engine.connect() as db:
            return db.scalar(text("SELECT to_regclass(:name)::oid"), {"name": f'"{self.name}".checkpoint'})

    def skipped(self) -> list[dict[str, Any]]:
        """The events that could not be folded: position, projection (`*` for all), type, error; the oldest first."""
        with self.engine.connect() as db:
            return [dict(row) for row in db.execute(select(SKIPPED).order_by(SKIPPED.c.position)).mappings()]


def _checkpoint(db: Connection, stretch: Stretch) -> Place:
    """Up to where the database holds the log. Raises Gap or LogPutBack where the stretch does not fit to it."""
    found = Place(*db.execute(select(CHECKPOINT.c.position, CHECKPOINT.c.recorded_ns).with_for_update()).one())
    if stretch.after > found.position:
        raise Gap(f"the log above {stretch.after} does not follow on {found.position}")
    told = {stretch.place, *(entry.place for entry in stretch.entries)} if stretch.after < found.position else ()
    if any(place.position == found.position and place != found for place in told):
        raise LogPutBack(found)
    return found


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """A batch makes many objects and no cycles: looking for those was measured to take a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
