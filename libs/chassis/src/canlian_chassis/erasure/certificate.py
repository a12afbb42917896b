"""The certificate of erasure: what was destroyed, when, by which event, signed. Checked by anyone who can read the log.

What it says of the log is counted from the log, so it can be counted again. That the key is gone from the store is what
the signature stands for.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pydantic_core
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict

from canlian_chassis.keys.signing import fingerprint, is_signed
from canlian_chassis.log.chain import BEGINNING, Head, link, utc_text
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import Entry
from canlian_events.core import EVENTS

KEY = "erasures"
"""Certificates are signed with a key of their own: `erasures.pem` in the folder of keys."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Destroyed(_Part):
    """One key that was destroyed, and what it had sealed up to the event that says so."""

    subject: str
    event_id: str
    type: str
    position: int
    recorded_at: str
    """When the log had the event, in UTC to the nanosecond."""
    events: int
    """How many events hold sealed values of the subject; they stay, and cannot be read."""
    sealed: int
    """How many such values there are."""
    key: str
    """SHA-256 of the key as it was stored, wrapped; empty where there was none."""
    destroyed_at: datetime


class Released(_Part):
    """A value that only one may hold, under its blinded name, and where in the log it was given back."""

    claim: str
    position: int


class View(_Part):
    """A database of a part that opens personal values, made after the key was gone: it never held the subject's."""

    name: str
    position: int
    """Up to where in the log it was filled when the certificate was made."""


class ErasureProof(_Part):
    """`destroyed` begins with the one asked for; the others were destroyed with it, or because of that."""

    destroyed: tuple[Destroyed, ...]
    said: dict[str, Any]
    """The fields of the event that are not personal."""
    actor: str
    said_at: datetime
    released: tuple[Released, ...]
    views: tuple[View, ...] = ()
    head: Head | None = None
    """The log's chain at or after the event, if it was signed by then."""
    issued_at: datetime
    signed_by: str
    """SHA-256 of the public key's 32 bytes."""
    signature: str = ""

    @property
    def words(self) -> bytes:
        """What is signed: everything else, as JSON with the names sorted and no spaces, in UTF-8."""
        told = self.model_dump(mode="json", exclude={"signature"})
        return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def signed(self, key: Ed25519PrivateKey) -> ErasureProof:
        named = self.model_copy(update={"signed_by": fingerprint(key.public_key())})
        return named.model_copy(update={"signature": base64.b64encode(key.sign(named.words)).decode()})

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        try:
            signature = base64.b64decode(self.signature, validate=True)
        except ValueError:
            return False
        return self.signed_by == fingerprint(key) and is_signed(key, signature, self.words)


class Tally:
    """Counts the values sealed for some subjects, each up to a position of its own."""

    def __init__(self, until: dict[str, int]) -> None:
        self._until = [(position, subject, f'"about":"{subject}"'.encode()) for subject, position in until.items()]
        self.events = dict.fromkeys(until, 0)
        self.sealed = dict.fromkeys(until, 0)

    def take(self, entry: Entry) -> None:
        # the body is searched as it is stored: to decode every event of a long log would take minutes
        for position, subject, needle in self._until:
            if entry.position <= position and (found := entry.body.count(needle)):
                self.events[subject] += 1
                self.sealed[subject] += found


def releases(entry: Entry, event_id: str) -> bool:
    """Whether it gives a claim back, in the batch of this event."""
    freed = entry.headers.get("Canlian-Holder") == ""
    return freed and entry.headers.get("Nats-Msg-Id") == f"{event_id}:{entry.subject}"


def same_act(entry: Entry, event: Entry) -> bool:
    """Whether both are what one command did."""
    return entry.headers.get("ce-command") == event.headers["ce-command"]


def _of(entry: Entry) -> set[str | None]:
    """The event, and the one that it followed from."""
    return {entry.headers["ce-id"], entry.headers.get("ce-cause")}


def in_the_open(entry: Entry) -> dict[str, Any]:
    body: dict[str, Any] = pydantic_core.from_json(entry.body)
    return {name: value for name, value in body.items() if not isinstance(value, dict | list)}


