"""The bus as a tool, a policy or a program uses it: send a command, ask a question, get an answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import nats.errors
import pydantic_core
import structlog
from nats.aio.client import Client as Nats
from nats.aio.subscription import Subscription

from canlian_chassis.bus import wire
from canlian_chassis.bus.wire import Answer, EventNote
from canlian_chassis.settings import Settings
from canlian_events import subjects
from canlian_events.core import Command, Message, Query, encode, extent
from canlian_events.ids import new_id

log = structlog.get_logger()
M = TypeVar("M", bound=Message)


_ASK_ANOTHER_SECONDS = 0.2
"""Before a command that one process was too old for is sent again: another may get it then."""
_CLOSED_WITHIN = 5.0
PING_EVERY = 3
"""Seconds. A server that answers none of two in a row is taken for lost, and another connection made: after nine at
the most, where a line went dead without a word."""


class Refused(Exception):
    """The service's answer is no. `code` and `facts` are worded by the tools."""

    def __init__(self, code: str, facts: dict[str, Any] | None = None, position: int = 0) -> None:
        super().__init__(code)
        self.code, self.facts, self.position = code, facts or {}, position


class NotAllowed(Refused):
    """The actor's roles or communities do not allow it."""


class Invalid(Refused):
    """The command does not fit its schema. `facts["fields"]` maps field names to what is wrong."""


class Unavailable(Refused):
    """Nobody answered in time. The command may or may not have been done: send it again with the same id."""

    def __init__(self, code: str = "unavailable") -> None:
        super().__init__(code)


class Failed(Unavailable):
    """The service answered, and said that it could not: for this command it may never be able to."""


class Accepted:
    """The command was done: its events, and the position in the log that a view must reach to show them."""

    __slots__ = ("events", "position")

    def __init__(self, position: int, events: tuple[EventNote, ...]) -> None:
        self.position, self.events = position, events

    def __repr__(self) -> str:
        return f"Accepted({self.position}, {[event.name for event in self.events]})"


Take = Callable[[str, str, wire.RawHeaders, bytes], None]
"""take(subject, reply, headers, body)"""


class Connection(Nats):
    """nats-py's client, but for how it reads headers and what it does with requests when the line breaks.

    nats-py looks at every letter of every header's name by itself: of reading events, which have a dozen headers, that
    was more than half (ADR 0012). And it hands each message over through a queue to a task, which for what comes by the
    thousand takes as long as all else: that is taken at once, as it is read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.takers: dict[int, Take] = {}

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        if take := self.takers.get(sid):
            take(subject.decode(), reply.decode(), wire.RawHeaders(headers or b""), data)
        else:
            await super()._process_msg(sid, subject, reply, data, headers)

    async def take(self, subject: str, take: Take, **more: Any) -> Subscription:
        """Give each message of a subject to `take`, which must be quick, until the subscription ends."""
        subscription = await self.subscribe(subject, **more)
        self.takers[subscription._id] = take
        return subscription

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        headers: dict[str, str] = {}
        for line in raw.decode("utf-8", "replace").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon and " " not in name:
                headers[name] = value.strip()
        return headers

    async def fail_requests(self) -> None:
        """What was asked over a line that broke is lost, or its answer is: whoever waits for one may ask again at once.

        What is asked from now on is sent when there is a line again; what was waiting to be sent is not, for nobody
        waits for its answer any more.
        """
        self._pending.clear()
        self._pending_data_size = 0
        for waiting in list(self._resp_map.values()):
            if not waiting.done():
                waiting.set_exception(nats.errors.TimeoutError())


@asynccontextmanager
async def taking(nc: Nats, subject: str, take: Take) -> AsyncIterator[None]:
    """Give each message of a subject to `take`, which must be quick, for the length of the block."""
    assert isinstance(nc, Connection)
    subscription = await nc.take(subject, take)
    try:
        yield
    finally:
        nc.takers.pop(subscription._id)
        with contextlib.suppress(nats.errors.Error):
            await subscription.unsubscribe()


async def open_connection(settings: Settings, name: str) -> Connection:
    """A connection that never gives up: it waits for the server at the start, and comes back whenever it was lost."""
    servers = [url.strip() for url in settings.nats_url.split(",")]

    async def say_error(error: Exception) -> None:
        if not isinstance(error, ConnectionRefusedError | nats.errors.UnexpectedEOF):
            log.warning("bus.error", error=repr(error))

    async def say_reconnected() -> None:
        log.info("bus.reconnected", connection=name)

    while True:
        try:
            nc = Connection()
            await nc.connect(
                servers,
                name=f"canlian-{name}",
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.2,  # type: ignore[arg-type]
                connect_timeout=2,
                error_cb=say_error,
                disconnected_cb=nc.fail_requests,
                reconnected_cb=say_reconnected,
                ping_interval=PING_EVERY,
                max_outstanding_pings=2,
            )
            return nc
        except (OSError, nats.errors.Error) as error:
            log.info("bus.waiting", servers=servers, error=repr(error))
            await asyncio.sleep(0.5)


@asynccontextmanager
async def connect(settings: Settings, name: str) -> AsyncIterator[Nats]:
    nc = await open_connection(settings, name)
    try:
        yield nc
    finally:
        await close(nc)


async def close(nc: Nats) -> None:
    """Whether the server is there or not: what waits to be sent to one that does not read is given up."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSED_WITHIN):
            await nc.close()


