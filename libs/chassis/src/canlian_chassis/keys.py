"""The key store: one key a person, wrapped by a master key; destroying the key makes the person's values unreadable.

Kept apart from the log, with its own database and backup. Holds also the federation's blinding key, under which values
that must be unique are turned into names that reveal nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pydantic_core
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, create_engine, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError

from canlian_chassis.files import write_once
from canlian_chassis.settings import Settings
from canlian_events.core import Event
from canlian_events.personal import Sealed, map_personal

_METADATA = MetaData()
_KEYS = Table("subject_key", _METADATA, Column("subject", String, primary_key=True), Column("wrapped", LargeBinary))
_BLINDING = "federation:blinding"
_NONCE = 12


class Keys:
    """Seals and opens the personal fields of events. Thread-safe. Raises nothing on a missing key: it stays sealed."""

    def __init__(self, engine: Engine, master: bytes) -> None:
        self._engine = engine
        self._master = AESGCM(master)
        self._held: dict[str, AESGCM] = {}
        self.blind = lru_cache(maxsize=65536)(self._blind)
        _create_tables(engine)
        self._blinding = self._raw([_BLINDING], make=True)[_BLINDING]

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        """The key store the settings name; its master key is made on first use."""
        master = write_once(settings.data / "keys" / "master.key", lambda: AESGCM.generate_key(256))
        url = settings.store_url("keys", "keys")
        options: dict[str, Any] = {"connect_args": {"timeout": 30}} if url.startswith("sqlite") else {}
        return cls(create_engine(url, **options), master)

    def _blind(self, kind: str, value: str) -> str:
        """A name for `value` that only the holder of the blinding key can work out: 32 hex digits."""
        return hmac.new(self._blinding, f"{kind}|{value}".encode(), hashlib.sha256).hexdigest()[:32]

    def digest(self, name: str, body: bytes) -> str:
        """A command's fingerprint, by which another body under the same id is noticed; reveals nothing of the body."""
        return hmac.new(self._blinding, name.encode() + b"|" + body, hashlib.sha256).hexdigest()[:16]

    def ensure(self, subjects: Iterable[str]) -> None:
        """Make the keys that are not there yet, in one transaction."""
        wanted = [subject for subject in dict.fromkeys(subjects) if subject not in self._held]
        for subject, raw in self._raw(wanted, make=True).items():
            self._held[subject] = AESGCM(raw)

    def lacks(self, subjects: Iterable[str]) -> bool:
        """Whether `ensure` would have to ask the database."""
        return any(subject not in self._held for subject in subjects)

    def seal(self, event: Event, event_id: str) -> Event:
        """The event with its personal values encrypted under the key of the person it is about."""
        subject = event.data_subject
        if subject is None:
            return event
        cipher = self._cipher(subject, make=True)
        assert cipher is not None

        def change(_path: str, value: Any) -> Any:
            if isinstance(value, Sealed):
                return value
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
            if cipher is None:
                return value
            raw = base64.b64decode(value.sealed)
            try:
                return pydantic_core.from_json(cipher.decrypt(raw[:_NONCE], raw[_NONCE:], event_id.encode()))
            except InvalidTag:
                return value

        return map_personal(event, change)

    def load(self, subjects: Iterable[str]) -> None:
        """Read many keys at once, before many events are opened."""
        wanted = [subject for subject in dict.fromkeys(subjects) if subject not in self._held]
        for subject, raw in self._raw(wanted).items():
            self._held[subject] = AESGCM(raw)

    def _cipher(self, subject: str, *, make: bool = False) -> AESGCM | None:
        if subject not in self._held:
            raw = self._raw([subject], make=make).get(subject)
            if raw is None:
                return None
            self._held[subject] = AESGCM(raw)
        return self._held[subject]

    def _raw(self, subjects: list[str], *, make: bool = False) -> dict[str, bytes]:
        found = self._select(subjects)
        missing = [subject for subject in subjects if subject not in found]
        if make and missing:
            new = [{"subject": s, "wrapped": self._wrap(s, AESGCM.generate_key(256))} for s in missing]
            with self._engine.begin() as db:
                # somebody else may have made it meanwhile: theirs stands, and is what we read back
                db.execute(_insert_if_absent(self._engine), new)
            found |= self._select(missing)
        return found

    def _select(self, subjects: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for start in range(0, len(subjects), 500):
            with self._engine.connect() as db:
                rows = db.execute(select(_KEYS).where(_KEYS.c.subject.in_(subjects[start : start + 500])))
                found |= {row.subject: self._unwrap(row.subject, row.wrapped) for row in rows}
        return found

    def _wrap(self, subject: str, raw: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._master.encrypt(nonce, raw, subject.encode())

    def _unwrap(self, subject: str, wrapped: bytes) -> bytes:
        return self._master.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], subject.encode())


def _create_tables(engine: Engine) -> None:
    try:
        _METADATA.create_all(engine)
    except DatabaseError:
        # parts start at once: who looked before the other's table was there, and came second, finds it now
        _METADATA.create_all(engine)


def _insert_if_absent(engine: Engine) -> Any:
    match engine.dialect.name:
        case "sqlite":
            return sqlite.insert(_KEYS).on_conflict_do_nothing()
        case "postgresql":
            return postgresql.insert(_KEYS).on_conflict_do_nothing()
        case _:
            return insert(_KEYS)


def key_folder(settings: Settings) -> Path:
    """Where the signing key and the master key are."""
    return settings.data / "keys"
