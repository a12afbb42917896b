"""Who tries too often waits, and longer each time: by login, whether there is such an account or not, and by address.

A try counts from its beginning until it has succeeded, so that many at once are many. The counts are in the store.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, delete, select

from canlian_accounts.tables import Attempt, key_of
from canlian_chassis.keys.tables import insert_if_absent

TRIES_ALLOWED = 5
"""Of one login, before it waits."""
TRIES_FROM_ADDRESS = 30
"""Of one address: a whole office may be behind it."""
FIRST_WAIT = 60
LONGEST_WAIT = 3600
FORGOTTEN_AFTER = 24 * 3600
"""Seconds without a try after which those before count no more."""


class SignInRefused(Exception):
    """`code` is worded as `sign_in.<why>`; `minutes` is how long there is still to wait."""

    def __init__(self, code: str, minutes: int = 0) -> None:
        super().__init__(code)
        self.code, self.facts = code, {"minutes": minutes}


@dataclass(frozen=True, slots=True)
class Door:
    key: str
    allowed: int


def doors(login: str, address: str) -> Sequence[Door]:
    found = [Door(_hashed("login", key_of(login)), TRIES_ALLOWED)]
    return [*found, Door(_hashed("address", address), TRIES_FROM_ADDRESS)] if address else found


def _hashed(kind: str, value: str) -> str:
    # somebody may have typed their password into the wrong field: it is not kept
    return hashlib.sha256(f"{kind}|{value}".encode()).hexdigest()[:32]


def wait_after(tries: int, allowed: int) -> int:
    """Seconds: none at first, then doubled with each try."""
    over = tries - allowed
    return 0 if over < 0 else min(FIRST_WAIT << min(over, 16), LONGEST_WAIT)


class Lockout:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, doors: Sequence[Door]) -> None:
        """Count a try. Raises SignInRefused where one of the doors is locked; that try is not counted."""
        now = int(time.time())
        with Session(self._engine) as db:
            db.exec(delete(Attempt).where(col(Attempt.last) < now - FORGOTTEN_AFTER))
            for door in doors:
                self._count(db, door, now)
            db.commit()

    def _count(self, db: Session, door: Door, now: int) -> None:
        new = {"door": door.key, "tries": 0, "last": now, "locked_until": 0}
        db.connection().execute(insert_if_absent(self._engine, Attempt.__table__), [new])  # type: ignore[attr-defined]
        row = db.exec(select(Attempt).where(Attempt.door == door.key).with_for_update()).one()
        if row.locked_until > now:
            raise SignInRefused("sign_in.locked", minutes=-(-(row.locked_until - now) // 60))
        row.tries, row.last = row.tries + 1, now
        row.locked_until = now + wait_after(row.tries, door.allowed)

    def succeeded(self, doors: Sequence[Door]) -> None:
        """The login begins anew; the address takes back this one try."""
        name, *address = doors
        with Session(self._engine) as db:
            db.exec(delete(Attempt).where(col(Attempt.door) == name.key))
            for door in address:
                less = {"tries": Attempt.tries - 1, "locked_until": 0}
                db.connection().execute(
                    update(Attempt).where(col(Attempt.door) == door.key, col(Attempt.tries) > 0).values(less)
                )
            db.commit()

    def unlock(self, login: str) -> None:
        with Session(self._engine) as db:
            db.exec(delete(Attempt).where(col(Attempt.door) == doors(login, "")[0].key))
            db.commit()

    def minutes_left(self, login: str) -> int:
        with Session(self._engine) as db:
            row = db.get(Attempt, doors(login, "")[0].key)
        return max(0, -(-(row.locked_until - int(time.time())) // 60)) if row else 0