@dataclass(frozen=True)
class Checked:
    """What is wrong with a proof, as codes; nothing where it holds. `head`: the chain was compared too."""

    wrong: tuple[str, ...]
    head: bool = False


class Check:
    """A certificate compared with the log, message by message. Its codes:

    `signature`: not signed by this key, or changed. `event`: the log has another event there, or none, or one that
    erases nobody. `said`: who, when or why is not what the event says. `counts`: other numbers of sealed values.
    `released`: a claim was not given back there. `chain`: the log up to the head is not the one that was signed.
    """

    def __init__(self, proof: ErasureProof, key: Ed25519PublicKey, heads: Ed25519PublicKey | None = None) -> None:
        self._proof, self._key, self._heads = proof, key, heads
        self._tally = Tally({one.subject: one.position for one in proof.destroyed})
        self._wanted = {one.position for one in proof.destroyed} | {one.position for one in proof.released}
        self._found: dict[int, Entry] = {}
        self._hash: bytes | None = BEGINNING if proof.head else None
        self._at_head: bytes | None = None

    @property
    def last(self) -> int:
        """Up to where the log has to be read."""
        return max([*self._wanted, self._proof.head.position if self._proof.head else 0])

    def take(self, entry: Entry) -> None:
        self._tally.take(entry)
        if entry.position in self._wanted:
            self._found[entry.position] = entry
        head = self._proof.head
        if head and self._hash is not None and entry.position <= head.position:
            self._hash = link(self._hash, entry)
            if entry.position == head.position:
                self._at_head = self._hash

    def end(self) -> Checked:
        one, wrong = self._proof, []
        if not one.is_signed_by(self._key):
            wrong.append("signature")
        if not all(self._is_the_event(destroyed) for destroyed in one.destroyed):
            wrong.append("event")
        if not self._says_so():
            wrong.append("said")
        if any(
            (destroyed.events, destroyed.sealed)
            != (self._tally.events[destroyed.subject], self._tally.sealed[destroyed.subject])
            for destroyed in one.destroyed
        ):
            wrong.append("counts")
        if not all(self._was_released(released) for released in one.released):
            wrong.append("released")
        if one.head and not self._is_the_head(one.head):
            wrong.append("chain")
        return Checked(tuple(wrong), head=one.head is not None)

    def _is_the_event(self, destroyed: Destroyed) -> bool:
        entry = self._found.get(destroyed.position)
        if entry is None:
            return False
        headers = entry.headers
        same = (headers.get("ce-id"), headers.get("ce-type")) == (destroyed.event_id, destroyed.type)
        return same and _erases(entry) == destroyed.subject and utc_text(entry.recorded_ns) == destroyed.recorded_at

    def _says_so(self) -> bool:
        one = self._proof
        first, *others = (self._found.get(destroyed.position) for destroyed in one.destroyed)
        if first is None:
            return False
        said = (first.headers.get("ce-actor"), in_the_open(first)) == (one.actor, one.said)
        when = datetime.fromisoformat(first.headers.get("ce-time", "0001-01-01")) == one.said_at
        act = {entry.headers["ce-id"] for entry in (first, *others) if entry and same_act(entry, first)}
        together = all(entry and not act.isdisjoint(_of(entry)) for entry in others)
        return said and when and together

    def _was_released(self, released: Released) -> bool:
        entry = self._found.get(released.position)
        by = (destroyed.event_id for destroyed in self._proof.destroyed)
        return entry is not None and entry.subject == released.claim and any(releases(entry, one) for one in by)

    def _is_the_head(self, head: Head) -> bool:
        signed = self._heads is None or head.signed_by(self._heads)
        return signed and self._at_head is not None and self._at_head.hex() == head.hash


def _erases(entry: Entry) -> str | None:
    """Whom the event erases."""
    kind = EVENTS.get(entry.headers.get("ce-type", ""))
    if kind is None or not kind.erases:
        return None
    return read_entry(entry)[0].data_subject
