"""A stream of the model: what is stored, what is refused and with which code, as nats-server 2.15 does it.

`test_model` compares all of this with the real server.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.simulation.protocol import block, covers, fields

EPOCH = 1_795_000_000
"""Unix seconds at virtual time 0."""
_EXPECTED, _EXPECTED_UNDER = "Nats-Expected-Last-Subject-Sequence", "Nats-Expected-Last-Subject-Sequence-Subject"
_SCHEDULE, _TARGET = "Nats-Schedule", "Nats-Schedule-Target"
_OPEN_BATCHES = 50
_BATCH_SECONDS = 10.0

Reply = dict[str, Any]


class Stored(NamedTuple):
    subject: str
    seq: int
    ns: int
    block: bytes
    headers: dict[str, str]
    body: bytes


class Arrived(NamedTuple):
    """A message on its way into a stream."""

    subject: str
    block: bytes
    headers: dict[str, str]
    body: bytes


class RefusedError(Exception):
    def __init__(self, code: int, err_code: int, description: str) -> None:
        self.reply = {"error": {"code": code, "err_code": err_code, "description": description}}


@dataclass
class Open:
    """A batch of which the end has not come."""

    messages: list[Arrived] = field(default_factory=list)
    since: float = 0.0


def nanoseconds(now: float) -> int:
    return EPOCH * 1_000_000_000 + int(now * 1_000_000_000)


def written(ns: int) -> str:
    """The time as the server writes it."""
    if ns == 0:
        return "0001-01-01T00:00:00Z"
    whole = datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{ns % 1_000_000_000:09d}Z"


def read_time(text: str) -> int:
    """Nanoseconds of an RFC 3339 time in UTC."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    return seconds * 1_000_000_000 + int(rest.ljust(9, "0") or 0)


