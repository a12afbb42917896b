"""The second factor: codes of six digits from the person's phone (TOTP), and codes on paper for when it is lost."""

from __future__ import annotations

import hashlib
import secrets
import time

import pyotp
from sqlalchemy import update
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, delete, func, select

from canlian_accounts.tables import Account, RecoveryCode, act, key_of
from canlian_chassis.keys.store import Keys

ISSUER = "残联服务平台"
RECOVERY_CODES = 10
_DRIFT = 1
"""Steps of half a minute that a phone's clock may be off."""
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what looks alike."""
_SEALED_UNDER = "federation:accounts"


def address_of(secret: str, login: str) -> str:
    """What the phone reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(secret: str, code: str) -> int | None:
    """The time step whose code this is, if it is one of now."""
    said = "".join(code.split())
    if len(said) != 6 or not said.isascii() or not said.isdigit():
        return None
    totp, now = pyotp.TOTP(secret), int(time.time()) // 30
    around = range(now - _DRIFT, now + _DRIFT + 1)
    return next((step for step in around if secrets.compare_digest(totp.at(step * 30), said)), None)


def new_code(groups: int = 4) -> str:
    """To be written down: groups of four, nearly five bits a letter."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(groups))


def _hash(login: str, code: str) -> str:
    """79 random bits need no slow hash."""
    plain = "".join(letter for letter in code.lower() if letter in _ALPHABET)
    return hashlib.sha256(f"{login}|{plain}".encode()).hexdigest()


class SecondFactors:
    def __init__(self, engine: Engine, keys: Keys) -> None:
        self._engine, self._keys = engine, keys

    def propose(self, login: str) -> str:
        """The secret to bring to the phone; the same until one of its codes comes back."""
        with Session(self._engine) as db:
            account = db.exec(select(Account).where(Account.login == key_of(login)).with_for_update()).one()
            if account.proposed_factor:
                return self._opened(account.login, account.proposed_factor)
            secret = pyotp.random_base32()
            account.proposed_factor = self._keys.seal_secret(_SEALED_UNDER, secret.encode(), account.login)
            db.commit()
        return secret

    def accept(self, account: Account, code: str) -> list[str] | None:
        """The proposed secret holds from now on, and these are the recovery codes; None where it is not its code."""
        sealed = account.proposed_factor
        step = step_of(self._opened(account.login, sealed), code) if sealed else None
        if step is None:
            return None
        codes = [new_code() for _ in range(RECOVERY_CODES)]
        self._set(account.login, sealed, step)
        with Session(self._engine) as db:
            db.add_all(RecoveryCode(hash=_hash(account.login, one), login=account.login) for one in codes)
            db.commit()
        return codes

    def drop(self, login: str) -> None:
        self._set(key_of(login), None, 0)

    def _set(self, login: str, sealed: bytes | None, step: int) -> None:
        new = {"second_factor": sealed, "proposed_factor": None, "last_step": step}
        with Session(self._engine) as db:
            db.connection().execute(update(Account).where(col(Account.login) == login).values(new))
            db.exec(delete(RecoveryCode).where(col(RecoveryCode.login) == login))
            db.commit()

    def takes(self, account: Account, code: str) -> bool:
        """Whether it is a code of the phone or of the paper. Each counts once."""
        sealed = account.second_factor
        step = step_of(self._opened(account.login, sealed), code) if sealed else None
        with Session(self._engine) as db:
            if step is not None:
                mine = update(Account).where(col(Account.login) == account.login, col(Account.last_step) < step)
                taken = db.connection().execute(mine.values(last_step=step)).rowcount
            else:
                known = delete(RecoveryCode).where(col(RecoveryCode.hash) == _hash(account.login, code))
                taken = db.connection().execute(known).rowcount
                if taken:
                    db.add(act(account.actor_id, "recovery_used", account))
            db.commit()
        return taken == 1

    def codes_left(self, login: str) -> int:
        mine = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.login == key_of(login))
        with Session(self._engine) as db:
            return db.exec(mine).one()

    def _opened(self, login: str, sealed: bytes) -> str:
        return self._keys.open_secret(_SEALED_UNDER, sealed, login).decode()
