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
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydantic_core
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.engine import Connection, Engine

from canlian_chassis.keys.master_keys import Masters
from canlian_chassis.keys.tables import (
    ERASED,
    ERASURES,
    KEYS,
    MASTER,
    SOME,
    Tombstone,
    among,
    create_tables,
    insert_if_absent,
    open_engine,
    rewrite_if_due,
    tombstone,
    want_rewriting,
)
from canlian_chassis.settings import Settings
from canlian_events.core import Event
from canlian_events.personal import Sealed, map_personal

log = structlog.get_logger()
_BLINDING = "federation:blinding"
_NONCE = 12
HELD = 6_000
"""Keys kept in memory, two and a half kilobytes each: more than a stretch of the log has events."""
REWRITTEN_EVERY = 60
"""Seconds, where somebody destroyed a key and left the store as it was."""


class ErasedError(Exception):
    """The personal data of these was erased: there is no key for them, and there will be none."""

    def __init__(self, subjects: Iterable[str]) -> None:
        self.subjects = tuple(subjects)
        super().__init__(f"erased: {', '.join(self.subjects)}")


class Keys:
    """Seals and opens the personal fields of events. Thread-safe. Raises nothing on a missing key: it stays sealed.

    Looks every second, in a thread of its own, whether others destroyed keys, and holds those no longer.

    `told` says of how many erasures this process knows. It only rises: when the key is held no more, and before the
    store loses it if this process destroys it. A value that is being opened at that moment may still come out. So who
    remembers opened values keeps `told` as it was before the first of them was opened, and forgets them when it is
    another.
    """

    def __init__(self, engine: Engine, masters: Masters) -> None:
        self._engine, self._masters = engine, masters
        self._held: dict[str, AESGCM] = {}
        self._holding = threading.Lock()
        self._erased: set[str] = set()
        self._seen: object = None
        self.told = 0
        create_tables(engine, masters.first)
        rewrite_if_due(engine)
        self.notice()
        blinding = self._raw([_BLINDING], make=True)[_BLINDING]
        self._mac = hmac.new(blinding, digestmod=hashlib.sha256)
        threading.Thread(target=_watch, args=[weakref.ref(self)], name="keys", daemon=True).start()

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        """The key store the settings name; its master key is made on first use."""
        url = settings.store_url("keys", "keys")
        return cls(open_engine(url), Masters(key_folder(settings)))

    def blind(self, kind: str, value: str) -> str:
        """A name for `value` that only the holder of the blinding key can work out: 32 hex digits."""
        return self._keyed_hash(f"{kind}|{value}".encode())[:32]

    def digest(self, name: str, body: bytes) -> str:
        """A command's fingerprint, by which another body under the same id is noticed; reveals nothing of the body."""
        return self._keyed_hash(name.encode() + b"|" + body)[:16]

    def _keyed_hash(self, text: bytes) -> str:
        made = self._mac.copy()  # a fresh one would set up its key each time
        made.update(text)
        return made.hexdigest()

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
            sealed = self.seal_secret(subject, pydantic_core.to_json(value), event_id)
            return Sealed(about=subject, sealed=base64.b64encode(sealed).decode())

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
        nonce = os.urandom(_NONCE)
        return nonce + self._made_cipher(subject).encrypt(nonce, secret, about.encode())

    def open_secret(self, subject: str, sealed: bytes, about: str) -> bytes:
        """Raises InvalidTag where it was sealed about something else, or the key store is another."""
        return self._made_cipher(subject).decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())

    def load(self, subjects: Iterable[str]) -> None:
        """Read many keys at once, before many events are opened; those destroyed elsewhere meanwhile are dropped."""
        self.notice()
        wanted = [subject for subject in dict.fromkeys(subjects) if subject not in self._held]
        self._hold(self._raw(wanted))

    def destroy(self, subject: str, position: int) -> Tombstone:
        """Destroy a subject's key for ever, because of the event at `position`; the same tombstone when asked again.

        When it returns, the key is not in this process, and in no file of the store; what else is using the store may
        put that off, never for ever. Other processes drop it within about a second.
        """
        self._drop([subject])
        if (done := self.tombstone_of(subject)) and not self.has(subject):
            return done
        with self._writing() as (db, _):
            wrapped = db.scalar(select(KEYS.c.wrapped).where(KEYS.c.subject == subject))
            fingerprint = hashlib.sha256(wrapped).hexdigest() if wrapped else ""
            at = datetime.now(UTC).isoformat()
            new = {"subject": subject, "position": position, "destroyed_at": at, "fingerprint": fingerprint}
            db.execute(insert_if_absent(self._engine, ERASED), [new])
            if wrapped:
                db.execute(delete(KEYS).where(KEYS.c.subject == subject))
                want_rewriting(db)
            left = among(db, ERASED, [subject])[subject]
        rewrite_if_due(self._engine)
        if wrapped:
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
        self._drop(one.subject for one in found)
        return found

    def notice(self) -> None:
        """Drop the keys that were destroyed elsewhere. Costs little where none was since the last time."""
        with self._engine.connect() as db:
            state = db.execute(ERASURES).one()
            if state == self._seen:
                return
            erased = db.scalars(select(ERASED.c.subject)).all()
        self._drop(erased)
        self._seen = state

    def _drop(self, subjects: Iterable[str]) -> None:
        with self._holding:
            new = set(subjects) - self._erased
            self._erased |= new
            for subject in new:
                self._held.pop(subject, None)
            self.told += len(new)

    def rotate(self) -> int:
        """Wrap every key by a new master key, which takes the old one's place; returns how many. Nobody need stop.

        A rotation that was cut short is ended by the next.
        """
        with self._writing() as (db, _):
            new = self._masters.prepare()
            db.execute(update(MASTER).values(id=new))
        count = 0
        while number := self._rewrap(new):
            count += number
        rewrite_if_due(self._engine)
        with self._writing() as (_, master):
            if master == new:  # else somebody who rotated at the same time was quicker, and more was done since
                self._masters.promote(new)
        return count

    def _rewrap(self, new: str) -> int:
        """Wrap some of the keys anew that need it; how many."""
        change = update(KEYS).where(KEYS.c.subject == bindparam("whose"))
        with self._writing() as (db, master):
            if master != new:
                return 0
            rows = db.execute(select(KEYS).where(KEYS.c.master != new).limit(2 * SOME)).all()
            changes = []
            for row in rows:
                raw = self._masters.unwrap(row.master, row.subject, row.wrapped)
                again = self._masters.wrap(new, row.subject, raw)
                changes.append({"whose": row.subject, "wrapped": again, "master": new})
            if changes:
                db.execute(change.values(wrapped=bindparam("wrapped"), master=bindparam("master")), changes)
                want_rewriting(db)
        return len(changes)

    def _cipher(self, subject: str) -> AESGCM | None:
        return self._held.get(subject) or self._hold(self._raw([subject])).get(subject)

    def _made_cipher(self, subject: str) -> AESGCM:
        """Made where there is none. Raises ErasedError."""
        cipher = self._held.get(subject) or self._hold(self._raw([subject], make=True)).get(subject)
        if cipher is None:
            raise ErasedError([subject])
        return cipher

    def _hold(self, raw: Mapping[str, bytes]) -> Mapping[str, AESGCM]:
        """Keep these in memory, but for those destroyed since they were read; those that came first make room."""
        read = {subject: AESGCM(key) for subject, key in raw.items()}
        with self._holding:
            kept = {subject: cipher for subject, cipher in read.items() if subject not in self._erased}
            self._held |= kept
            for subject in list(itertools.islice(self._held, max(0, len(self._held) - HELD))):
                del self._held[subject]
        return kept

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
            erased = among(db, ERASED, subjects)
            if not erased:
                new = [
                    {"subject": s, "wrapped": self._masters.wrap(master, s, AESGCM.generate_key(256)), "master": master}
                    for s in subjects
                ]
                # somebody else may have made it meanwhile: theirs stands, and is what is read back
                db.execute(insert_if_absent(self._engine, KEYS), new)
        if erased:
            self._drop(erased)
            raise ErasedError(erased)

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


def _watch(known: weakref.ref[Keys]) -> None:
    """While somebody has these keys: each second what others destroyed, now and then what they left undone."""
    for second in itertools.count(1):
        time.sleep(1)
        if (keys := known()) is None:
            return
        try:
            keys.notice()
            if second % REWRITTEN_EVERY == 0:
                rewrite_if_due(keys._engine)
        except Exception as error:
            log.warning("keys.not_noticed", error=type(error).__name__)
        del keys


def key_folder(settings: Settings) -> Path:
    """Where the signing key and the master key are."""
    return settings.data / "keys"
