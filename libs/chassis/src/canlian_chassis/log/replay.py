"""Reading a long stretch of the log as fast as the server gives it: a plain socket that speaks the protocol.

nats-py makes a task and several objects of each message, which takes more time than folding it. This reader knows the
few lines that answer a pull request, in the thread that folds, so that whoever folds slowly is sent no more than it
takes. What it doesn't know (TLS, keys) is left to `following`, as are all failures.
"""

from __future__ import annotations

import asyncio
import json
import socket
import uuid
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import closing
from io import BufferedReader
from typing import Any, NamedTuple
from urllib.parse import ParseResult

import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client as Nats

from canlian_chassis.bus.wire import RawHeaders
from canlian_chassis.log.following import (
    EVERYTHING,
    HEARTBEAT_NS,
    STALLED_AFTER,
    Stretch,
    ack_numbers,
    consumer_config,
    follow,
)
from canlian_chassis.log.jetstream import STREAM, Conflict, Entry, Log, LogPutBack, Place

log = structlog.get_logger()
BATCH = 5000
_TYPE = b"ce-type:"
_EXPIRES_NS = 30_000_000_000


class CannotReplay(OSError):
    """The server asks for more than this reader knows, or has gone away: follow instead."""


class Address(NamedTuple):
    """A server that nats-py has reached, and a consumer on it for this reader alone."""

    url: ParseResult
    consumer: str
    after: int


async def stretches(nc: Nats, after: Place, types: Collection[str]) -> AsyncIterator[Stretch]:
    """Everything above `after`, in order and without end: a long way by the fast reader, the rest as it comes.

    Whoever takes a stretch may get an empty one now and then when nothing comes. Raises LogPutBack where the log is
    not the one that `after` was read in, or that the last stretch came from.
    """
    try:
        if await Log(nc).last_position() - after.position > BATCH:
            reading = replay(await prepare(nc, after), types)
            while stretch := await asyncio.to_thread(next, reading, None):
                after = stretch.place
                yield stretch
    except (OSError, ValueError, Conflict, nats.errors.Error, nats.js.errors.Error) as error:
        log.info("log.followed_instead", error=repr(error)[:200])
    async for batch in follow(nc, after, EVERYTHING):
        stretch = Stretch.of(batch, after)
        after = stretch.place
        yield stretch


async def prepare(nc: Nats, after: Place) -> Address:
    """A consumer of everything above `after`. Raises LogPutBack."""
    info = await nc.jetstream(timeout=10).add_consumer(STREAM, consumer_config(after.position, EVERYTHING))
    if not await Log(nc).holds(after):
        raise LogPutBack(after)
    assert nc.connected_url is not None
    return Address(nc.connected_url, info.name, after.position)


def replay(address: Address, types: Collection[str]) -> Iterator[Stretch]:
    """The log in order, in stretches of up to 5,000 messages, until nothing more is pending. Blocks. Raises OSError."""
    wanted = frozenset(name.encode() for name in types)
    with closing(_connect(address.url)) as connection, closing(_buffered(connection)) as stream:
        pull = _Pull(connection, address.consumer)
        _greet(connection, stream, address.url, pull.inbox)
        pull.ask()
        after = address.after
        while True:
            pull.ask()
            stretch, delivered = _stretch(connection, stream, wanted, after)
            pull.check(delivered)
            yield stretch
            after = stretch.position
            if not stretch.pending:
                return


class _Pull:
    """One request is answered while the next waits at the server."""

    def __init__(self, connection: socket.socket, consumer: str) -> None:
        self.inbox = f"_INBOX.{uuid.uuid4().hex}"
        self._connection, self._delivered = connection, 0
        body = json.dumps({"batch": BATCH, "expires": _EXPIRES_NS, "idle_heartbeat": HEARTBEAT_NS})
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}"
        self._request = f"PUB {subject} {self.inbox} {len(body)}\r\n{body}\r\n".encode()

    def ask(self) -> None:
        self._connection.sendall(self._request)

    def check(self, delivered: tuple[int, int]) -> None:
        """`delivered`: the last consumer sequence, and how many messages came. Raises where one is missing."""
        self._delivered += delivered[1]
        if delivered[0] != self._delivered:
            raise CannotReplay("the server left something out")


