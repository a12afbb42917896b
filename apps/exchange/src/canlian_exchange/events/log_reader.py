"""The log as the exchange reads it: so many events from a position on, those that a caller wants and may see."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import nats.errors
import nats.js.errors
import pydantic_core

from canlian_chassis.bus.client import Unavailable
from canlian_chassis.bus.wire import read_meta
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import MAX_BATCH, Conflict, Entry, Log
from canlian_events import subjects
from canlian_events.core import EVENTS, Event, UnknownEvent, encode
from canlian_events.meta import Actor
from canlian_events.registry.showing import FileShown
from canlian_exchange.access.permissions import may_open, may_see

PATIENCE = 5.0
"""Seconds that one request looks through the log for what it wants; what it has by then is its answer."""


@dataclass(frozen=True)
class Wanted:
    """Which events: of these types (None: all), in communities with this prefix, as far as the actor may see them."""

    actor: Actor
    types: frozenset[str] | None = None
    community: str = ""

    def takes(self, entry: Entry) -> bool:
        community = subjects.community_of(entry.subject)
        return (
            (self.types is None or entry.headers.get("ce-type") in self.types)
            and community.startswith(self.community)
            and may_see(self.actor, community)
        )

    @property
    def filter(self) -> str:
        """The narrowest subject that has them all: what the server leaves out need not be read."""
        kinds = {EVENTS[type_].aggregate for type_ in self.types or () if type_ in EVENTS}
        contexts = {kind.context for kind in kinds}
        return subjects.events_of(
            contexts.pop() if len(contexts) == 1 else "*",
            kinds.pop().name if len(kinds) == 1 else "*",
            self.community if len(self.community) == 12 else "*",
        )


@dataclass(frozen=True)
class Page:
    """`position`: everything up to it has been looked at. `more`: the log goes on."""

    entries: Sequence[Entry]
    position: int
    more: bool


async def read_page(log: Log, wanted: Wanted, after: int, limit: int, patience: float = PATIENCE) -> Page:
    """At most `limit` events above `after`. An empty page may have a later position: go on from there.

    Raises Unavailable where the log does not answer.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    found: list[Entry] = []
    position = after
    try:
        end = await log.last_position()
        while loop.time() < deadline:
            entries, more = await log.page(wanted.filter, position, min(MAX_BATCH, max(limit, 100)))
            for entry in entries:
                position = entry.position
                if wanted.takes(entry):
                    found.append(entry)
                if len(found) == limit:
                    return Page(found, position, True)
            if not more:
                # what came after the end was asked for may have been missed, so the end is where to go on from
                return Page(found, max(position, end), False)
    except (Conflict, nats.errors.Error, nats.js.errors.Error) as error:
        raise Unavailable from error
    return Page(found, position, True)


@dataclass(frozen=True)
class Read:
    """An entry with its event, or None where a newer canlian wrote it: then it is passed on as it is stored."""

    event: Event | None
    entry: Entry

    @property
    def community(self) -> str:
        return subjects.community_of(self.entry.subject)


def read_events(entries: Sequence[Entry]) -> list[Read]:
    """The events as they are stored, personal values sealed."""
    return [_read(entry) for entry in entries]


def _read(entry: Entry) -> Read:
    try:
        return Read(read_entry(entry)[0], entry)
    except (UnknownEvent, ValueError, KeyError):
        return Read(None, entry)


def opened(read: Sequence[Read], actor: Actor, keys: Keys) -> list[Read]:
    """Those events in the open that the actor may see so. Blocks on the key store: run it in a thread.

    The words of a showing stay sealed: to read them would be the next showing.
    """

    def opens(one: Read) -> bool:
        if one.event is None or one.event.data_subject is None or isinstance(one.event, FileShown):
            return False
        return may_open(actor, one.community)

    keys.load(one.event.data_subject for one in read if one.event and one.event.data_subject and opens(one))
    return [
        Read(keys.open(one.event, one.entry.headers["ce-id"]), one.entry) if one.event and opens(one) else one
        for one in read
    ]


def as_line(read: Read) -> bytes:
    """The event as one line of JSON, without the line's end."""
    event, entry, community = read.event, read.entry, read.community
    headers = entry.headers
    meta = read_meta(headers, entry.position, entry.recorded_ns, community)
    envelope = {
        "position": meta.position,
        "id": meta.id,
        "type": headers["ce-type"],
        "name": type(event).__name__ if event else None,
        "version": event.version if event else int(headers["ce-dataversion"]),
        "at": meta.at,
        "said_at": meta.said_at,
        "actor": meta.actor,
        "community": community,
        "command": meta.command,
        "cause": meta.cause,
    }
    body = encode(event) if event else entry.body.replace(b"\n", b" ")
    return pydantic_core.to_json(envelope)[:-1] + b',"data":' + body + b"}"
