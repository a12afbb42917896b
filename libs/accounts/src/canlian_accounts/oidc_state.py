"""Signing in through an OIDC provider: what is remembered while somebody is there."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, delete, select

from canlian_accounts.tables import Begun
from canlian_accounts.throttling import SignInRefused

_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Trip:
    """To the provider: what goes with it, and what is kept here."""

    state: str
    nonce: str
    verifier: str
    next: str


class Trips:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, next_: str) -> Trip:
        trip = Trip(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), next_)
        now = int(time.time())
        row = Begun(
            state=_hash(trip.state), nonce=trip.nonce, verifier=trip.verifier, next=next_, expires=now + _SECONDS
        )
        with Session(self._engine) as db:
            db.exec(delete(Begun).where(col(Begun.expires) <= now))
            db.add(row)
            db.commit()
        return trip

    def end(self, state: str) -> Trip:
        """Once. Raises SignInRefused where there was none, or it took too long."""
        mine = col(Begun.state) == _hash(state)
        with Session(self._engine, expire_on_commit=False) as db:
            row = db.exec(select(Begun).where(mine)).first()
            taken = db.connection().execute(delete(Begun).where(mine)).rowcount
            db.commit()
            if row is None or taken != 1 or row.expires <= time.time():
                raise SignInRefused("sign_in.provider_expired")
        return Trip(state, row.nonce, row.verifier, row.next)


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
