"""The databases of one tool's views: what they are called, which there are, and how far each is.

A database is disposable, and named by what it is filled with: the version of the folds and how much of the language
they see, a fingerprint of the columns, and a generation, which counts how often the same was filled again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pydantic_core
from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, Table, create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError

from canlian_chassis.log.jetstream import Place
from canlian_chassis.projection import Projection
from canlian_chassis.row import Row
from canlian_chassis.settings import Settings
from canlian_events.core import extent

OWN = MetaData()
CHECKPOINT = Table(
    "checkpoint",
    OWN,
    Column("id", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("recorded_ns", BigInteger, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("mixed", Boolean, nullable=False),
)
"""One row: everything up to `position` is folded in. `complete` since the first time that this was the whole log.
`recorded_ns` is when the message there was recorded, which proves that it was this log. `mixed` where a newer release,
while it filled its own, kept this one level by its folds."""
SKIPPED = Table(
    "skipped_event",
    OWN,
    Column("position", BigInteger, primary_key=True),
    Column("projection", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("error", String, nullable=False),
)
"""Events a projection could not fold: kept apart, so that one bad event does not hold up the rest."""
ERASED_BEFORE = Table("erased_before", OWN, Column("subject", String, primary_key=True))
"""Whose keys were destroyed before the database was made, so that nothing of theirs was ever open in it."""
_JSON: dict[str, Any] = {
    "json_serializer": lambda value: pydantic_core.to_json(value).decode(),
    "json_deserializer": pydantic_core.from_json,
}
_NAME = re.compile(
    r"(?P<slug>.+)_v(?P<version>\d+)(?:x(?P<extent>\d+))?_(?P<fingerprint>[0-9a-f]{8})(?:_g(?P<generation>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Views:
    """One tool's views. Raise `version` when a fold changes; a changed column changes the fingerprint by itself, an
    event that is new, or new in its version, the extent.

    With `opens` the folds see personal values in the open, as far as this machine holds the keys.
    """

    name: str
    version: int
    rows: type[Row]
    projections: Sequence[Projection]
    opens: bool = False

    @property
    def fingerprint(self) -> str:
        """What tells databases with these columns from others: 8 hex digits."""
        return _fingerprint(self.rows.metadata, len(self.rows.metadata.tables))

    def database(self, generation: int = 1) -> DatabaseName:
        seen = extent({kind.type for projection in self.projections for kind in projection.on})
        return DatabaseName(_slug(self.name), self.version, seen, self.fingerprint, generation)


@cache
def _fingerprint(tables: MetaData, _number: int) -> str:
    """Looked at every second by each part, so worked out once for as many tables as there are."""
    shape = [
        f"{table.name}.{c.name}:{c.type}:{c.primary_key}"
        for table in (*tables.sorted_tables, *OWN.sorted_tables)
        for c in table.columns
    ]
    return hashlib.sha256("\n".join(shape).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class DatabaseName:
    """A file name and a schema name."""

    slug: str
    version: int
    extent: int
    fingerprint: str
    generation: int

    def __str__(self) -> str:
        extent = f"x{self.extent}" if self.extent else ""
        return f"{self.slug}_v{self.version}{extent}_{self.fingerprint}_g{self.generation}"

    @property
    def release(self) -> tuple[int, int]:
        """What is lower is of an older release; before the extent was part of the name it is 0."""
        return self.version, self.extent

    @property
    def kind(self) -> tuple[int, int, str]:
        """What all generations of one release share."""
        return *self.release, self.fingerprint

    @property
    def age(self) -> tuple[int, int, int]:
        """What is lower is older."""
        return *self.release, self.generation

    @classmethod
    def read(cls, name: str) -> DatabaseName | None:
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        version, extent, generation = (int(found[part] or 0) for part in ("version", "extent", "generation"))
        return cls(found["slug"], version, extent, found["fingerprint"], generation)


@dataclass(frozen=True, slots=True)
class Found:
    """A database that is there."""

    name: DatabaseName
    place: Place
    complete: bool

    @property
    def position(self) -> int:
        return self.place.position


class Databases:
    """Where a tool's databases are kept: a folder of SQLite files, or the schemas of one Postgres database.

    Its methods block.
    """

    def __init__(self, settings: Settings, views_name: str) -> None:
        self.slug = _slug(views_name)
        url = settings.store_url("views", self.slug)
        self._folder = Path(url.removeprefix("sqlite:///")).parent if url.startswith("sqlite:///") else None
        self._server = None if self._folder else create_engine(url, pool_pre_ping=True, **_JSON)

    def file(self, name: DatabaseName) -> Path | None:
        """The SQLite file; None where it is a schema."""
        return self._folder / f"{name}.sqlite" if self._folder else None

    def engine(self, name: DatabaseName) -> Engine:
        if self._server:
            return self._server.execution_options(schema_translate_map={None: str(name)})
        # mode rw: whoever comes after it was deleted does not make an empty one
        return _sqlite_engine(f"sqlite:///file:{quote(str(self.file(name)))}?mode=rw&uri=true")

    def close(self) -> None:
        if self._server:
            self._server.dispose()

    def all(self) -> list[Found]:
        """The tool's databases, of all versions, the oldest first."""
        names = [name for text_ in self.every() if (name := DatabaseName.read(text_)) and name.slug == self.slug]
        return [self._look(name) for name in sorted(names, key=lambda name: name.age)]

    def drop(self, name: DatabaseName) -> None:
        """Delete it, whoever uses it."""
        if file := self.file(name):
            # the database before its journal: without that it might be read, torn
            for leftover in sorted(file.parent.glob(f"{file.name}*")):
                leftover.unlink(missing_ok=True)
            return
        assert self._server
        with self._server.begin() as db:
            db.execute(text(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'))

    def every(self) -> list[str]:
        """What is there, of all tools; the names of other things too."""
        if self._folder:
            return [file.stem for file in self._folder.glob("*.sqlite")]
        assert self._server
        with self._server.connect() as db:
            return list(db.scalars(text("SELECT schema_name FROM information_schema.schemata")))

    def _look(self, name: DatabaseName) -> Found:
        engine = self.engine(name)
        try:
            with engine.connect() as db:
                row = db.execute(CHECKPOINT.select()).one_or_none()
        except DatabaseError:
            row = None  # not made whole yet, or of another release
        if self._folder:
            engine.dispose()
        return Found(name, Place(row.position, row.recorded_ns) if row else Place(), bool(row and row.complete))


def slugs(settings: Settings) -> list[str]:
    """Of whose views there are databases."""
    databases = Databases(settings, "any")
    names = map(DatabaseName.read, databases.every())
    databases.close()
    return sorted({name.slug for name in names if name})


def is_torn(error: DatabaseError) -> bool:
    """Whether a SQLite file is damaged, as a crash or a bad disk leaves it, and can only be folded again."""
    return getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _slug(name: str) -> str:
    return re.sub("[^a-z0-9]", "_", name)


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30}, **_JSON)

    @event.listens_for(engine, "connect")
    def tune(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours
        # readers don't wait for the writer; a crash may lose the last moments, which are folded again from the log
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # whoever folds writes, and looks at the checkpoint only when nobody else can write
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
