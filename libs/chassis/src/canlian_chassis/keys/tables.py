"""The tables of the key store."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DatabaseError

log = structlog.get_logger()
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
REWRITING = Table(
    "rewriting",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("wanted", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
)
"""One row: how often keys were deleted or replaced, and up to which of those times the store was written anew since."""
ERASURES = select(func.count(), func.sum(ERASED.c.position)).select_from(ERASED)
"""Becomes another when somebody was erased."""
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
        if db.scalar(select(REWRITING.c.id)) is None:
            # nobody noted whether it is due in a store from before
            due = db.scalar(select(func.count()).select_from(KEYS)) and 1
            db.execute(insert_if_absent(engine, REWRITING), [{"id": 1, "wanted": due, "done": 0}])


def want_rewriting(db: Connection) -> None:
    """In the transaction that deletes or replaces keys: who is killed right after it leaves the rest to others."""
    db.execute(update(REWRITING).values(wanted=REWRITING.c.wanted + 1))


def rewrite_if_due(engine: Engine) -> None:
    """Write the store anew, so that what was deleted or replaced is in none of its pages. What fails stays due."""
    try:
        with engine.connect() as db:
            state = db.execute(select(REWRITING.c.wanted, REWRITING.c.done)).one()
        if state.done < state.wanted:
            _rewrite(engine, state.wanted)
    except DatabaseError as error:
        log.warning("keys.not_rewritten", error=type(error.orig).__name__)


def _rewrite(engine: Engine, wanted: int) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text("VACUUM"))
    with engine.begin() as db:
        if engine.dialect.name == "postgresql":
            # VACUUM FULL would copy what somebody's older snapshot can still see; this copies what is there now
            db.execute(text("SET LOCAL lock_timeout = '500ms'"))  # who reads keys waits behind this
            db.execute(text(f"ALTER TABLE {KEYS.name} ALTER wrapped TYPE bytea USING wrapped || ''::bytea"))
        db.execute(update(REWRITING).where(REWRITING.c.done < wanted).values(done=wanted))


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
