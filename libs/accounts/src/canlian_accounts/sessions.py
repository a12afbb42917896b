"""Who is signed in where: a row a session, listed and ended one by one; none outlives its hours or a long silence."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, update
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, delete, select

from canlian_accounts.tables import SignInSession

_UNFINISHED_SECONDS = 600
"""To enter a code, or to choose a password, after the first step of signing in."""
_SEEN_EVERY = 60


class Wants(StrEnum):
    """What is still to be done before somebody is signed in."""

    NOTHING = ""
    CODE = "code"
    SECOND_FACTOR = "second_factor"
    """Their role needs one, and they have none."""
    PASSWORD = "password"


@dataclass(frozen=True, slots=True)
class Where:
    """From where somebody signs in, as the browser and the edge say."""

    address: str = ""
    agent: str = ""

    @property
    def place(self) -> str:
        """The network, not the machine."""
        try:
            found = ipaddress.ip_address(self.address)
        except ValueError:
            return ""
        return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))

    @property
    def device(self) -> str:
        """Browser and system, as far as to tell one's own apart."""
        return " · ".join(_first(self.agent, names) for names in (_BROWSERS, _SYSTEMS) if _first(self.agent, names))


_BROWSERS = (
    ("MicroMessenger", "微信"), ("Edg", "Edge"), ("HuaweiBrowser", "华为浏览器"), ("MiuiBrowser", "小米浏览器"),
    ("QQBrowser", "QQ浏览器"), ("UCBrowser", "UC浏览器"), ("Firefox", "Firefox"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def _first(agent: str, names: Sequence[tuple[str, str]]) -> str:
    return next((name for sign, name in names if sign in agent), "")


def hash_of(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


class Sessions:
    """`longest` and `idle` in seconds."""

    def __init__(self, engine: Engine, longest: int, idle: int) -> None:
        self._engine, self._longest, self._idle = engine, longest, idle

    def start(self, login: str, wants: Wants, where: Where, *, by_provider: bool = False) -> str:
        """The cookie's value."""
        cookie, now = secrets.token_urlsafe(32), int(time.time())
        row = SignInSession(
            hash=hash_of(cookie),
            login=login,
            expires=now + (_UNFINISHED_SECONDS if wants else self._longest),
            started=now,
            seen=now,
            wants=wants,
            device=where.device,
            place=where.place,
            by_provider=by_provider,
        )
        with Session(self._engine) as db:
            db.exec(delete(SignInSession).where(~self._lasting(now)))
            db.add(row)
            db.commit()
        return cookie

    def of(self, cookie: str) -> SignInSession | None:
        now = int(time.time())
        with Session(self._engine, expire_on_commit=False) as db:
            row = db.exec(
                select(SignInSession).where(SignInSession.hash == hash_of(cookie), self._lasting(now))
            ).first()
            if row and row.seen < now - _SEEN_EVERY:
                mine = update(SignInSession).where(col(SignInSession.hash) == row.hash)
                db.connection().execute(mine.values(seen=now))
                db.commit()
        return row

    def want(self, cookie: str, wants: Wants) -> None:
        """It is whole no more: this is to be done first."""
        mine = update(SignInSession).where(col(SignInSession.hash) == hash_of(cookie))
        with Session(self._engine) as db:
            db.connection().execute(mine.values(wants=wants.value))
            db.commit()

    def listed(self, login: str) -> Sequence[SignInSession]:
        """Those that are signed in, the one used last first."""
        lasting = self._lasting(int(time.time()))
        found = select(SignInSession).where(SignInSession.login == login, SignInSession.wants == "", lasting)
        with Session(self._engine, expire_on_commit=False) as db:
            return db.exec(found.order_by(col(SignInSession.seen).desc())).all()

    def end(self, cookie: str) -> None:
        self._delete(col(SignInSession.hash) == hash_of(cookie))

    def end_one(self, login: str, id_: str) -> bool:
        """By the id it is listed with. Whether there was one."""
        rows = [row for row in self.listed(login) if row.id == id_]
        for row in rows:
            self._delete(col(SignInSession.hash) == row.hash)
        return bool(rows)

    def end_all(self, login: str, but: str = "") -> None:
        """`but` the one with this cookie."""
        self._delete(col(SignInSession.login) == login, col(SignInSession.hash) != hash_of(but))

    def _delete(self, *where: ColumnElement[bool]) -> None:
        with Session(self._engine) as db:
            db.exec(delete(SignInSession).where(*where))
            db.commit()

    def _lasting(self, now: int) -> ColumnElement[bool]:
        return (col(SignInSession.expires) > now) & (col(SignInSession.seen) > now - self._idle)
