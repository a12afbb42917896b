"""The tables of the accounts' store, and how a store made by an earlier release comes to have them."""

from __future__ import annotations

import contextlib
import time
import unicodedata
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, MetaData, create_engine, event, inspect, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.schema import CreateColumn
from sqlmodel import Field, SQLModel

from canlian_events.meta import Actor
from canlian_events.terms import Role


class _Base(SQLModel):
    metadata = MetaData()


def _moment(**more: Any) -> Any:
    """In Unix seconds."""
    return Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0", **more))


def _words() -> Any:
    return Field(default="", sa_column_kwargs={"server_default": ""})


class Account(_Base, table=True):
    """A `demo` account can be used in demo mode only. One without a password signs in through the provider only."""

    login: str = Field(primary_key=True)
    password_hash: str
    actor_id: str
    roles: list[str] = Field(sa_column=Column(JSON, nullable=False))
    communities: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    provider_id: str | None = None
    display_name: str = ""
    demo: bool = False
    disabled: bool = False
    must_change: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    """Somebody else set the password: it is good for choosing another."""
    email: str = _words()
    subject: str = _words()
    """Who this is at the OIDC provider."""
    second_factor: bytes | None = None
    """The secret shared with the person's phone, sealed under the key store's master."""
    proposed_factor: bytes | None = None
    """The same, shown to the person and not confirmed by a code yet."""
    last_step: int = _moment()
    """The time step of the last code taken: no code is taken twice."""

    @property
    def actor(self) -> Actor:
        roles = frozenset(Role(role) for role in self.roles)
        return Actor(self.actor_id, roles, tuple(self.communities), self.provider_id)


class SignInSession(_Base, table=True):
    """The cookie holds 256 random bits, the row only their hash. Ending it takes effect at the next page."""

    __tablename__ = "session"

    hash: str = Field(primary_key=True)
    login: str = Field(index=True)
    expires: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    started: int = _moment()
    seen: int = _moment()
    wants: str = _words()
    """What is still to be done before it is one: a code of Wants."""
    device: str = _words()
    place: str = _words()
    by_provider: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))

    @property
    def id(self) -> str:
        """What it is called in forms; says nothing of the cookie."""
        return self.hash[:16]


class Attempt(_Base, table=True):
    """Tries at one door (a login, an address) that have not succeeded; `door` is a hash."""

    door: str = Field(primary_key=True)
    tries: int
    last: int = _moment(index=True)
    locked_until: int = _moment()


class RecoveryCode(_Base, table=True):
    __tablename__ = "recovery_code"

    hash: str = Field(primary_key=True)
    login: str = Field(index=True)


class Act(_Base, table=True):
    """Something done to an account, kept for who checks. `by` and `actor_id` are ids: no name outlives an erasure."""

    __tablename__ = "account_act"

    id: int | None = Field(default=None, primary_key=True)
    at: int = _moment()
    by: str
    what: str
    actor_id: str = Field(index=True)
    login: str


def act(by: str, what: str, account: Account) -> Act:
    return Act(at=int(time.time()), by=by, what=what, actor_id=account.actor_id, login=account.login)


class Begun(_Base, table=True):
    """A sign-in begun at the OIDC provider, for as long as it may take; taken away when it comes back."""

    __tablename__ = "begun_sign_in"

    state: str = Field(primary_key=True)
    """Hash of what goes to the provider and comes back."""
    nonce: str
    verifier: str
    next: str
    expires: int = _moment()


_GONE = {"account": ("failed", "locked_until")}
"""Columns of earlier releases."""


def key_of(login: str) -> str:
    """How a login is stored: full-width characters, capitals and blanks around it make no difference."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def open_store(url: str) -> Engine:
    """The store at the address, its tables made or brought up to date."""
    engine = _engine(url)
    for _ in range(3):
        # parts start at once: who looked before another had made something comes second, and finds it the next time
        with contextlib.suppress(DatabaseError):
            _bring_up_to_date(engine)
            return engine
    _bring_up_to_date(engine)
    return engine


def _bring_up_to_date(engine: Engine) -> None:
    _Base.metadata.create_all(engine)
    quote = engine.dialect.identifier_preparer.quote
    for table in _Base.metadata.sorted_tables:
        there = {column["name"] for column in inspect(engine).get_columns(table.name)}
        missing = [column for column in table.columns if column.name not in there]
        gone = [name for name in _GONE.get(table.name, ()) if name in there]
        changes = [f"ADD COLUMN {CreateColumn(column).compile(dialect=engine.dialect)}" for column in missing]
        changes += [f"DROP COLUMN {quote(name)}" for name in gone]
        with engine.begin() as db:
            for change in changes:
                db.execute(text(f"ALTER TABLE {quote(table.name)} {change}"))


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def tune(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")

    return engine
