"""The event log on JetStream: create it, append to it, load one aggregate. `following` reads it all.

All that is asked of the stream stands in one file, beside the error codes that it may answer.

Error codes and costs of the server were measured; see docs/adr for what was decided from them.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import nats.errors
import nats.js.errors
from nats.aio.client import Client as Nats
from nats.js.api import (
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from canlian_chassis.bus.client import taking
from canlian_chassis.bus.wire import Headers, RawHeaders
from canlian_events import subjects

STREAM = "LOG"
MAX_BATCH = 1000
_DUPLICATE_IN_BATCH = 10201
_BUSY = {10210, 429, 10176}
"""Too many batches are open on the stream. The server says so to a batch's first message; to one that did not ask, it
says at the end that the batch is incomplete (10176), as it does where a new leader does not know the batch's beginning.
Either way nothing of it is stored."""
_NO_ROOM = {10002, 10023, 10028, 10047, 10077}
_NO_MESSAGE = 10037
_MANY = 100
"""Filters in one request: in the worst case the server loads a block of its file for each, some ten milliseconds."""
_MAX_OPEN_BATCHES = 32
"""The server allows about 50 open batches on a stream; several processes share them, and back off when told."""
_STORED_WITHIN = 5.0
_READ_WITHIN = 2.0
"""Seconds until what was asked counts as lost and is asked again: a cluster drops what comes while it has no leader.
Together they fit into the eight seconds that a caller waits."""
_HEARD_WITHIN_NS = 2_500_000_000
"""Nanoseconds. Members of a cluster hear from each other every second and choose another leader after four at the
earliest, while one that is cut off from them was measured to call itself the leader for nineteen."""
_NEW_LEADER_PAUSES = (0.5, 0.5, 0.0)
"""Seconds: a new leader of a cluster may not know its last events yet."""


class Conflict(Exception):
    """Something came in between, or the outcome is unknown: load again and decide again."""


class NoAnswer(Conflict):
    """The log said nothing: what was sent to it may be stored or not."""


class AlreadyStored(Conflict):
    """An event of this id is in the log: the same command came a moment ago, or its id was used for another."""


class Full(Exception):
    """The server has no room for more, by its own limits. Nothing was stored."""


class LogPutBack(Exception):
    """The log is not the one that was read up to here: an older copy was put in its place."""


class Place(NamedTuple):
    """How far somebody has read, and what proves that it was this log: when the message there was recorded.

    A copy put back keeps the times of what it holds; what is written after it gets others. 0 where nobody noted it.
    """

    position: int = 0
    recorded_ns: int = 0


class Entry(NamedTuple):
    """A message of the log as it is stored. `recorded_ns` is Unix time in nanoseconds, by the server's clock."""

    subject: str
    position: int
    recorded_ns: int
    headers: Mapping[str, str]
    body: bytes
    pending: int = 0
    """How many messages were waiting behind it when it was read."""

    @property
    def place(self) -> Place:
        return Place(self.position, self.recorded_ns)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A message to append. `expects` = (filter, last position under it), checked by the server before it stores.

    With `guards` the filter is of an aggregate that is only read. Nothing else in the batch may write to that one: the
    server checks the whole batch on what was before it.
    """

    subject: str
    headers: Headers
    body: bytes
    expects: tuple[str, int] | None = None
    guards: bool = False


def _wire_headers(entry: NewEntry) -> Headers:
    if entry.expects is None:
        return entry.headers
    filter_, last = entry.expects
    return entry.headers | {
        "Nats-Expected-Last-Subject-Sequence": str(last),
        "Nats-Expected-Last-Subject-Sequence-Subject": filter_,
    }


class Log:
    """One federation's log, or a stream beside it that is kept as strictly. Cheap to make; shares its connection."""

    def __init__(
        self, nc: Nats, stream: str = STREAM, filters: Sequence[str] = (subjects.EVENTS, subjects.CLAIMS)
    ) -> None:
        self._nc, self._stream, self._filters = nc, stream, filters
        self._js = nc.jetstream(timeout=_READ_WITHIN)
        self._open_batches = asyncio.Semaphore(_MAX_OPEN_BATCHES)
        self._is_replicated = True  # until the server says that it is not

    @property
    def connections(self) -> int:
        """How often the connection was made anew: the log behind it may be another then."""
        return int(self._nc.stats["reconnects"])

    async def ensure(self, replicas: int = 1) -> None:
        """Create the stream if it is not there; waits while the server is not ready yet."""
        config = StreamConfig(
            name=self._stream,
            subjects=list(self._filters),
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            num_replicas=replicas,
            duplicate_window=120,
            allow_direct=True,
            allow_atomic=True,
            deny_delete=True,
            deny_purge=True,
        )
        # a cluster without a leader drops what is asked of it, so ask again soon
        js = self._nc.jetstream(timeout=_READ_WITHIN)
        while True:
            try:
                await js.add_stream(config)
                return
            except nats.js.errors.BadRequestError:
                # it exists, set up by somebody (an operator with other limits, say), and theirs stands;
                # or a cluster has not found all its members yet
                with contextlib.suppress(nats.js.errors.NotFoundError, nats.errors.Error):
                    await js.stream_info(self._stream)
                    return
            except (nats.js.errors.ServiceUnavailableError, nats.errors.Error):
                pass
            await asyncio.sleep(0.3)

    async def last_position(self) -> int:
        """The position of the last message in the log; 0 when it is empty."""
        return (await self.end()).position

    async def end(self) -> Place:
        """The last message in the log, as its leader knows it: nothing else says that there is no more.

        Raises Conflict where whoever answers may be the leader no longer.
        """
        info = await self._api(f"STREAM.INFO.{self._stream}")
        state, cluster = info["state"], info.get("cluster") or {}
        others = cluster.get("replicas") or []
        self._is_replicated = bool(others)
        heard = sum(other.get("active", 0) < _HEARD_WITHIN_NS for other in others)
        if others and (not cluster.get("leader") or 2 * (1 + heard) <= 1 + len(others)):
            raise Conflict("who answers for the log does not hear from most of the others")
        last = int(state["last_seq"])
        return Place(last, _nanoseconds(state["last_ts"]) if last else 0)

    async def holds(self, place: Place, *, patient: bool = True) -> bool:
        """Whether this is the log that was read up to there, and not a copy put in its place that lacks or differs.

        Whoever has just been told that it is another need not be patient with a leader that may be new.
        """
        if place.position == 0:
            return True
        for pause in _NEW_LEADER_PAUSES if patient else (0.0,):
            found = (await self._api(f"STREAM.MSG.GET.{self._stream}", {"seq": place.position})).get("message")
            if found:
                return place.recorded_ns in (0, _nanoseconds(found["time"]))
            await asyncio.sleep(pause)
        return False

    async def last_position_of(self, filter_: str) -> int:
        """The position of the last message under a subject or filter, 0 for none, from the leader: never stale."""
        last = await self.last_of(filter_)
        return last.position if last else 0

    async def last_of(self, filter_: str) -> Entry | None:
        """The last message under a subject or filter, from the stream's leader: never stale."""
        asked = self._api(f"STREAM.MSG.GET.{self._stream}", {"last_by_subj": filter_})
        if self._is_replicated:
            reply, _ = await asyncio.gather(asked, self.end())
        else:
            reply = await asked
        message = reply.get("message")
        return _stored(message) if message else None

    async def last_positions(self, filters: Sequence[str]) -> dict[str, int]:
        """The position of the last message of each subject under many filters. What is not told may be there all the
        same: a replica may answer that is behind its leader.
        """
        found: dict[str, int] = {}
        for start in range(0, len(filters), _MANY):
            page, _ = await self._page({"multi_last": filters[start : start + _MANY]})
            found |= {entry.subject: entry.position for entry in page}
        return found

    async def history(self, last: Mapping[str, int], after: int = 0) -> list[Entry]:
        """Everything above `after` of subjects that `last_positions` told, oldest first.

        Subject by subject: beyond 65,536 of them the server looks for one with a wildcard in the whole rest of the log.
        """
        changed = [subject for subject, position in last.items() if position > after]
        found = await asyncio.gather(*(self.read(subject, after) for subject in changed))
        return sorted(chain.from_iterable(found), key=lambda entry: entry.position)

    async def read(self, filter_: str, after: int = 0) -> list[Entry]:
        """The messages under a filter with a position above `after`, oldest first."""
        found: list[Entry] = []
        while True:
            page, more = await self.page(filter_, found[-1].position if found else after)
            found += page
            if not more or not page:
                return found

    async def entries(self, filter_: str, until: int) -> AsyncIterator[Entry]:
        """The messages under a filter up to a position, oldest first, a page of them in memory at a time."""
        after, more = 0, True
        while more and after < until:
            page, more = await self.page(filter_, after)
            for entry in page:
                if (after := entry.position) <= until:
                    yield entry

    async def page(self, filter_: str, after: int, size: int = MAX_BATCH) -> tuple[list[Entry], bool]:
        """At most `size` (up to 1,000) messages under a filter above `after`, and whether there were more."""
        return await self._page({"seq": after + 1, "next_by_subj": filter_, "batch": size})

    async def first_since(self, moment: datetime) -> Entry | None:
        """The first message recorded at a moment or later, by the server's clock."""
        since = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        found, _ = await self._page({"start_time": since, "next_by_subj": ">", "batch": 1})
        return found[0] if found else None

    async def _page(self, request: dict[str, Any]) -> tuple[list[Entry], bool]:
        page: list[Entry] = []
        ended: asyncio.Future[RawHeaders] = asyncio.get_running_loop().create_future()

        def take(_subject: str, _reply: str, headers: RawHeaders, body: bytes) -> None:
            if headers.status is None:
                page.append(_direct(headers, body))
            elif not ended.done():
                ended.set_result(headers)

        inbox = self._nc.new_inbox()
        async with taking(self._nc, inbox, take):
            await self._nc.publish(f"$JS.API.DIRECT.GET.{self._stream}", json.dumps(request).encode(), reply=inbox)
            seen = -1
            while not ended.done():
                if len(page) == seen:
                    raise NoAnswer("the log did not answer")
                seen = len(page)
                # a thousand messages may take a busy machine longer; only silence is no answer
                await asyncio.wait([ended], timeout=_READ_WITHIN)
        headers = ended.result()
        match headers.status:
            case "204":
                return page, int(headers.told("Nats-Num-Pending", "0")) > 0
            case "404":
                return page, False
            case _:
                raise Conflict(f"the log answered {headers.status}")

    async def append(self, entries: Sequence[NewEntry]) -> list[int]:
        """Store all or nothing; returns the positions, in order. At most 1,000 entries. Raises Conflict."""
        if len(entries) == 1:
            entry = entries[0]
            reply = await self._append_request(entry.subject, entry.body, _wire_headers(entry))
            return [reply["seq"]]
        async with self._open_batches:
            reply = await self._append_batch(entries)
        last = reply["seq"]
        return list(range(last - len(entries) + 1, last + 1))

    async def _append_batch(self, entries: Sequence[NewEntry]) -> dict[str, Any]:
        for attempt in range(40):
            try:
                return await self._put_batch(entries, knock=attempt > 0)
            except _BusyError:
                # other processes have batches open too; spread the retries so that they don't meet again
                await asyncio.sleep(random.uniform(0.2, 1.0) * 0.02 * min(attempt + 1, 10))
        raise Conflict("too many batches are open")

    async def _put_batch(self, entries: Sequence[NewEntry], knock: bool) -> dict[str, Any]:
        """With `knock`, ask whether there is room for a batch before the rest of it is sent."""
        batch = uuid.uuid4().hex
        for number, entry in enumerate(entries[:-1], 1):
            headers = _wire_headers(entry) | {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            if knock and number == 1:
                await self._append_request(entry.subject, entry.body, headers)
            else:
                await self._nc.publish(entry.subject, entry.body, headers=headers)
        last = entries[-1]
        headers = _wire_headers(last) | {
            "Nats-Batch-Id": batch,
            "Nats-Batch-Sequence": str(len(entries)),
            "Nats-Batch-Commit": "1",
        }
        return await self._append_request(last.subject, last.body, headers)

    async def _append_request(self, subject: str, body: bytes, headers: Headers) -> dict[str, Any]:
        try:
            message = await self._nc.request(subject, body, timeout=_STORED_WITHIN, headers=headers)
        except (nats.errors.TimeoutError, nats.errors.NoRespondersError, nats.errors.ConnectionClosedError) as error:
            raise NoAnswer(f"no answer from the log: {error!r}") from error
        reply: dict[str, Any] = json.loads(message.data or "{}")
        if problem := reply.get("error"):
            if {problem.get("err_code"), problem.get("code")} & _BUSY:
                raise _BusyError
            if problem.get("err_code") in _NO_ROOM:
                raise Full(problem.get("description"))
            raise AlreadyStored if problem.get("err_code") == _DUPLICATE_IN_BATCH else Conflict(problem)
        if reply.get("duplicate"):
            raise AlreadyStored
        return reply

    async def _api(self, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The server's answer; one that says that there is no such message is empty. Raises Conflict."""
        request = json.dumps(body).encode() if body else b""
        try:
            message = await self._nc.request(f"$JS.API.{name}", request, timeout=_READ_WITHIN)
        except (nats.errors.TimeoutError, nats.errors.NoRespondersError, nats.errors.ConnectionClosedError) as error:
            raise NoAnswer(f"no answer from the log: {error!r}") from error
        reply: dict[str, Any] = json.loads(message.data)
        if (problem := reply.get("error")) and problem.get("err_code") != _NO_MESSAGE:
            raise Conflict(problem)
        return reply


class _BusyError(Exception):
    pass


def _nanoseconds(text: str) -> int:
    """Unix nanoseconds of an RFC 3339 time with up to nine digits of fraction, as the server writes it."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    return _seconds(whole) * 1_000_000_000 + int(rest.ljust(9, "0") or 0)


@lru_cache(maxsize=64)
def _seconds(whole: str) -> int:
    """A page of events has few different seconds."""
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp())


def _direct(headers: RawHeaders, body: bytes) -> Entry:
    subject, position, recorded = map(headers.told, ("Nats-Subject", "Nats-Sequence", "Nats-Time-Stamp"))
    return Entry(subject, int(position), _nanoseconds(recorded), headers, body)


def _stored(message: dict[str, Any]) -> Entry:
    headers: Headers = {}
    for line in base64.b64decode(message.get("hdrs", "")).decode().split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name:
            headers[name] = value.strip()
    body = base64.b64decode(message.get("data", ""))
    return Entry(message["subject"], message["seq"], _nanoseconds(message["time"]), headers, body)
