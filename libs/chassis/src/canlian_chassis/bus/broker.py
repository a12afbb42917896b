"""FastStream's broker on a connection of ours, which handles as many messages at once as there are.

A subscriber of FastStream takes one message after another; with its own `max_workers` each was measured to cost three
times as much (ADR 0033). So each is handled in a task of its own, with all that FastStream does around a message in it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import nats.errors
import structlog
from faststream.nats import NatsBroker, NatsMessage
from faststream.nats.subscriber.usecases import CoreSubscriber
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import Connection, close, open_connection
from canlian_chassis.bus.wire import Headers, RawHeaders
from canlian_chassis.settings import Settings

log = structlog.get_logger()
Handle = Callable[[Msg], Awaitable[None]]
Answering = Callable[[bytes, Headers], Awaitable[bytes]]
"""A request's body and headers → the reply's body. Never raises."""

AT_ONCE = 512
"""Requests under way in one process; the others wait."""
MOST_WAITING = 128 * 1024 * 1024
"""Bytes of requests that wait, as nats-py bounds a subscription; beyond it they are dropped, and asked again."""
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
            parser=_read,
            decoder=_as_it_came,
            middlewares=middlewares,
            graceful_timeout=None,
            **about,
        )
        self._settings, self._service = settings, service
        self._under_way: set[asyncio.Future[None]] = set()
        self._waiting: deque[tuple[Msg, Handle]] = deque()
        self._waiting_bytes = 0

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

    def _take(self, message: Msg, handle: Handle) -> None:
        if len(self._under_way) >= AT_ONCE:
            self._wait(message, handle)
            return
        task = asyncio.ensure_future(handle(message))
        self._under_way.add(task)
        task.add_done_callback(self._taken)

    def _taken(self, task: asyncio.Future[None]) -> None:
        self._under_way.discard(task)
        if self._waiting:
            message, handle = self._waiting.popleft()
            self._waiting_bytes -= len(message.data)
            self._take(message, handle)

    def _wait(self, message: Msg, handle: Handle) -> None:
        if self._waiting_bytes + len(message.data) > MOST_WAITING:
            log.error("service.overrun", service=self._service, waiting=len(self._waiting))
            return
        self._waiting.append((message, handle))
        self._waiting_bytes += len(message.data)

    async def take_no_more(self) -> None:
        """Finish what was begun, for a few seconds. FastStream's own end would throw away what comes meanwhile."""
        for subscriber in cast(list[CoreSubscriber], self.subscribers):
            subscription, subscriber.subscription = subscriber.subscription, None
            if subscription is not None:
                with contextlib.suppress(nats.errors.Error):
                    await subscription.unsubscribe()
        with contextlib.suppress(TimeoutError, nats.errors.Error):
            async with asyncio.timeout(GRACE):
                # what the server gave to this process before it knew is here once it answers
                await self.connection.flush()
                while self._under_way:
                    await asyncio.wait(self._under_way)

    async def stop(self, *error: Any) -> None:
        connection, self._connection = self._connection, None
        await super().stop(*error)
        if connection is not None:
            await close(connection)


class _EachInATask:
    """A connection whose subscriptions hand over each message, as it is read, with what is to handle it."""

    def __init__(self, connection: Connection, take: Callable[[Msg, Handle], None]) -> None:
        self._connection, self._take = connection, take

    async def subscribe(self, subject: str, *, cb: Handle, **more: Any) -> Subscription:
        nc = self._connection

        def take(subject: str, reply: str, headers: RawHeaders, body: bytes) -> None:
            self._take(Msg(nc, subject, reply, body, headers.all()), cb)

        return await nc.take(subject, take, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def _read(message: Msg) -> NatsMessage:
    """Without the parts of the subject, which nobody asks for, and under the command's own id."""
    headers = message.headers or {}
    id_ = headers.get(wire.COMMAND, "-")
    return NatsMessage(
        message, message.data, reply_to=message.reply, headers=headers, correlation_id=id_, message_id=id_
    )


async def _as_it_came(message: NatsMessage) -> Msg:
    return message.raw_message
