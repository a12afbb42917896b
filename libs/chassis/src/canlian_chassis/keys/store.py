"""The key store: one key a person, wrapped by a master key; destroying the key makes the person's values unreadable.

Kept apart from the log, with its own database and backup. Holds also the federation's blinding key, under which values
that must be unique are turned into names that reveal nothing, and a tombstone for each key that was destroyed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pydantic_core
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.engine import Connection, Engine

from canlian_chassis.keys.masters import Masters
from canlian_chassis.keys.tables import (
    ERASED,
    KEYS,
    MASTER,
    SOME,
    Tombstone,
    among,
    create_tables,
    insert_if_absent,
    open_engine,
    tombstone,
)
from canlian_chassis.settings import Settings
from canlian_events.core import Event
from canlian_events.personal import Sealed, map_personal

log = structlog.get_logger()
_BLINDING = "federation:blinding"
_NONCE = 12
HELD = 6_000
"""Keys kept in memory, two and a half kilobytes each: more than a stretch of the log has events."""


class ErasedError(Exception):
    """The personal data of these was erased: there is no key for them, and there will be none."""

    def __init__(self, subjects: Iterable[str]) -> None:
        self.subjects = tuple(subjects)
        super().__init__(f"erased: {', '.join(self.subjects)}")


class Keys:
    """Seals and opens the personal fields of events. Thread-safe. Raises nothing on a missing key: it stays sealed."""

    def __init__(self, engine: Engine, masters: Masters) -> None:
        self._engine, self._masters = engine, masters
        self._held: dict[str, AESGCM] = {}
        self._holding = threading.Lock()
        self.blind = lru_cache(maxsize=65536)(self._blind)
        create_tables(engine, masters.first)
        self._erased: set[str] = set()
        self.told = 0
        """Of how many erasures this process was told: whoever remembers opened values forgets them when it rises."""
        self.erased()
        self._blinding = self._raw([_BLINDING], make=True)[_BLINDING]
        self._mac = hmac.new(self._blinding, digestmod=hashlib.sha256)

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        """The key store the settings name; its master key is made on first use."""
        url = settings.store_url("keys", "keys")
        return cls(open_engine(url), Masters(key_folder(settings)))

    def _blind(self, kind: str, value: str) -> str:
        """A name for `value` that only the holder of the blinding key can work out: 32 hex digits."""
        return hmac.new(self._blinding, f"{kind}|{value}".encode(), hashlib.sha256).hexdigest()[:32]

    def digest(self, name: str, body: bytes) -> str:
        """A command's fingerprint, by which another body under the same id is noticed; reveals nothing of the body."""
        made = self._mac.copy()  # a fresh one would set up its key each time
        made.update(name.encode() + b"|" + body)
        return made.hexdigest()[:16]

    def ensure(self, subjects: Iterable[str]) -> None:
        """Make the keys that are not there yet, in one transaction. Raises ErasedError where one was destroyed."""
        wanted = [subject for subject in dict.fromkeys(subjects) if subject not in self._held]
        self._hold(self._raw(wanted, make=True))

    def lacks(self, subjects: Iterable[str]) -> bool:
        """Whether `ensure` would have to ask the database."""
        return any(subject not in self._held for subject in subjects)

    def seal(self, event: Event, event_id: str) -> Event:
        """The event with its personal values encrypted under the key of the person it is about.

        Raises ErasedError where that key was destroyed.
        """
        subject = event.data_subject
        if subject is None:
            return event

        def change(_path: str, value: Any) -> Any:
            if isinstance(value, Sealed):
                return value
            cipher = self._cipher(subject, make=True)
            assert cipher is not None
            nonce = os.urandom(_NONCE)
            text = cipher.encrypt(nonce, pydantic_core.to_json(value), event_id.encode())
            return Sealed(about=subject, sealed=base64.b64encode(nonce + text).decode())

        return map_personal(event, change)

    def open(self, event: Event, event_id: str) -> Event:
        """The event with its personal values in the open, where their keys are still there."""

        def change(_path: str, value: Any) -> Any:
            if not isinstance(value, Sealed):
                return value
            cipher = self._cipher(value.about)
            if cipher is None or not value.sealed:
                return value
            raw = base64.b64decode(value.sealed)
            try:
                return pydantic_core.from_json(cipher.decrypt(raw[:_NONCE], raw[_NONCE:], event_id.encode()))
            except InvalidTag:
                return value

        return map_personal(event, change)

    def seal_secret(self, subject: str, secret: bytes, about: str) -> bytes:
        """For durable stores beside the log: opened only with the same `subject`, whose key it is, and `about`."""
        cipher = self._cipher(subject, make=True)
        assert cipher is not None
        nonce = os.urandom(_NONCE)
        return nonce + cipher.encrypt(nonce, secret, about.encode())

    def open_secret(self, subject: str, sealed: bytes, about: str) -> bytes:
        """Raises InvalidTag where it was sealed about something else, or the key store is another."""
        cipher = self._cipher(subject, make=True)
        assert cipher is not None
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())

    def load(self, subjects: Iterable[str]) -> None:
        """Read many keys at once, before many events are opened; those destroyed elsewhere meanwhile are dropped."""
        self.erased()
        wanted = [subject for subject in dict.fromkeys(subjects) if subject not in self._held]
        self._hold(self._raw(wanted))

    def destroy(self, subject: str, position: int) -> Tombstone:
        """Destroy a subject's key for ever, because of the event at `position`; the same tombstone when asked again.

        When it returns, the key is in no file of the store and not in this process. Other processes drop it when they
        come to the event, or next load keys.
        """
        self._drop(subject)
        if (done := self.tombstone_of(subject)) and not self.has(subject):
            return done
        with self._writing() as (db, _):
            wrapped = db.scalar(select(KEYS.c.wrapped).where(KEYS.c.subject == subject))
            fingerprint = hashlib.sha256(wrapped).hexdigest() if wrapped else ""
            at = datetime.now(UTC).isoformat()
            new = {"subject": subject, "position": position, "destroyed_at": at, "fingerprint": fingerprint}
            db.execute(insert_if_absent(self._engine, ERASED), [new])
            db.execute(delete(KEYS).where(KEYS.c.subject == subject))
            left = among(db, ERASED, [subject])[subject]
        self._held.pop(subject, None)
        if wrapped:
            self._forget_what_was()
            log.info("key.destroyed", subject=subject, position=position)
        return tombstone(left)

    def tombstone_of(self, subject: str) -> Tombstone | None:
        with self._engine.connect() as db:
            found = among(db, ERASED, [subject])
        return tombstone(found[subject]) if found else None

    def has(self, subject: str) -> bool:
        """Whether the store holds the subject's key."""
        with self._engine.connect() as db:
            return bool(among(db, KEYS, [subject]))

    def erased(self) -> list[Tombstone]:
        """Every key that was destroyed, in the order of the log. From then on this process holds none of them."""
        with self._engine.connect() as db:
            found = [tombstone(row) for row in db.execute(select(ERASED).order_by(ERASED.c.position))]
        for subject in {one.subject for one in found} - self._erased:
            self._drop(subject)
        return found

    def _drop(self, subject: str) -> None:
        if subject not in self._erased:
            self._erased.add(subject)
            self.told += 1
        self._held.pop(subject, None)

    def rotate(self) -> int:
        """Wrap every key by a new master key, which takes the old one's place; returns how many. Nobody need stop.

        A rotation that was cut short is ended by the next.
        """
        new = self._masters.prepare()
        with self._engine.begin() as db:
            db.execute(update(MASTER).values(id=new))
        count, after = 0, ""
        while wrapped := self._rewrap(new, after):
            after, number = wrapped
            count += number
        self._forget_what_was()
        self._masters.promote()
        return count

    def _rewrap(self, new: str, after: str) -> tuple[str, int] | None:
        """Wrap some keys anew, by subject; up to which, and how many needed it. None when there are no more."""
        following = select(KEYS).where(KEYS.c.subject > after).order_by(KEYS.c.subject).limit(2 * SOME)
        change = update(KEYS).where(KEYS.c.subject == bindparam("whose"))
        with self._writing() as (db, _):
            rows = db.execute(following).all()
            changes = []
            for row in rows:
                if row.master != new:
                    raw = self._masters.unwrap(row.master, row.subject, row.wrapped)
                    again = self._masters.wrap(new, row.subject, raw)
                    changes.append({"whose": row.subject, "wrapped": again, "master": new})
            if changes:
                db.execute(change.values(wrapped=bindparam("wrapped"), master=bindparam("master")), changes)
        return (rows[-1].subject, len(changes)) if rows else None

    def _cipher(self, subject: str, *, make: bool = False) -> AESGCM | None:
        cipher = self._held.get(subject)
        if cipher is None and (raw := self._raw([subject], make=make).get(subject)):
            cipher = AESGCM(raw)
            self._hold({subject: raw})
        return cipher

    def _hold(self, raw: Mapping[str, bytes]) -> None:
        """Keep these in memory; those that came first make room."""
        with self._holding:
            self._held |= {subject: AESGCM(key) for subject, key in raw.items() if subject not in self._erased}
            for subject in list(itertools.islice(self._held, max(0, len(self._held) - HELD))):
                self._held.pop(subject, None)

    def _raw(self, subjects: list[str], *, make: bool = False) -> dict[str, bytes]:
        if make and (erased := [subject for subject in subjects if subject in self._erased]):
            raise ErasedError(erased)
        found = self._select([subject for subject in subjects if subject not in self._erased])
        missing = [subject for subject in subjects if subject not in found]
        if make and missing:
            self._make(missing)
            found |= self._select(missing)
        return found

    def _make(self, subjects: list[str]) -> None:
        with self._writing() as (db, master):
            if erased := among(db, ERASED, subjects):
                self._erased |= erased.keys()
                raise ErasedError(erased)
            new = [
                {"subject": s, "wrapped": self._masters.wrap(master, s, AESGCM.generate_key(256)), "master": master}
                for s in subjects
            ]
            # somebody else may have made it meanwhile: theirs stands, and is what is read back
            db.execute(insert_if_absent(self._engine, KEYS), new)

    def _select(self, subjects: list[str]) -> dict[str, bytes]:
        if not subjects:
            return {}
        with self._engine.connect() as db:
            rows = among(db, KEYS, subjects)
        return {s: self._masters.unwrap(row.master, s, row.wrapped) for s, row in rows.items()}

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, str]]:
        """A transaction that nobody else writes keys beside, and the master key that holds for it."""
        with self._engine.begin() as db:
            db.execute(update(MASTER).values(id=MASTER.c.id))
            yield db, db.execute(select(MASTER.c.id)).scalar_one()

    def _forget_what_was(self) -> None:
        """Write the store anew, so that what was deleted or replaced is in none of its pages."""
        full = "VACUUM" if self._engine.dialect.name == "sqlite" else f"VACUUM FULL {KEYS.name}"
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text(full))


def key_folder(settings: Settings) -> Path:
    """Where the signing key and the master key are."""
    return settings.data / "keys"
