"""FastStream's broker on a connection of ours, which handles as many messages at once as there are.

A subscriber of FastStream takes one message after another; with its own `max_workers` each was measured to cost three
times as much (ADR 0033). So each is handled in a task of its own, with all that FastStream does around a message in it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import nats.errors
from faststream.nats import NatsBroker, NatsMessage
from faststream.nats.subscriber.usecases import CoreSubscriber
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from canlian_chassis.bus.client import open_connection
from canlian_chassis.bus.wire import Headers
from canlian_chassis.settings import Settings

Answering = Callable[[bytes, Headers], Awaitable[bytes]]
"""A request's body and headers → the reply's body. Never raises."""

AT_ONCE = 512
"""Requests under way in one process; the others wait in its inbox."""
GRACE = 3.0
"""Seconds in which what was begun is finished."""


class Broker(NatsBroker):
    """Serves what a service answers. `connection` is there once it is connected, which waits for the server."""

    def __init__(self, settings: Settings, service: str, middlewares: Sequence[Any] = (), **about: Any) -> None:
        super().__init__(
            settings.nats_url,
            name=service,
            logger=None,
            apply_types=False,
            decoder=_as_it_came,
            middlewares=middlewares,
            graceful_timeout=None,
            **about,
        )
        self._settings, self._service = settings, service
        self._under_way: set[asyncio.Future[None]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def _connect(self) -> Nats:
        connection = await open_connection(self._settings, self._service)
        self.config.connect(_EachInATask(connection, self._take))
        return connection

    def answer(self, subject: str, about: type, answering: Answering) -> None:
        """Let `answering` answer what comes on a subject: one process of the service, where several listen.

        `about` is what comes, as AsyncAPI tells it.
        """

        async def take(message: Any) -> None:
            reply = await answering(message.data, message.headers or {})
            # a connection lost meanwhile: whoever asked will ask again, and the answer will be the same
            with contextlib.suppress(nats.errors.Error):
                await self.connection.publish(message.reply, reply)

        take.__annotations__["message"] = about
        take.__name__ = about.__name__
        self.subscriber(
            subject,
            queue=self._service,
            no_reply=True,
            title=about.__name__,
            description=(about.__doc__ or "").strip(),
        )(take)

    async def _take(self, message: Msg, handle: Callable[[Msg], Awaitable[None]]) -> None:
        await self._room.acquire()
        task = asyncio.ensure_future(handle(message))
        self._under_way.add(task)
        task.add_done_callback(self._taken)

    def _taken(self, task: asyncio.Future[None]) -> None:
        self._room.release()
        self._under_way.discard(task)

    async def take_no_more(self) -> None:
        """Finish what was begun, for a few seconds. FastStream's own end would throw away what comes meanwhile."""
        for subscriber in cast(list[CoreSubscriber], self.subscribers):
            subscription, subscriber.subscription = subscriber.subscription, None
            if subscription is not None:
                with contextlib.suppress(nats.errors.Error):
                    await subscription.unsubscribe()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=GRACE)

    async def stop(self, *error: Any) -> None:
        connection, self._connection = self._connection, None
        await super().stop(*error)
        if connection is not None:
            await connection.close()


class _EachInATask:
    """A connection whose subscriptions hand over each message with what is to handle it."""

    def __init__(self, connection: Nats, take: Callable[[Msg, Any], Awaitable[None]]) -> None:
        self._connection, self._take = connection, take

    async def subscribe(self, subject: str, *, cb: Callable[[Msg], Awaitable[None]], **more: Any) -> Subscription:
        async def take(message: Msg) -> None:
            await self._take(message, cb)

        return await self._connection.subscribe(subject, cb=take, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def _as_it_came(message: NatsMessage) -> Msg:
    return message.raw_message
