"""Following the log: everything after a position, in order and without end, however the server fares meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import nats.errors
import nats.js.errors
from nats.aio.client import Client as Nats
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import taking
from canlian_chassis.bus.wire import RawHeaders
from canlian_chassis.log.jetstream import STREAM, Conflict, Entry, Log, LogPutBack, Place
from canlian_events import subjects
from canlian_events.core import Event, decode
from canlian_events.meta import Meta

STALLED_AFTER = 6.0
HEARTBEAT_NS = 1_500_000_000

EVERYTHING: tuple[str, ...] = ()
"""Claims too, so that a view's position can be compared with any position of the log. And no filter at all: with two,
the server was measured to give 1,600 messages a second instead of 120,000."""


class Stretch(NamedTuple):
    """The log above position `after` up to `place`, of which `entries` need hold no more than the reader wants.

    `pending` more were waiting when it was read; None where nothing came for a while, which says nothing about that.
    """

    entries: list[Entry]
    place: Place
    pending: int | None
    after: int

    @property
    def position(self) -> int:
        return self.place.position

    @classmethod
    def of(cls, batch: list[Entry], after: Place) -> Stretch:
        """What `follow` gave, everything in it."""
        if not batch:
            return cls([], after, None, after.position)
        return cls(batch, batch[-1].place, batch[-1].pending, after.position)


async def follow(
    nc: Nats, after: int | Place, filters: Sequence[str] = (subjects.EVENTS,)
) -> AsyncIterator[list[Entry]]:
    """Everything above `after`, in order and without end, in batches of what is there.

    Yields an empty batch now and then when nothing comes, because no more is there or the server is silent.
    Survives restarts of the server. Whoever is slow to take a batch holds up the server, not our memory: no more than
    about a thousand messages wait here. Who gives a place is told by LogPutBack when the log is another than it was.
    """
    proves, place = isinstance(after, Place), after if isinstance(after, Place) else Place(after)
    while True:
        try:
            async with _Pull(nc, place.position, filters) as pull:
                # only now: a log that is put back from here on takes the consumer with it
                if proves and not await Log(nc).holds(place):
                    raise LogPutBack(place)
                while True:
                    batch = await pull.next()
                    if batch:
                        place = batch[-1].place
                    yield batch
        except (_StalledError, Conflict, nats.errors.Error, nats.js.errors.Error, OSError):
            await asyncio.sleep(0.3)


def read_entry(entry: Entry) -> tuple[Event, Meta]:
    """A stored entry as an event and its envelope. Raises UnknownEvent, or ValueError where the body does not fit."""
    headers = entry.headers
    decoded = decode(headers["ce-type"], int(headers["ce-dataversion"]), entry.body)
    return decoded, wire.read_meta(headers, entry.position, entry.recorded_ns, subjects.community_of(entry.subject))


def look_at_entry(entry: Entry) -> tuple[Event, Meta]:
    """The same, with an envelope of which only what somebody asks for is read."""
    decoded = decode(entry.headers["ce-type"], int(entry.headers["ce-dataversion"]), entry.body)
    meta = object.__new__(_EntryMeta)
    object.__setattr__(meta, "_entry", entry)
    return decoded, meta


class _EntryMeta(Meta):
    """Half of the time that a fold takes would go into reading headers and times that it does not look at."""

    __slots__ = ("_entry",)
    _entry: Entry

    def __getattr__(self, name: str) -> Any:
        # called for a slot that is not filled yet
        entry = self._entry
        if name == "community":
            value: Any = subjects.community_of(entry.subject)
        elif name == "position":
            value = entry.position
        else:
            value = wire.IN_HEADERS[name](entry.headers, entry.recorded_ns)
        object.__setattr__(self, name, value)
        return value


def consumer_config(after: int, filters: Sequence[str]) -> ConsumerConfig:
    """A consumer for one reader, which forgets it by itself: where it stands is the reader's to remember."""
    return ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=after + 1,
        ack_policy=AckPolicy.NONE,
        filter_subjects=list(filters),
        mem_storage=True,
        num_replicas=1,
        inactive_threshold=30,
    )


class _StalledError(Exception):
    pass


class _Pull:
    """A pull consumer with two requests outstanding, answered to one callback: the fastest way nats-py can read.

    Measured: two to three times the rate of `fetch`, because no request waits for the one before.
    """

    def __init__(self, nc: Nats, after: int, filters: Sequence[str], size: int = 500) -> None:
        self._nc, self._after, self._filters, self._size = nc, after, filters, size
        self._queue: list[Entry] = []
        self._arrived = asyncio.Event()
        self._outstanding = 0
        self._delivered = 0
        self._last_heard = time.monotonic()
        self._connections = nc.stats["reconnects"]
        self._lost = False
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> _Pull:
        config = consumer_config(self._after, self._filters)
        info = await self._nc.jetstream(timeout=3).add_consumer(STREAM, config)
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{info.name}"
        self._inbox = self._nc.new_inbox()
        await self._stack.enter_async_context(taking(self._nc, self._inbox, self._heard))
        self._request = json.dumps(
            {"batch": self._size, "expires": 30_000_000_000, "idle_heartbeat": HEARTBEAT_NS}
        ).encode()
        await self._ask()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def next(self) -> list[Entry]:
        """What has arrived; waits for something, but not for ever."""
        if not self._queue:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), 1.0)
        # what was on its way when a connection broke is lost, and the consumer, which lives on, has gone past it
        lost = self._lost or self._nc.stats["reconnects"] != self._connections
        if lost or (self._outstanding and time.monotonic() - self._last_heard > STALLED_AFTER):
            raise _StalledError
        batch, self._queue = self._queue, []
        await self._ask()
        return batch

    async def _ask(self) -> None:
        """Keep two requests' worth under way or waiting here, never more."""
        while self._outstanding + len(self._queue) <= self._size:
            if not self._outstanding:
                self._last_heard = time.monotonic()
            self._outstanding += self._size
            await self._nc.publish(self._next, self._request, reply=self._inbox)

    def _heard(self, subject: str, reply: str, headers: RawHeaders, body: bytes) -> None:
        self._last_heard = time.monotonic()
        status = headers.status
        if status is None:
            self._take(subject, reply, headers, body)
        elif status == "408":
            self._outstanding -= int(headers.get("Nats-Pending-Messages", "0"))
        elif status != "100":
            self._lost = True
        if status != "100":
            self._arrived.set()

    def _take(self, subject: str, reply: str, headers: RawHeaders, body: bytes) -> None:
        position, delivered, recorded, pending = ack_numbers(reply)
        if delivered <= self._delivered:
            return  # it came twice
        self._outstanding -= 1
        if delivered != self._delivered + 1:
            self._lost = True
        self._delivered = delivered
        self._queue.append(Entry(subject, position, recorded, headers, body, pending))


def ack_numbers(reply: str) -> tuple[int, int, int, int]:
    """Stream sequence, consumer sequence, Unix nanoseconds and how many are pending, from a delivered message's reply.

    `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<times>.<stream seq>.<consumer seq>.<ns>.<pending>[.<token>]`:
    nine parts, or eleven and more in the newer form.
    """
    tokens = reply.split(".")
    numbers = tokens[7:11] if len(tokens) >= 11 else tokens[5:9]
    position, delivered, recorded, pending = map(int, numbers)
    return position, delivered, recorded, pending
