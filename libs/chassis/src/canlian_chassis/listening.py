"""Answers requests from the bus: many at once, each in a task of its own, and those begun are finished at the end.

With nats-py alone: handing a message over takes a twentieth of what FastStream's subscriber takes (ADR 0012).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import nats.errors
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from canlian_chassis.bus.wire import Headers

Answering = Callable[[bytes, Headers], Awaitable[bytes]]
"""A request's body and headers → the reply's body. Never raises."""

_AT_ONCE = 512
"""Requests under way in one process; the others wait in its inbox."""
_GRACE = 3.0
"""Seconds in which what was begun is finished."""


class Listening:
    """One process of a service: its processes share the subjects, each request goes to one of them."""

    def __init__(self, nc: Nats, service: str) -> None:
        self._nc, self._service = nc, service
        self._subscriptions: list[Subscription] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def listen(self, subject: str, answering: Answering) -> None:
        async def take(message: Msg) -> None:
            await self._room.acquire()
            task = asyncio.create_task(self._answer(message, answering))
            self._under_way.add(task)
            task.add_done_callback(self._answered)

        self._subscriptions.append(await self._nc.subscribe(subject, queue=self._service, cb=take))

    async def _answer(self, message: Msg, answering: Answering) -> None:
        reply = await answering(message.data, message.headers or {})
        # a connection lost meanwhile: whoever asked will ask again, and the answer will be the same
        with contextlib.suppress(nats.errors.Error):
            await self._nc.publish(message.reply, reply)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._room.release()
        self._under_way.discard(task)

    async def stop(self) -> None:
        """Take no more, and finish what was begun, for a few seconds."""
        for subscription in self._subscriptions:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_GRACE)