def _connect(url: ParseResult) -> socket.socket:
    if url.scheme not in ("nats", ""):
        raise CannotReplay(f"no {url.scheme} here")
    return socket.create_connection((url.hostname or "127.0.0.1", url.port or 4222), timeout=STALLED_AFTER)


def _buffered(connection: socket.socket) -> BufferedReader:
    return BufferedReader(connection.makefile("rb", buffering=0), 1 << 20)


def _greet(connection: socket.socket, stream: BufferedReader, url: ParseResult, inbox: str) -> None:
    info = json.loads(stream.readline().removeprefix(b"INFO "))
    if info.get("tls_required"):
        raise CannotReplay("the server wants TLS")
    options: dict[str, Any] = {"verbose": False, "headers": True, "no_responders": True, "lang": "python-canlian"}
    if url.password is not None:
        options |= {"user": url.username, "pass": url.password}
    elif url.username is not None:
        options |= {"auth_token": url.username}
    connection.sendall(f"CONNECT {json.dumps(options)}\r\nSUB {inbox} 1\r\nPING\r\n".encode())
    answer = stream.readline()
    if not answer.startswith(b"PONG"):
        raise CannotReplay(answer.decode(errors="replace").strip())


def _stretch(
    connection: socket.socket, stream: BufferedReader, wanted: frozenset[bytes], after: int
) -> tuple[Stretch, tuple[int, int]]:
    """As many messages as a request asked for, or fewer where the log ends; and what `_Pull.check` is to see."""
    entries: list[Entry] = []
    count = 0
    while True:
        line = stream.readline()
        if not line.startswith(b"HMSG "):
            _other(connection, stream, line)
            continue
        fields = line.split()
        length, total = int(fields[-2]), int(fields[-1])
        data = stream.read(total + 2)
        if len(data) < total + 2:
            raise CannotReplay("the server went away in the middle of a message")
        head = data[:length]
        if len(fields) < 6:
            _status(head)
            continue
        count += 1
        at = head.find(_TYPE)
        if at >= 0 and head[at + len(_TYPE) : head.find(b"\r\n", at)].strip() in wanted:
            position, delivered, recorded, pending = ack_numbers(fields[3].decode())
            subject = fields[1].decode()
            entries.append(Entry(subject, position, recorded, RawHeaders(head), data[length:-2], pending))
            if count < BATCH and pending:
                continue
        elif count < BATCH and not _is_last(fields[3]):
            continue
        position, delivered, recorded, pending = ack_numbers(fields[3].decode())
        return Stretch(entries, Place(position, recorded), pending, after), (delivered, count)


def _is_last(reply: bytes) -> bool:
    """Whether nothing was pending behind a message. All numbers of each that nobody wants would take too long."""
    return reply.endswith(b".0") or (b".0." in reply and ack_numbers(reply.decode())[3] == 0)


def _status(head: bytes) -> None:
    """100 is a sign of life. Anything else ends the request: the consumer is gone, or nothing came for long."""
    if not head.startswith(b"NATS/1.0 100"):
        raise CannotReplay(head.decode(errors="replace").strip())


def _other(connection: socket.socket, stream: BufferedReader, line: bytes) -> None:
    if line.startswith(b"PING"):
        connection.sendall(b"PONG\r\n")
    elif line.startswith(b"MSG "):
        stream.read(int(line.split()[-1]) + 2)
    elif not line or line.startswith(b"-ERR"):
        raise CannotReplay(line.decode(errors="replace").strip() or "the connection was lost")
