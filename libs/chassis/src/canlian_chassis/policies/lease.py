"""One process of a service at a time runs its policies and timers: the one that holds the lease.

The lease is an entry of the bucket `policies` that its holder writes anew each second. Nobody compares clocks: another
process takes it when it has seen the same revision for long enough by its own, and the server lets only one of two
have it. Whoever could not renew it in time has stopped before anybody else may begin.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable

import structlog
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from pydantic import BaseModel

from canlian_chassis import tasks
from canlian_chassis.policies.parked import Overtaken, Parking
from canlian_chassis.policies.retry import LOST
from canlian_events.core import extent

log = structlog.get_logger()
Work = Callable[[], Awaitable[None]]
_RENEWED_EVERY = 1.0
_GOOD_FOR = 3.0
"""Seconds since it last renewed the lease for which a holder acts."""
_GONE_AFTER, _FREE_AFTER = 3.5, 5.0
"""Seconds without a renewal after which another may act: one whose connection the server no longer has, or anybody."""
_LOOK_EVERY = 0.25
_ANSWERED_WITHIN = 1.0


class Holder(BaseModel, frozen=True):
    """Who runs a service's policies. `free`: nobody does, and whoever knows as much as `extent` may begin at once."""

    id: str
    extent: int
    count: int = 0
    free: bool = False


class Lease:
    """A service's lease as one process of it sees it. A newer release is given it by an older one that it asks."""

    def __init__(self, service: str, nc: Nats, replicas: int = 1) -> None:
        self._service, self._nc, self._replicas = service, nc, replicas
        self.holder, self._extent = uuid.uuid4().hex, extent()
        self._wanted = 0
        """How much the newer release knows that asked for the lease."""
        self._revision = self._count = 0
        self._good_until = 0.0
        self._expiry: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def held(self) -> bool:
        return time.monotonic() < self._good_until

    def check(self) -> None:
        """To be asked right before anything is sent or written.

        Raises Overtaken where somebody else may be acting, ConnectionError where it would be sent who knows when.
        """
        if not self.held:
            raise Overtaken("the lease was not renewed in time")
        if not self._nc.is_connected:
            raise ConnectionError

    async def run(self, *works: Work) -> None:
        """For ever: do the work whenever the lease is held. Cancel to stop, and then `give_back`."""
        await self._nc.subscribe(_asking(self._service, self.holder), cb=self._hear)
        while True:
            await self._acquire()
            log.info("policies.active", service=self._service)
            await self._hold(works)
            if self._wanted:
                await self.give_back()
            log.info("policies.standing_by", service=self._service)

    async def give_back(self) -> None:
        """Let the next one begin at once; where that can't be said, it has to find out."""
        free = Holder(id=self.holder, extent=max(self._extent, self._wanted), count=self._count, free=True)
        if self._revision:
            with contextlib.suppress(Overtaken, *LOST):
                await self._parking.swap(self._key, free.model_dump_json(), self._revision)
        self._revision = self._wanted = 0

    async def _acquire(self) -> None:
        seen, since, self._good_until = -1, 0.0, 0.0
        while not self.held:
            with contextlib.suppress(Overtaken, ValueError, *LOST):
                self._parking = await Parking.open(self._nc, self._replicas, timeout=_ANSWERED_WITHIN)
                value, revision = await self._parking.read(self._key)
                if revision != seen:
                    seen, since = revision, time.monotonic()
                holder = Holder.model_validate_json(value) if value else None
                if await self._may_take(holder, time.monotonic() - since):
                    await self._renew(revision)
                    continue
            await asyncio.sleep(_LOOK_EVERY)

    async def _may_take(self, holder: Holder | None, still: float) -> bool:
        if holder is None or still > _FREE_AFTER:
            return True
        if holder.free or holder.id == self.holder:
            return self._extent >= holder.extent
        if still > _GONE_AFTER or self._extent > holder.extent:
            subject, ours = _asking(self._service, holder.id), str(self._extent).encode()
            try:
                await self._nc.request(subject, ours, timeout=_ANSWERED_WITHIN)
            except NoRespondersError:
                return still > _GONE_AFTER
        return False

    async def _hear(self, message: Msg) -> None:
        """Another process asks whether we are there, and says how much it knows."""
        await message.respond(b"")
        if self._tasks and int(message.data) > self._extent:
            self._wanted = int(message.data)
            self._stop()

    async def _hold(self, works: tuple[Work, ...]) -> None:
        """Work until the lease is lost, or wanted by a newer release."""
        acts = [self._keep_renewing(), *map(_keep_running, works)]
        self._tasks = [asyncio.create_task(act) for act in acts]
        try:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stop()
            await tasks.stop(*self._tasks)
            self._tasks = []

    def _stop(self) -> None:
        self._good_until = 0.0
        for task in self._tasks:
            task.cancel()

    async def _keep_renewing(self) -> None:
        pause = _RENEWED_EVERY
        while True:
            await asyncio.sleep(pause)
            try:
                await self._renew(self._revision)
                pause = _RENEWED_EVERY
            except Overtaken:
                return
            except LOST:
                pause = _LOOK_EVERY

    async def _renew(self, revision: int) -> None:
        """Raises Overtaken, or one of LOST: then it may be ours or not, and the next call finds out."""
        begun = time.monotonic()
        ours = Holder(id=self.holder, extent=self._extent, count=self._count + 1)
        self._revision = await self._parking.swap(self._key, ours.model_dump_json(), revision)
        self._count += 1
        self._good_until = begun + _GOOD_FOR
        if self._expiry:
            self._expiry.cancel()
        # at once, and not when somebody comes to look: whoever was paused finds itself stopped
        left = self._good_until - time.monotonic()
        self._expiry = asyncio.get_running_loop().call_later(left, self._stop)

    @property
    def _key(self) -> str:
        return f"lease.{self._service}"


def _asking(service: str, holder: str) -> str:
    """Where a process of a service hears, for as long as it lives, who wants its lease."""
    return f"lease.{service}.{holder}"


async def _keep_running(work: Work) -> None:
    while True:
        try:
            await work()
        except Overtaken:
            return
        except Exception:
            log.exception("policies.failed")
            await asyncio.sleep(1)
