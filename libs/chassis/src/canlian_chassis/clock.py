"""The time by which rules, timers and pages go. Tests may move it ahead, where a setting allows it; else it is real.

How far ahead it is stands in a key-value entry that every part follows. Sign-in, tokens and the log's own times are
real always.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta

import structlog
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import Error as JetStreamError
from nats.js.errors import KeyNotFoundError, NotFoundError

from canlian_chassis import tasks
from canlian_chassis.settings import Settings

log = structlog.get_logger()
BUCKET = "clock"
_KEY = "ahead"
_READ_AGAIN_SECONDS = 2.0
"""A change said while the connection was lost is found by reading again."""


class Clock:
    """A process has one, `CLOCK`. `ahead` is zero unless somebody moved it, which needs `movable`."""

    def __init__(self) -> None:
        self.ahead, self.movable = timedelta(0), False
        self._listeners: set[Callable[[], None]] = set()

    def now(self) -> datetime:
        """In UTC."""
        return datetime.now(UTC) + self.ahead

    def real(self, moment: datetime) -> datetime:
        """When, by the server's clock, this one shows `moment`."""
        return moment.astimezone(UTC) - self.ahead

    @contextlib.contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` each time the clock is moved, for as long as the block lasts."""
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)

    def set_ahead(self, ahead: timedelta) -> None:
        if ahead == self.ahead:
            return
        log.warning("clock.moved", ahead=str(ahead))
        self.ahead = ahead
        for listener in tuple(self._listeners):
            listener()

    @contextlib.asynccontextmanager
    async def following(self, nc: Nats, settings: Settings) -> AsyncIterator[None]:
        """Follow the entry for as long as the block lasts; where the clock is not movable, do nothing at all."""
        self.movable = settings.movable_clock
        if not self.movable:
            yield
            return

        async def heard(message: Msg) -> None:
            self.set_ahead(_seconds(message.data))

        subscription = await nc.subscribe(f"$KV.{BUCKET}.{_KEY}", cb=heard)
        await self._read(nc)
        task = asyncio.create_task(self._read_again(nc), name="clock")
        try:
            yield
        finally:
            await tasks.stop(task)
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()

    async def _read_again(self, nc: Nats) -> None:
        while True:
            await asyncio.sleep(_READ_AGAIN_SECONDS)
            await self._read(nc)

    async def _read(self, nc: Nats) -> None:
        with contextlib.suppress(NatsError, JetStreamError, TimeoutError, OSError):
            self.set_ahead(await read_ahead(nc))


CLOCK = Clock()


async def read_ahead(nc: Nats) -> timedelta:
    """How far ahead the system's clock was moved; zero where it never was."""
    try:
        bucket = await nc.jetstream().key_value(BUCKET)
        return _seconds((await bucket.get(_KEY)).value or b"0")
    except (NotFoundError, KeyNotFoundError):
        return timedelta(0)


async def move(nc: Nats, settings: Settings, ahead: timedelta) -> None:
    """Set how far ahead of the real time the whole system's clock is. Raises ValueError where it is not movable."""
    if not settings.movable_clock:
        raise ValueError("the clock of this system is not movable: CANLIAN_MOVABLE_CLOCK is not set")
    bucket = await nc.jetstream().create_key_value(KeyValueConfig(bucket=BUCKET, storage=StorageType.FILE))
    await bucket.put(_KEY, str(ahead.total_seconds()).encode())


def _seconds(value: bytes) -> timedelta:
    return timedelta(seconds=float(value or 0))
