"""Commands that wait for their time, as scheduled messages of the server: they survive whatever restarts.

A timer waits in a stream of its own under its key; when its time has come the server moves it to where the service's
durable consumer finds it. It is taken away only when the command was answered, and the command's id follows from the
event that set it, so that it is done once however often it is sent. So one too many does no harm, and one that is
missing does: what an event sets or takes back gives way to what a later event set, whoever comes last.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, RawStreamMsg, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, BadRequestError, NotFoundError
from pydantic import BaseModel

from canlian_chassis.bus.client import Client, Failed, Refused
from canlian_chassis.clock import Clock
from canlian_chassis.policies.parked import Overtaken
from canlian_chassis.policies.retry import LOST, lasting, reason
from canlian_chassis.policies.sending import send
from canlian_events import subjects
from canlian_events.core import COMMANDS, Command, encode

log = structlog.get_logger()
STREAM = "TIMERS"
_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCHEDULE, _TARGET = "Nats-Schedule", "Nats-Schedule-Target"
_WRONG_LAST_SEQUENCE = 10071
_ACK_SECONDS = 60
"""Longer than the client's patience; a timer that was taken and never acknowledged comes again after it."""
_LONGEST_DELAY = 60.0
_AT_ONCE = 16
_ASK_AGAIN_SECONDS = 2.0
"""A server that was started again knows nothing of who was waiting, so ask again soon."""


class Waiting(BaseModel, frozen=True):
    """A timer as it waits: the command with its envelope, and when it is due by the system's clock.

    `position` is that of the event that set it; 0 where any other event comes after it.
    """

    id: str
    name: str
    body: str
    at: datetime
    policy: str
    cause: str
    position: int = 0


class Timers:
    """The timers of one service."""

    def __init__(self, service: str, nc: Nats, clock: Clock, replicas: int = 1) -> None:
        self._service, self._clock, self._replicas = service, clock, replicas
        self._js = nc.jetstream(timeout=10)
        self._unsaved: dict[str, Waiting] = {}

    async def ensure(self) -> None:
        """Create the stream and the service's consumer if they are not there."""
        stream = StreamConfig(
            name=STREAM,
            subjects=[subjects.TIMERS],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            num_replicas=self._replicas,
            duplicate_window=120,
            allow_direct=True,
            allow_msg_schedules=True,
        )
        consumer = ConsumerConfig(
            durable_name=self._service,
            filter_subject=subjects.timers_due(self._service),
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_SECONDS,
            max_ack_pending=-1,
        )

        async def both() -> None:
            with contextlib.suppress(BadRequestError):  # an operator's own settings stand
                await self._js.add_stream(stream)
            await self._js.add_consumer(STREAM, consumer)

        await lasting(both)

    def set(self, key: str, command: Command, at: datetime, *, id: str, policy: str, cause: str, position: int) -> None:
        """Let a command wait under a key, from the next `save` on; what an earlier event set there is replaced."""
        if not _KEY.fullmatch(key):
            raise ValueError(f"no key of a timer: {key!r}")
        name, body = type(command).__name__, encode(command).decode()
        self._unsaved[key] = Waiting(id=id, name=name, body=body, at=at, policy=policy, cause=cause, position=position)

    async def save(self) -> None:
        """Store all that was set, at once. Raises one of LOST; what was set then is saved by the next call."""
        await asyncio.gather(*(self._save(key, waiting) for key, waiting in self._unsaved.items()))
        self._unsaved.clear()

    def forget_unsaved(self) -> None:
        self._unsaved.clear()

    async def _save(self, key: str, waiting: Waiting) -> None:
        subject, last = subjects.timer(self._service, key), 0
        # most keys are new: what waits there is looked at only where something does
        while not await self._publish(subject, waiting, last):
            there = await self._last(subject)
            if there is not None and _position(there) > waiting.position:
                return
            last = (there and there.seq) or 0

    async def cancel(self, key: str, position: int) -> None:
        """Take back the timer of a key that an event up to `position` set, if there is one. Raises one of LOST."""
        self._unsaved.pop(key, None)
        there = await self._last(subjects.timer(self._service, key))
        if there is not None and _position(there) <= position:
            assert there.seq is not None
            # one that is set meanwhile is above it
            await self._js.purge_stream(STREAM, subject=there.subject, seq=there.seq + 1)

    async def move(self) -> None:
        """Set each waiting timer to when it is due by the clock as it stands now."""
        await self._change(lambda waiting: waiting)

    async def disown(self, after: int) -> None:
        """Let any event replace the timers set by those above a position, which are not in the log any more."""
        lost = {"position": 0}
        await self._change(lambda waiting: waiting.model_copy(update=lost) if waiting.position > after else waiting)

    async def _change(self, change: Callable[[Waiting], Waiting]) -> None:
        after = 0
        while (message := await self._next(after)) is not None:
            assert message.seq is not None
            assert message.subject is not None
            after = message.seq
            try:
                was = Waiting.model_validate_json(message.data or b"")
            except ValueError as error:
                log.error("timer.unreadable", subject=message.subject, why=reason(error))
                continue
            waiting = change(was)
            if waiting != was or (message.headers or {}).get(_SCHEDULE) != self._schedule(waiting):
                # one that fired, or was set anew, since it was read is left alone
                await self._publish(message.subject, waiting, message.seq)

    async def _last(self, subject: str) -> RawStreamMsg | None:
        with contextlib.suppress(NotFoundError):
            return await self._js.get_last_msg(STREAM, subject)
        return None

    async def _next(self, after: int) -> RawStreamMsg | None:
        try:
            pending = subjects.timer(self._service, "*")
            return await self._js.get_msg(STREAM, seq=after + 1, subject=pending, next=True)
        except NotFoundError:
            return None

    async def _publish(self, subject: str, waiting: Waiting, last: int) -> bool:
        """Whether it was stored: only where `last` is what waits there now, 0 for nothing."""
        headers = {
            _SCHEDULE: self._schedule(waiting),
            _TARGET: subjects.timers_due(self._service),
            "Nats-Expected-Last-Subject-Sequence": str(last),
        }
        try:
            await self._js.publish(subject, waiting.model_dump_json().encode(), headers=headers)
        except APIError as error:
            if error.err_code == _WRONG_LAST_SEQUENCE:
                return False
            raise
        return True

    def _schedule(self, waiting: Waiting) -> str:
        return f"@at {self._clock.real(waiting.at).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _position(message: RawStreamMsg) -> int:
    try:
        return Waiting.model_validate_json(message.data or b"").position
    except ValueError:
        return 0