class Client:
    """Sends commands and queries. `patience` is how long, in seconds, to wait for a service that is restarting."""

    def __init__(self, nc: Nats, patience: float = 8.0) -> None:
        self._nc = nc
        self._patience = patience
        self._extent = str(extent())

    async def send(
        self,
        command: Command,
        *,
        token: str,
        command_id: str | None = None,
        said_at: datetime | None = None,
        cause: str | None = None,
        dry_run: bool = False,
    ) -> Accepted:
        """Send a command and wait for the answer.

        Give the same `command_id` again to ask again: it is done once. `said_at` is when the person acted, if not now.
        With `dry_run` nothing is stored, and the events of the answer are those that would be.
        Raises Refused, NotAllowed, Invalid or Unavailable.
        """
        return await self.send_raw(
            type(command),
            encode(command),
            token=token,
            command_id=command_id,
            said_at=said_at,
            cause=cause,
            dry_run=dry_run,
        )

    async def send_raw(
        self,
        kind: type[Command],
        body: bytes,
        *,
        token: str,
        command_id: str | None = None,
        said_at: datetime | None = None,
        cause: str | None = None,
        dry_run: bool = False,
    ) -> Accepted:
        """Like `send`, with the command's body as JSON that the service will check."""
        headers = self._headers(token, said_at) | {wire.COMMAND: command_id or new_id("command")}
        if cause:
            headers[wire.CAUSE] = cause
        if dry_run:
            headers[wire.DRY_RUN] = "1"
        deadline = time.monotonic() + self._patience
        while True:
            left = deadline - time.monotonic()
            reply = await self._request(subjects.command(kind), body, headers, timeout=left)
            answer = Answer.model_validate_json(reply)
            if answer.code != wire.OLDER_RELEASE or time.monotonic() + _ASK_ANOTHER_SECONDS > deadline:
                return accepted_or_raise(answer)
            await asyncio.sleep(_ASK_ANOTHER_SECONDS)

    async def send_many(
        self,
        context: str,
        commands: Sequence[tuple[str, Command]],
        *,
        token: str,
        said_at: datetime | None = None,
        dry_run: bool = False,
        timeout: float = 60,
    ) -> list[Accepted | Refused]:
        """Send many commands, each with its id, to one service; the answers come in the same order.

        `said_at` is when all of them were said, if not now.
        """
        items = [{"id": id, "name": type(c).__name__, "body": encode(c).decode()} for id, c in commands]
        headers = self._headers(token, said_at) | ({wire.DRY_RUN: "1"} if dry_run else {})
        subject, deadline = subjects.commands_in_bulk(context), time.monotonic() + timeout
        answers: dict[int, Answer] = {}
        while asked := [n for n in range(len(items)) if n not in answers or answers[n].code == wire.OLDER_RELEASE]:
            if answers:
                await asyncio.sleep(_ASK_ANOTHER_SECONDS)
            body = pydantic_core.to_json([items[n] for n in asked])
            left = deadline - time.monotonic()
            reply = pydantic_core.from_json(await self._request(subject, body, headers, timeout=left))
            answers |= {n: Answer.model_validate(item) for n, item in zip(asked, reply, strict=True)}
            if time.monotonic() + _ASK_ANOTHER_SECONDS > deadline:
                break
        return [_answer_or_refusal(answers[n]) for n in range(len(items))]

    async def ask(self, query: Query, answer: type[M], *, token: str) -> M:
        """Ask a service. Raises NotAllowed, Invalid, Refused or Unavailable."""
        reply = await self._request(subjects.query(type(query)), encode(query), {wire.TOKEN: token})
        said = pydantic_core.from_json(reply)
        if "status" in said:
            accepted_or_raise(Answer.model_validate(said))
        return answer.model_validate(said["answer"])

    def _headers(self, token: str, said_at: datetime | None) -> wire.Headers:
        headers = {wire.TOKEN: token, wire.EXTENT: self._extent}
        if said_at:
            headers[wire.SAID_AT] = said_at.isoformat()
        return headers

    async def _request(self, subject: str, body: bytes, headers: wire.Headers, timeout: float | None = None) -> bytes:
        """A request, repeated while nobody listens or the connection is lost, for as long as patience lasts."""
        deadline = time.monotonic() + (self._patience if timeout is None else timeout)
        while (left := deadline - time.monotonic()) > 0:
            try:
                return (await self._nc.request(subject, body, timeout=left, headers=headers)).data
            except nats.errors.NoRespondersError:
                await asyncio.sleep(min(0.1, left))
            except (nats.errors.ConnectionClosedError, nats.errors.OutboundBufferLimitError) as error:
                raise Unavailable from error
            except nats.errors.TimeoutError:
                continue  # the line broke and there is time left, or there is none
        raise Unavailable


def accepted_or_raise(answer: Answer) -> Accepted:
    outcome = _answer_or_refusal(answer)
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def _answer_or_refusal(answer: Answer) -> Accepted | Refused:
    match answer.status:
        case "accepted":
            return Accepted(answer.position, answer.events)
        case "invalid":
            return Invalid(answer.code, answer.facts, answer.position)
        case "not_allowed":
            return NotAllowed(answer.code, answer.facts)
        case "refused":
            return Refused(answer.code, answer.facts)
        case "failed" if answer.code == "failed":
            return Failed()
        case "failed" if answer.code == wire.LOG_FULL:
            return Unavailable(answer.code)
        case "failed":
            return Unavailable()
