"""The NATS protocol as the server speaks it: what clients send, taken apart, and what they are sent, put together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

PONG = b"PONG\r\n"
_STATUS = b"NATS/1.0"


class Sent(NamedTuple):
    """One thing that a client sent: `verb` is PUB (also for HPUB), SUB, UNSUB, PING, PONG or CONNECT."""

    verb: bytes
    words: list[str]
    headers: bytes = b""
    body: bytes = b""


class Message(NamedTuple):
    """A message on its way. `headers` is the whole block with its first line, or empty."""

    subject: str
    reply: str
    headers: bytes
    body: bytes


def info(number: int) -> bytes:
    says = {"server_id": "simulated", "version": "2.15.1", "headers": True, "max_payload": 1 << 20, "client_id": number}
    return b"INFO " + json.dumps(says).encode() + b"\r\n"


def read(data: bytes) -> Iterator[Sent]:
    """All of what a client wrote at once; nats-py never writes half a line."""
    at = 0
    while at < len(data):
        end = data.index(b"\r\n", at)
        verb, _, rest = data[at:end].partition(b" ")
        at = end + 2
        words = rest.decode().split()
        if verb not in (b"PUB", b"HPUB"):
            yield Sent(verb, words)
            continue
        size = int(words[-1])
        if verb == b"PUB":
            yield Sent(b"PUB", words[:-1], b"", data[at : at + size])
        else:
            split = at + int(words[-2])
            yield Sent(b"PUB", words[:-2], data[at:split], data[split : at + size])
        at += size + 2


def delivery(message: Message, sid: str) -> bytes:
    reply = f" {message.reply}" if message.reply else ""
    if not message.headers:
        line = f"MSG {message.subject} {sid}{reply} {len(message.body)}\r\n"
        return b"".join((line.encode(), message.body, b"\r\n"))
    length = len(message.headers)
    line = f"HMSG {message.subject} {sid}{reply} {length} {length + len(message.body)}\r\n"
    return b"".join((line.encode(), message.headers, message.body, b"\r\n"))


def status(line: str, **headers: object) -> bytes:
    """A block of headers that is a status: `404 No Messages`. Underscores in names stand for hyphens."""
    lines = [f"NATS/1.0 {line}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join((*lines, "", "")).encode()


def fields(block: bytes) -> dict[str, str]:
    """The headers of a block."""
    found: dict[str, str] = {}
    for line in block.decode().split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            found[name] = value.strip()
    return found


def block(headers: dict[str, str]) -> bytes:
    return b"".join((b"NATS/1.0\r\n", *(f"{name}: {value}\r\n".encode() for name, value in headers.items()), b"\r\n"))


@lru_cache(maxsize=100_000)
def covers(filter_: str, subject: str) -> bool:
    """Whether a subject is under a filter, which may hold `*` and end with `>`."""
    if filter_ in (subject, ">"):
        return True
    if "*" not in filter_ and ">" not in filter_:
        return False
    wanted, given = filter_.split("."), subject.split(".")
    for number, word in enumerate(wanted):
        if word == ">":
            return len(given) > number
        if number >= len(given) or word not in ("*", given[number]):
            return False
    return len(wanted) == len(given)
