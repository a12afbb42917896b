"""Who may sign in, and who is signed in: a durable store of its own, in SQLite or Postgres. Its methods block.

A session is a row: ending it, or disabling its account, takes effect at the next page. The cookie holds 256 random
bits, the row only their hash.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from pwdlib import PasswordHash
from sqlalchemy import JSON, BigInteger, Column, MetaData, create_engine, event, text, update
from sqlalchemy.engine import Engine
from sqlmodel import Field, Session, SQLModel, col, delete, select

from canlian_chassis.settings import Settings
from canlian_events.meta import Actor
from canlian_events.terms import Role

SESSION_SECONDS = 12 * 3600
FAILURES_ALLOWED = 5
LOCKED_SECONDS = 15 * 60
DEMO_PASSWORD = "demo"
SHORTEST_PASSWORD = 8


class _Base(SQLModel):
    metadata = MetaData()


class Account(_Base, table=True):
    """`locked_until` is in Unix seconds. A `demo` account can be used in demo mode only."""

    login: str = Field(primary_key=True)
    password_hash: str
    actor_id: str
    roles: list[str] = Field(sa_column=Column(JSON, nullable=False))
    communities: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    provider_id: str | None = None
    display_name: str = ""
    demo: bool = False
    disabled: bool = False
    failed: int = 0
    locked_until: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))

    @property
    def actor(self) -> Actor:
        roles = frozenset(Role(role) for role in self.roles)
        return Actor(self.actor_id, roles, tuple(self.communities), self.provider_id)


class SignInSession(_Base, table=True):
    __tablename__ = "session"

    hash: str = Field(primary_key=True)
    login: str = Field(index=True)
    expires: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))


class SignInRefused(Exception):
    """`code` is worded as `sign_in.<why>`; `minutes` is how long an account is still locked."""

    def __init__(self, code: str, minutes: int = 0) -> None:
        super().__init__(code)
        self.code, self.facts = code, {"minutes": minutes}


class Accounts:
    """The accounts the settings name. Tables are made where they are missing."""

    def __init__(self, settings: Settings) -> None:
        self._demo = settings.demo
        self._engine = _engine(settings.store_url("accounts", "accounts"))
        _Base.metadata.create_all(self._engine)

    # Accounts

    def upsert_account(
        self,
        login: str,
        *,
        actor_id: str,
        roles: Iterable[Role],
        password: str | None = None,
        communities: Iterable[str] = (),
        provider_id: str | None = None,
        display_name: str = "",
        demo: bool = False,
    ) -> Account:
        """Create or change an account; without `password` an existing one keeps its own. Raises ValueError.

        `communities` are 12-digit codes or prefixes: the subdistrict's 9 digits stand for all of it.
        """
        key = _key(login)
        kept = self.get(key)
        if password is not None and not demo and len(password) < SHORTEST_PASSWORD:
            raise ValueError(f"a password has at least {SHORTEST_PASSWORD} characters")
        if kept is None and password is None:
            raise ValueError(f"{login} is new and needs a password")
        account = Account(
            login=key,
            password_hash=_hasher().hash(password) if password is not None else kept.password_hash if kept else "",
            actor_id=actor_id,
            roles=sorted(roles),
            communities=list(communities),
            provider_id=provider_id,
            display_name=display_name,
            demo=demo,
        )
        if kept:
            account.disabled, account.failed, account.locked_until = kept.disabled, kept.failed, kept.locked_until
        with Session(self._engine, expire_on_commit=False) as db:
            stored = db.merge(account)
            db.commit()
            return stored

    def ensure_demo_account(self, login: str, **account: Any) -> Account:
        """An account of the demonstration, as `upsert_account` takes it; its password is DEMO_PASSWORD.

        Raises ValueError where the login belongs to somebody real.
        """
        kept = self.get(login)
        if kept and not kept.demo:
            raise ValueError(f"{login} is an account of somebody real")
        return self.upsert_account(login, **account, password=DEMO_PASSWORD, demo=True)

    def get(self, login: str) -> Account | None:
        with Session(self._engine, expire_on_commit=False) as db:
            return db.get(Account, _key(login))

    def every(self) -> Sequence[Account]:
        with Session(self._engine, expire_on_commit=False) as db:
            return db.exec(select(Account).order_by(col(Account.login))).all()

    def demo_accounts(self) -> Sequence[Account]:
        """Those the sign-in page may list: none outside demo mode."""
        return [account for account in self.every() if account.demo and not account.disabled] if self._demo else []

    def disable(self, login: str, disabled: bool = True) -> None:
        """Whoever is signed in with the account is signed out."""
        with Session(self._engine) as db:
            db.connection().execute(update(Account).where(col(Account.login) == _key(login)).values(disabled=disabled))
            db.exec(delete(SignInSession).where(col(SignInSession.login) == _key(login)))
            db.commit()

    # Signing in

    def forget(self, actor_id: str) -> int:
        """Delete the accounts of somebody who was erased, with their sessions; returns how many there were."""
        with Session(self._engine) as db:
            logins = list(db.exec(select(Account.login).where(Account.actor_id == actor_id)))
            if logins:
                db.exec(delete(SignInSession).where(col(SignInSession.login).in_(logins)))
                db.exec(delete(Account).where(col(Account.login).in_(logins)))
                db.commit()
        if logins:
            self._forget_what_was()
        return len(logins)

    def _forget_what_was(self) -> None:
        """Write the store anew, so that what was deleted is in none of its pages, nor in the log beside it."""
        sqlite = self._engine.dialect.name == "sqlite"
        statements = ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)") if sqlite else ("VACUUM FULL account",)
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            for statement in statements:
                db.execute(text(statement))

    def sign_in(self, login: str, password: str) -> str:
        """Start a session and return the cookie's value. Raises SignInRefused.

        An unknown name takes as long and is answered the same as a wrong password.
        """
        account = self.get(login)
        if account is None or not self._usable(account):
            _hasher().verify(password, _nobodys_hash())
            raise SignInRefused("sign_in.wrong")
        left = account.locked_until - int(time.time())
        if left > 0:
            raise SignInRefused("sign_in.locked", minutes=-(-left // 60))
        if not _hasher().verify(password, account.password_hash):
            self._count_failure(account)
            raise SignInRefused("sign_in.wrong")
        return self._start(account)

    def sign_in_as(self, login: str) -> str:
        """Sign in to an account of the demonstration by its button. Raises SignInRefused."""
        account = self.get(login)
        if account is None or not account.demo or not self._usable(account):
            raise SignInRefused("sign_in.wrong")
        return self._start(account)

    def signed_in(self, cookie: str) -> Account | None:
        """Whose session it is, if it is still one."""
        statement = (
            select(Account)
            .join(SignInSession, col(SignInSession.login) == col(Account.login))
            .where(SignInSession.hash == _hash(cookie), SignInSession.expires > int(time.time()))
        )
        with Session(self._engine, expire_on_commit=False) as db:
            account = db.exec(statement).first()
        return account if account and self._usable(account) else None

    def sign_out(self, cookie: str) -> None:
        with Session(self._engine) as db:
            db.exec(delete(SignInSession).where(col(SignInSession.hash) == _hash(cookie)))
            db.commit()

    def _usable(self, account: Account) -> bool:
        return not account.disabled and (self._demo or not account.demo)

    def _count_failure(self, account: Account) -> None:
        """Counted in the database, so that several tries at once are several."""
        mine = col(Account.login) == account.login
        with Session(self._engine) as db:
            db.connection().execute(update(Account).where(mine).values(failed=Account.failed + 1))
            lock = {"failed": 0, "locked_until": int(time.time()) + LOCKED_SECONDS}
            db.connection().execute(update(Account).where(mine, col(Account.failed) >= FAILURES_ALLOWED).values(lock))
            db.commit()

    def _start(self, account: Account) -> str:
        cookie, now = secrets.token_urlsafe(32), int(time.time())
        with Session(self._engine) as db:
            db.connection().execute(update(Account).where(col(Account.login) == account.login).values(failed=0))
            db.exec(delete(SignInSession).where(col(SignInSession.expires) <= now))
            db.add(SignInSession(hash=_hash(cookie), login=account.login, expires=now + SESSION_SECONDS))
            db.commit()
        return cookie


def _key(login: str) -> str:
    """How a login is stored: full-width characters, capitals and blanks around it make no difference."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def tune(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")

    return engine