class Stream:
    """`now` tells the server's virtual time; `stored` is called after each change, whatever it was."""

    def __init__(self, config: dict[str, Any], now: Callable[[], float]) -> None:
        self.config, self._now = config, now
        self.name: str = config["name"]
        self.created = nanoseconds(now())
        self.messages: dict[int, Stored] = {}
        self.by_subject: dict[str, list[int]] = {}
        self.last_seq = 0
        self.last_ns = 0
        self._ids: dict[str, tuple[int, float]] = {}
        self._open: dict[str, Open] = {}
        self.stored: Callable[[], None] = lambda: None

    @property
    def first_seq(self) -> int:
        return next(iter(self.messages), self.last_seq + 1 if self.last_seq else 0)

    def takes(self, subject: str) -> bool:
        return any(covers(filter_, subject) for filter_ in self.config["subjects"])

    def restarted(self) -> None:
        """What only the server's memory held is gone; message ids are read again from what is stored."""
        self._open.clear()
        self._ids = {}
        for message in self.messages.values():
            if id_ := message.headers.get("Nats-Msg-Id"):
                self._ids[id_] = message.seq, (message.ns - EPOCH * 1_000_000_000) / 1e9

    def copy(self) -> Stream:
        """As a backup holds it."""
        other = copy.copy(self)
        other.messages, other._ids, other._open = dict(self.messages), {}, {}
        other.by_subject = {subject: list(seqs) for subject, seqs in self.by_subject.items()}
        other.stored = lambda: None
        return other

    # --- what is asked of it

    def last(self, filter_: str) -> Stored | None:
        found = [seqs[-1] for subject, seqs in self.by_subject.items() if covers(filter_, subject)]
        return self.messages[max(found)] if found else None

    def next(self, after: int, filters: Sequence[str]) -> Stored | None:
        """The first message above a sequence that one of the filters covers; no filter covers all."""
        return next(self.above(after, filters), None)

    def above(self, after: int, filters: Sequence[str]) -> Iterator[Stored]:
        if after >= self.last_seq:
            return
        for seq in range(max(after + 1, self.first_seq), self.last_seq + 1):
            message = self.messages.get(seq)
            if message and (not filters or any(covers(filter_, message.subject) for filter_ in filters)):
                yield message

    def last_of_each(self, filters: Iterable[str], up_to: int) -> list[Stored]:
        found = []
        for subject, seqs in self.by_subject.items():
            if any(covers(filter_, subject) for filter_ in filters):
                found += [seq for seq in seqs if seq <= up_to][-1:]
        return [self.messages[seq] for seq in sorted(found)]

    def counts(self, filter_: str) -> dict[str, int]:
        return {subject: len(seqs) for subject, seqs in self.by_subject.items() if covers(filter_, subject)}

    def purge(self, filter_: str = ">", below: int = 0, keep: int = 0) -> int:
        chosen = sorted(s for subject, seqs in self.by_subject.items() if covers(filter_, subject) for s in seqs)
        if below:
            chosen = [seq for seq in chosen if seq < below]
        if keep:
            chosen = chosen[:-keep]
        for seq in chosen:
            self.remove(seq)
        return len(chosen)

    def remove(self, seq: int) -> None:
        message = self.messages.pop(seq, None)
        if message:
            seqs = self.by_subject[message.subject]
            seqs.remove(seq)
            if not seqs:
                del self.by_subject[message.subject]

    # --- what is stored in it

    def publish(self, message: Arrived) -> Reply | None:
        """The answer, None for an empty one. Raises RefusedError."""
        if "Nats-Batch-Id" in message.headers:
            return self._publish_in_batch(message)
        self._check(message)
        duplicate = self._known(message)
        if duplicate is not None:
            return {"stream": self.name, "seq": duplicate, "duplicate": True}
        reply = {"stream": self.name, "seq": self._store(message)}
        self.stored()
        return reply

    def _publish_in_batch(self, message: Arrived) -> Reply | None:
        id_, number = message.headers["Nats-Batch-Id"], int(message.headers["Nats-Batch-Sequence"])
        if not self.config.get("allow_atomic"):
            raise RefusedError(400, 10174, "atomic publish is disabled")
        commits = message.headers.get("Nats-Batch-Commit") == "1"
        self._open = {key: batch for key, batch in self._open.items() if self._now() - batch.since < _BATCH_SECONDS}
        if number == 1:
            if len(self._open) >= _OPEN_BATCHES:
                raise RefusedError(429, 10210, "atomic publish too many inflight")
            self._open[id_] = Open()
        batch = self._open.get(id_)
        if batch is None or number != len(batch.messages) + 1:
            self._open.pop(id_, None)
            raise RefusedError(400, 10176, "atomic publish batch is incomplete")
        batch.messages.append(message)
        batch.since = self._now()
        if not commits:
            return None
        del self._open[id_]
        return self._commit(id_, batch.messages)

    def _commit(self, id_: str, messages: list[Arrived]) -> Reply:
        ids: set[str] = set()
        for message in messages:
            given = message.headers.get("Nats-Msg-Id")
            if given and (given in ids or self._known(message) is not None):
                raise RefusedError(400, 10201, "atomic publish batch contains duplicate message id")
            ids.add(given or "")
            self._check(message)
        for message in messages:
            self._store(message)
        self.stored()
        return {"stream": self.name, "seq": self.last_seq, "batch": id_, "count": len(messages)}

    def _known(self, message: Arrived) -> int | None:
        id_ = message.headers.get("Nats-Msg-Id")
        seq, since = self._ids.get(id_ or "", (0, 0.0))
        return seq if seq and self._now() - since < self.config["duplicate_window"] / 1e9 else None

    def _check(self, message: Arrived) -> None:
        """Raises RefusedError where the message expects another last sequence, or is no schedule."""
        expected = message.headers.get(_EXPECTED)
        if expected is not None:
            last = self.last(message.headers.get(_EXPECTED_UNDER, message.subject))
            if int(expected) != (last.seq if last else 0):
                raise RefusedError(400, 10071, f"wrong last sequence: {last.seq if last else 0}")
        whole = message.headers.get("Nats-Expected-Last-Sequence")
        if whole is not None and int(whole) != self.last_seq:
            raise RefusedError(400, 10071, f"wrong last sequence: {self.last_seq}")
        if (at := message.headers.get(_SCHEDULE)) is not None:
            if not at.startswith("@at "):
                raise RefusedError(400, 10189, "message schedules pattern is invalid")
            if not self.takes(message.headers.get(_TARGET, "")):
                raise RefusedError(400, 10190, "message schedules target is invalid")

    def _store(self, message: Arrived) -> int:
        self.last_seq += 1
        self.last_ns = max(self.last_ns + 1, nanoseconds(self._now()))
        stored = Stored(message.subject, self.last_seq, self.last_ns, message.block, message.headers, message.body)
        self.messages[self.last_seq] = stored
        self.by_subject.setdefault(message.subject, []).append(self.last_seq)
        if id_ := message.headers.get("Nats-Msg-Id"):
            self._ids[id_] = self.last_seq, self._now()
        most: int = self.config["max_msgs_per_subject"]
        if message.headers.get("Nats-Rollup") == "sub" or _SCHEDULE in message.headers:
            most = 1
        if most > 0:
            for seq in self.by_subject[message.subject][:-most]:
                self.remove(seq)
        return self.last_seq

    # --- schedules

    def next_schedule(self) -> tuple[int, Stored] | None:
        """The schedule that is due first, and when (nanoseconds)."""
        if not self.config.get("allow_msg_schedules"):
            return None
        waiting = [
            (read_time(message.headers[_SCHEDULE].removeprefix("@at ")), message)
            for seqs in self.by_subject.values()
            if _SCHEDULE in (message := self.messages[seqs[-1]]).headers
        ]
        return min(waiting, key=lambda pair: (pair[0], pair[1].seq), default=None)

    def fire(self, message: Stored) -> None:
        """Move a schedule's message to where it is meant to go."""
        headers = {name: value for name, value in message.headers.items() if name not in (_SCHEDULE, _TARGET)}
        headers.pop("Nats-Msg-Id", None)
        headers |= {"Nats-Scheduler": message.subject, "Nats-Schedule-Next": "purge"}
        for name in (_EXPECTED, _EXPECTED_UNDER):
            headers.pop(name, None)
        raw = block(headers)
        self.remove(message.seq)
        self._store(Arrived(message.headers[_TARGET], raw, fields(raw), message.body))
        self.stored()
