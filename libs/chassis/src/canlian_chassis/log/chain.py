"""A chain over the log: each message's hash covers the one before, so one signed hash speaks for everything up to it.

Anyone who can read the log can work the chain out again (`canlian verify log`); docs/adr/0017 gives it byte by byte.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import time
from datetime import UTC, date, datetime
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field

from canlian_chassis.keys.signing import fingerprint, is_signed
from canlian_chassis.log.jetstream import Entry
from canlian_events.calendar import day_of

BEGINNING = bytes(32)
"""What the first message is linked to."""
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def link(previous: bytes, entry: Entry) -> bytes:
    """SHA-256 of the hash before, then position, recorded time, and each part with its length: subject, headers, body.

    Headers go by name, since readers get them in no certain order.
    """
    texts = [entry.subject]
    for name in sorted(entry.headers):
        texts += name, entry.headers[name]
    parts = [*(text.encode() for text in texts), entry.body]
    numbers = struct.pack(f">QQI{len(parts)}I", entry.position, entry.recorded_ns, len(parts), *map(len, parts))
    return hashlib.sha256(b"".join((previous, numbers, *parts))).digest()


class Head(BaseModel):
    """The chain's hash at a position, signed. It follows from the log alone: whoever signs there signs the same."""

    model_config = ConfigDict(frozen=True)

    position: int = Field(ge=1)
    hash: Digest
    at: str = Field(description="When the message at this position was recorded, in UTC to the nanosecond")
    day: date = Field(description="The day that was in Shanghai; the last head of a day is the day's head")
    key: Digest = Field(description="SHA-256 of the public key's 32 bytes")
    signature: str = Field(description="Ed25519 over the words of `said`, in base64")

    @property
    def said(self) -> bytes:
        """The words that are signed."""
        return _words(self.position, self.hash, self.at, self.day)

    @property
    def moment(self) -> datetime:
        """When the message was recorded, to the microsecond."""
        return datetime.fromisoformat(f"{self.at[:26]}+00:00")

    @property
    def groups(self) -> list[str]:
        """The hash as people compare it: in groups of four."""
        return _in_fours(self.hash)

    @property
    def key_groups(self) -> list[str]:
        return _in_fours(self.key)

    def signed_by(self, key: Ed25519PublicKey) -> bool:
        try:
            signature = base64.b64decode(self.signature, validate=True)
        except ValueError:
            return False
        return self.key == fingerprint(key) and is_signed(key, signature, self.said)


def sign_head(key: Ed25519PrivateKey, entry: Entry, hash_: bytes) -> Head:
    """The head at an entry, whose hash in the chain is given."""
    at, day = utc_text(entry.recorded_ns), recorded_day(entry)
    signature = base64.b64encode(key.sign(_words(entry.position, hash_.hex(), at, day))).decode()
    public = fingerprint(key.public_key())
    return Head(position=entry.position, hash=hash_.hex(), at=at, day=day, key=public, signature=signature)


def recorded_day(entry: Entry) -> date:
    return day_of(datetime.fromtimestamp(entry.recorded_ns // 1_000_000_000, UTC))


def utc_text(ns: int) -> str:
    """`2026-11-24T05:41:25.123456789Z` of Unix nanoseconds."""
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}Z"


def _in_fours(digits: str) -> list[str]:
    return [digits[start : start + 4] for start in range(0, len(digits), 4)]


def _words(position: int, hash_: str, at: str, day: date) -> bytes:
    return f"canlian log head\nposition {position}\nhash {hash_}\nrecorded {at}\nday {day}\n".encode()
