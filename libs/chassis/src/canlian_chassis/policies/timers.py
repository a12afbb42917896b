"""Commands that wait for their time, as scheduled messages of the server: they survive whatever restarts.

A timer waits in a stream of its own under its key; when its time has come the server moves it to where the service's
durable consumer finds it. It is taken away only when the command was answered, and the command's id follows from the
event that set it, so that it is done once however often it is sent.
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
from nats.js.api import AckPolicy, ConsumerConfig, RawStreamMsg, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, BadRequestError, NotFoundError
from pydantic import BaseModel

from canlian_chassis.bus import Client, Failed, Invalid, NotAllowed, Refused, Unavailable
from canlian_chassis.clock import Clock
from canlian_chassis.policies.lasting import LOST, lasting
from canlian_chassis.wire import Headers
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
    """A timer as it waits: the command with its envelope, and when it is due by the system's clock."""

    id: str
    name: str
    body: str
    at: datetime
    policy: str
    cause: str


class Timers:
    """The timers of one service."""

    def __init__(self, service: str, nc: Nats, clock: Clock) -> None:
        self._service, self._nc, self._clock = service, nc, clock
        self._js = nc.jetstream(timeout=10)
        self._unsaved: dict[str, Waiting] = {}

    async def ensure(self, replicas: int) -> None:
        """Create the stream and the service's consumer if they are not there."""
        stream = StreamConfig(
            name=STREAM,
            subjects=[subjects.TIMERS],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            num_replicas=replicas,
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

    def set(self, key: str, command: Command, at: datetime, *, id: str, policy: str, cause: str) -> None:
        """Let a command wait under a key, from the next `save` on; what waited there before is replaced."""
        if not _KEY.fullmatch(key):
            raise ValueError(f"no key of a timer: {key!r}")
        self._unsaved[key] = Waiting(
            id=id, name=type(command).__name__, body=encode(command).decode(), at=at, policy=policy, cause=cause
        )

    async def save(self) -> None:
        """Store all that was set, at once. Raises one of LOST; what was set then is saved by the next call."""
        await asyncio.gather(*(self._save(key, waiting) for key, waiting in self._unsaved.items()))
        self._unsaved.clear()

    async def _save(self, key: str, waiting: Waiting) -> None:
        # the message's id keeps a timer from being set again by an event that is answered again a moment later
        headers = {"Nats-Msg-Id": f"{waiting.id} {waiting.at.isoformat()}"}
        await self._publish(subjects.timer(self._service, key), waiting, headers)

    async def cancel(self, key: str) -> None:
        """Take back the timer of a key; one that is not there is no error. Raises one of LOST."""
        self._unsaved.pop(key, None)
        await self._js.purge_stream(STREAM, subject=subjects.timer(self._service, key))

    async def move(self) -> None:
        """Set each waiting timer to when it is due by the clock as it stands now."""
        after = 0
        while (message := await self._next(after)) is not None:
            assert message.seq is not None
            assert message.subject is not None
            after = message.seq
            waiting = Waiting.model_validate_json(message.data or b"")
            if (message.headers or {}).get(_SCHEDULE) == self._schedule(waiting):
                continue
            # one that fired, or was set anew, since it was read is left alone
            expected = {"Nats-Expected-Last-Subject-Sequence": str(message.seq)}
            try:
                await self._publish(message.subject, waiting, expected)
            except APIError as error:
                if error.err_code != _WRONG_LAST_SEQUENCE:
                    raise

    async def _next(self, after: int) -> RawStreamMsg | None:
        try:
            pending = subjects.timer(self._service, "*")
            return await self._js.get_msg(STREAM, seq=after + 1, subject=pending, next=True)
        except NotFoundError:
            return None

    async def _publish(self, subject: str, waiting: Waiting, headers: Headers) -> None:
        due = subjects.timers_due(self._service)
        headers = {_SCHEDULE: self._schedule(waiting), _TARGET: due, **headers}
        await self._js.publish(subject, waiting.model_dump_json().encode(), headers=headers)

    def _schedule(self, waiting: Waiting) -> str:
        return f"@at {self._clock.real(waiting.at).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


class TimerRunner:
    """Sends what is due, and keeps what waits in step with the clock."""

    def __init__(self, timers: Timers, service: str, nc: Nats, clock: Clock, token: Callable[[], str]) -> None:
        self._timers, self._service, self._nc, self._clock, self._token = timers, service, nc, clock, token
        self._client = Client(nc)

    async def run(self) -> None:
        """For ever. Cancel to stop; what was under way comes again."""
        await asyncio.gather(self._send_what_is_due(), self._keep_in_step())

    async def _send_what_is_due(self) -> None:
        js = self._nc.jetstream(timeout=10)
        subscription = await js.pull_subscribe_bind(self._service, STREAM)
        while True:
            try:
                messages = await subscription.fetch(_AT_ONCE, timeout=_ASK_AGAIN_SECONDS)
            except TimeoutError:
                continue
            except LOST:
                await asyncio.sleep(0.3)
                continue
            await asyncio.gather(*(self._send(message) for message in messages))

    async def _keep_in_step(self) -> None:
        moved = asyncio.Event()
        if self._clock.movable:
            moved.set()  # while nobody here was looking
        with self._clock.listening(moved.set):
            while True:
                await moved.wait()
                moved.clear()
                await lasting(self._timers.move)

    async def _send(self, message: Msg) -> None:
        """Acknowledged when it was answered; else it comes again, ever later."""
        try:
            done = await self._answered(Waiting.model_validate_json(message.data))
        except Exception:
            log.exception("timer.failed", service=self._service)
            done = False
        tries = message.metadata.num_delivered
        with contextlib.suppress(*LOST):
            await (message.ack() if done else message.nak(delay=min(2.0 ** (tries - 1), _LONGEST_DELAY)))

    async def _answered(self, waiting: Waiting) -> bool:
        kind = COMMANDS.get(waiting.name)
        if kind is None:
            log.error("timer.unknown_command", command=waiting.name)
            return False
        try:
            await self._client.send_raw(
                kind,
                waiting.body.encode(),
                token=self._token(),
                command_id=waiting.id,
                cause=waiting.cause,
                said_at=waiting.at,
            )
        except Unavailable as unavailable:
            if isinstance(unavailable, Failed):
                log.error("timer.command_failed", command=waiting.name, id=waiting.id)
            return False
        except Invalid as invalid:
            # a release that no longer takes what an older one let wait
            log.error("timer.invalid", policy=waiting.policy, command=waiting.name, facts=invalid.facts)
        except NotAllowed as refused:
            # a key or a clock may be wrong here, which somebody has to mend: it is no answer
            log.error("timer.not_allowed", command=waiting.name, id=waiting.id, code=refused.code)
            return False
        except Refused as refused:
            # the state has decided that it does not matter any more
            log.info("timer.refused", policy=waiting.policy, command=waiting.name, code=refused.code)
        return True