class TimerRunner:
    """Sends what is due, and keeps what waits in step with the clock. `check` raises where somebody else may do so."""

    def __init__(
        self,
        timers: Timers,
        service: str,
        nc: Nats,
        clock: Clock,
        token: Callable[[], str],
        check: Callable[[], None],
    ) -> None:
        self._timers, self._service, self._nc, self._clock = timers, service, nc, clock
        self._token, self._check = token, check
        self._client = Client(nc)

    async def send_what_is_due(self) -> None:
        """For ever. Cancel to stop; what was under way comes again."""
        js = self._nc.jetstream(timeout=10)
        subscription = await js.pull_subscribe_bind(self._service, STREAM)
        try:
            while True:
                try:
                    messages = await subscription.fetch(_AT_ONCE, timeout=_ASK_AGAIN_SECONDS)
                except TimeoutError:
                    continue
                except LOST:
                    await asyncio.sleep(0.3)
                    await self._timers.ensure()  # an older copy of the server's data may lack them
                    continue
                await asyncio.gather(*(self._send(message) for message in messages))
        finally:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()

    async def keep_in_step(self) -> None:
        """For ever: what waits is moved with the clock."""
        moved = asyncio.Event()
        if self._clock.movable:
            moved.set()  # while nobody here was looking
        with self._clock.listening(moved.set):
            while True:
                await moved.wait()
                moved.clear()
                await lasting(self._timers.move)

    async def _send(self, message: Msg) -> None:
        """Acknowledged when it was answered; else, also where this is cancelled, it comes again, ever later."""
        done = False
        try:
            done = await self._answered(Waiting.model_validate_json(message.data))
        except (Overtaken, *LOST):
            pass
        except Exception:
            log.exception("timer.failed", service=self._service)
        finally:
            delay = min(2.0 ** (message.metadata.num_delivered - 1), _LONGEST_DELAY)
            with contextlib.suppress(*LOST):
                await (message.ack() if done else message.nak(delay=delay))

    async def _answered(self, waiting: Waiting) -> bool:
        kind = COMMANDS.get(waiting.name)
        if kind is None:
            log.error("timer.unknown_command", command=waiting.name)
            return False
        self._check()
        try:
            await send(
                self._client,
                kind,
                waiting.body.encode(),
                token=self._token(),
                id=waiting.id,
                cause=waiting.cause,
                said_at=waiting.at,
            )
        except Refused as refused:
            # somebody has to mend something, or a service is away: none of that is an answer
            if isinstance(refused, Failed) or refused.code != "unavailable":
                log.error("timer.not_answered", policy=waiting.policy, command=waiting.name, why=reason(refused))
            return False
        return True
