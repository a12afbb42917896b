"""What policies keep beside the log: how far they have answered it, and the events that they could not answer.

Those are set aside so that they hold up nobody but their own aggregate. Each is an entry of the bucket `policies`. A
person asks for it to be replayed or dropped, with a reason; the running service, which watches the bucket, does so, and
what was asked stays there as an entry of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from nats.aio.client import Client as Nats
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.kv import KeyValue
from pydantic import BaseModel

from canlian_chassis.log.jetstream import Place
from canlian_chassis.policies.retry import lasting

BUCKET = "policies"


class Overtaken(Exception):
    """Another process acts for the service, or may: what is under way here ends at once."""


class Asked(BaseModel, frozen=True):
    """What somebody wants done with a parked event."""

    what: Literal["replay", "drop"]
    reason: str
    by: str
    at: datetime


class Parked(BaseModel, frozen=True):
    """`behind` says that nothing is wrong with it but that an earlier event of its aggregate is parked."""

    service: str
    aggregate_id: str
    position: int
    event: str
    """Its wire name."""
    why: str
    since: datetime
    behind: bool = False
    asked: Asked | None = None

    @property
    def place(self) -> str:
        return f"{self.service}.{self.aggregate_id}.{self.position}"


class Settled(BaseModel, frozen=True):
    """What became of a parked event, and who asked for it."""

    parked: Parked
    outcome: Literal["replayed", "dropped", "failed again"]
    at: datetime


class Mark(NamedTuple):
    """A place up to which a service's policies have answered, and `reach`, up to where what followed is in the log."""

    position: int = 0
    recorded_ns: int = 0
    reach: int = 0

    @property
    def place(self) -> Place:
        return Place(self.position, self.recorded_ns)


class Parking:
    """The bucket beside the log: where each service's policies stand, what is parked, what was done about it."""

    def __init__(self, js: JetStreamContext, bucket: KeyValue) -> None:
        self._js, self._bucket = js, bucket

    @classmethod
    async def open(cls, nc: Nats, replicas: int = 1, timeout: float = 10) -> Parking:
        """The bucket, made where it is not there yet; waits for the server."""
        js = nc.jetstream(timeout=timeout)
        config = KeyValueConfig(bucket=BUCKET, history=1, storage=StorageType.FILE, replicas=replicas)

        async def bucket() -> KeyValue:
            try:
                return await js.key_value(BUCKET)
            except NotFoundError:
                return await js.create_key_value(config)

        return cls(js, await lasting(bucket))

    async def marks(self, service: str) -> tuple[list[Mark], int]:
        """Up to where the service's policies have answered, and marks before it, newest first; and their revision."""
        value, revision = await self.read(service)
        said = json.loads(value or "0")
        if isinstance(said, int):  # as it was written at first
            return [Mark(said)], revision
        return [Mark(*mark) for mark in said["places"]], revision

    async def save_marks(self, service: str, marks: Sequence[Mark], revision: int, by: str) -> int:
        """The new revision. Raises Overtaken where it is not `revision` that is replaced."""
        return await self.swap(service, json.dumps({"by": by, "places": marks}), revision)

    async def parked(self, service: str = "*") -> list[Parked]:
        """What is parked, in the order of the log."""
        found = map(Parked.model_validate_json, await self._values(f"parked.{service}.>"))
        return sorted(found, key=lambda parked: parked.position)

    async def park(self, parked: Parked) -> None:
        await self._put(f"parked.{parked.place}", parked.model_dump_json())

    async def ask(self, parked: Parked, asked: Asked) -> None:
        """Have the service replay or drop it; it does so within a second or two, or as soon as it runs."""
        await self.park(parked.model_copy(update={"asked": asked}))

    async def settle(self, parked: Parked, outcome: Literal["replayed", "dropped", "failed again"]) -> None:
        """Note what was done; what did not fail again is parked no longer."""
        now = datetime.now(UTC)
        settled = Settled(parked=parked, outcome=outcome, at=now)
        await self._put(f"settled.{parked.place}.{now:%Y%m%d%H%M%S%f}", settled.model_dump_json())
        if outcome != "failed again":
            await self.forget(parked)

    async def settled(self, service: str = "*") -> list[Settled]:
        """What was replayed or dropped so far, oldest first."""
        found = map(Settled.model_validate_json, await self._values(f"settled.{service}.>"))
        return sorted(found, key=lambda settled: settled.at)

    async def forget(self, parked: Parked) -> None:
        await lasting(lambda: self._bucket.purge(f"parked.{parked.place}"))

    async def read(self, key: str) -> tuple[bytes | None, int]:
        """An entry's value and revision; a value that is not there has one too, where it was taken away."""
        try:
            entry = await self._bucket.get(key)
        except KeyNotFoundError as gone:
            return None, (gone.entry.revision or 0) if gone.entry else 0
        return entry.value, entry.revision or 0

    async def swap(self, key: str, value: str, revision: int) -> int:
        """Put a value in the place of the one of a revision; the new one's revision, also where an answer was lost.

        Raises Overtaken where somebody else has put another there, and one of LOST.
        """
        try:
            return await self._bucket.update(key, value.encode(), last=revision)
        except KeyWrongLastSequenceError:
            there, now = await self.read(key)
            if there == value.encode():
                return now
            raise Overtaken(key) from None

    async def _values(self, keys: str) -> list[bytes]:
        """The values under a filter as they are now."""
        # the client's own `keys` reads the whole bucket, and takes a filter for a part of a name
        prefix = f"$KV.{BUCKET}."
        info = await self._js.stream_info(f"KV_{BUCKET}", subjects_filter=prefix + keys)
        found = [await self.read(subject.removeprefix(prefix)) for subject in info.state.subjects or ()]
        return [value for value, _ in found if value]

    async def _put(self, key: str, value: str) -> None:
        await lasting(lambda: self._bucket.put(key, value.encode()))


def thinned(marks: Sequence[Mark]) -> list[Mark]:
    """The first, and of those before it the farthest within each power of four: an older log is found not far back.

    One that holds all that followed is kept rather than one from which it is further back to such a one.
    """
    newest, kept = marks[0], dict[int, Mark]()
    for mark in sorted(marks[1:], key=lambda mark: (mark.reach > mark.position, mark)):
        if 0 < mark.position < newest.position:
            kept.setdefault((newest.position - mark.position).bit_length() // 2, mark)
    return [newest, *sorted(kept.values(), reverse=True)]


def changes(service: str) -> str:
    """The subject on which a service hears of changes to what it has parked."""
    return f"$KV.{BUCKET}.parked.{service}.>"
