"""The tables of the key store."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DatabaseError

_METADATA = MetaData()
KEYS = Table(
    "subject_key",
    _METADATA,
    Column("subject", String, primary_key=True),
    Column("wrapped", LargeBinary),
    Column("master", String),
)
MASTER = Table("master_key", _METADATA, Column("id", String, primary_key=True))
"""One row: the master key that new keys are wrapped by. Whoever writes keys changes it first, and so writes alone."""
ERASED = Table(
    "erased_subject",
    _METADATA,
    Column("subject", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("destroyed_at", String, nullable=False),
    Column("fingerprint", String, nullable=False),
)
SOME = 500


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a key: whose it was, and by which event it was destroyed."""

    subject: str
    position: int
    destroyed_at: datetime
    fingerprint: str
    """SHA-256 of the key as it was stored, wrapped; empty where none was there."""


def among(db: Connection, table: Table, subjects: list[str]) -> dict[str, Any]:
    """The rows of these subjects, by subject."""
    found: dict[str, Any] = {}
    for start in range(0, len(subjects), SOME):
        rows = db.execute(select(table).where(table.c.subject.in_(subjects[start : start + SOME])))
        found |= {row.subject: row for row in rows}
    return found


def tombstone(row: Any) -> Tombstone:
    return Tombstone(row.subject, row.position, datetime.fromisoformat(row.destroyed_at), row.fingerprint)


def create_tables(engine: Engine, master: str) -> None:
    # parts start at once: who looked before another's table was there, and came second, finds it the next time, and
    # may come second once more with each table and with the column
    for _ in range(len(_METADATA.tables) + 1):
        with contextlib.suppress(DatabaseError):
            _create(engine, master)
            return
    _create(engine, master)


def _create(engine: Engine, master: str) -> None:
    _METADATA.create_all(engine)
    if "master" not in {column["name"] for column in inspect(engine).get_columns(KEYS.name)}:
        # a store from before master keys could be rotated: all of it is wrapped by the only one there was
        with engine.begin() as db:
            db.execute(text(f"ALTER TABLE {KEYS.name} ADD COLUMN master VARCHAR DEFAULT '{master}'"))
    with engine.begin() as db:
        if db.scalar(select(MASTER.c.id)) is None:
            db.execute(insert_if_absent(engine, MASTER), [{"id": master}])


def insert_if_absent(engine: Engine, table: Table) -> Any:
    match engine.dialect.name:
        case "sqlite":
            return sqlite.insert(table).on_conflict_do_nothing()
        case "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing()
        case _:
            return insert(table)


def open_engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def tune(connection: Any, _: Any) -> None:
        # no write-ahead log: it would keep the pages of a destroyed key until somebody truncates it
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA secure_delete=ON")

    return engine
