"""The signed heads of the log's chain, in a stream of their own beside it: none is changed or taken out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from nats.aio.client import Client as Nats

from canlian_chassis.log.chain import Head
from canlian_chassis.log.jetstream import Entry, Log, NewEntry
from canlian_events import subjects

STREAM = "HEADS"
KEY = "heads"
"""Heads are signed with a key of their own: `data/keys/heads.pem`."""


class Numbered(NamedTuple):
    """A head and its number among the heads, from 1."""

    number: int
    head: Head


class Heads:
    """Cheap to make; shares its connection."""

    def __init__(self, nc: Nats) -> None:
        self._stream = Log(nc, STREAM, (subjects.HEADS,))

    async def ensure(self, replicas: int = 1) -> None:
        await self._stream.ensure(replicas)

    async def last(self, day: date | None = None) -> Numbered | None:
        """The last head of all, or of a day: the day's head. Raises Conflict where the server cannot say."""
        found = await self._stream.last_of(subjects.head(day.isoformat()) if day else subjects.HEADS)
        return _read(found) if found else None

    async def page(self, after: int, size: int = 1000) -> tuple[list[Numbered], bool]:
        """Heads with a number above `after`, oldest first, and whether there are more."""
        entries, more = await self._stream.page(subjects.HEADS, after, size)
        return [_read(entry) for entry in entries], more

    async def all(self, after: int = 0) -> AsyncIterator[Numbered]:
        more = True
        while more:
            page, more = await self.page(after)
            for numbered in page:
                yield numbered
                after = numbered.number

    async def add(self, head: Head, after: int) -> int:
        """Keep a head as the one that comes after number `after`; gives its own.

        Raises Conflict where another process has put one there: nothing is stored then.
        """
        subject = subjects.head(head.day.isoformat())
        new = NewEntry(subject, {}, head.model_dump_json().encode(), expects=(subjects.HEADS, after))
        return (await self._stream.append([new]))[0]


def public_key_file(keys: Path) -> Path:
    """Where the public half is, in the folder of keys."""
    return keys / f"{KEY}.pub.pem"


def _read(entry: Entry) -> Numbered:
    return Numbered(entry.position, Head.model_validate_json(entry.body))
