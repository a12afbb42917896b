"""What travels on the bus beside the bodies: the headers of commands and events, and a service's answers.

Events carry CloudEvents 1.0 headers (NATS binding), so that other teams' tools can read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from canlian_events.core import Event
from canlian_events.meta import Meta

TOKEN = "Canlian-Token"
COMMAND = "Canlian-Command"
SAID_AT = "Canlian-Said-At"
CAUSE = "Canlian-Cause"
DRY_RUN = "Canlian-Dry-Run"
EXTENT = "Canlian-Extent"
"""How much of the language whoever sends this knows, as a number: of two the newer knows more."""
OLDER_RELEASE = "older_release"
"""The code of an answer where what was asked, or what it is about, needs a newer release than this process is of: ask
again, for another process may be of it."""
LOG_FULL = "log_full"
"""The code of an answer where the log has no room: nothing more can be done before somebody makes some."""

Headers = dict[str, str]


_TOLD_WITH_IT = (
    *("Nats-Stream", "Nats-Subject", "Nats-Sequence", "Nats-Time-Stamp"),
    *("Nats-Num-Pending", "Nats-Last-Sequence", "Nats-UpTo-Sequence"),
)
"""What the server adds to the headers of a message that it gives directly: not stored with it."""


@cache
def _mark(name: str) -> bytes:
    return f"\r\n{name}:".encode()


class RawHeaders(Mapping[str, str]):
    """A message's headers, found when they are asked for: most are not."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @property
    def status(self) -> str | None:
        """The three digits of a message that is none of somebody's but the server's own word."""
        return self._raw[9:12].decode() if self._raw.startswith(b"NATS/1.0 ") else None

    def __getitem__(self, name: str) -> str:
        if name in _TOLD_WITH_IT:
            raise KeyError(name)
        return self.told(name)

    def told(self, name: str, otherwise: str | None = None) -> str:
        """Also one that the server added. Raises KeyError where there is none, nor another value for it."""
        mark = _mark(name)
        at = self._raw.find(mark)
        if at < 0:
            if otherwise is None:
                raise KeyError(name)
            return otherwise
        at += len(mark)
        return self._raw[at : self._raw.index(b"\r\n", at)].decode("utf-8", "replace").strip()

    def all(self) -> Headers:
        """Each by its name, where all of them are wanted."""
        pairs = (line.partition(":") for line in self._raw.decode("utf-8", "replace").split("\r\n")[1:])
        return {name: value.strip() for name, colon, value in pairs if colon}

    def __iter__(self) -> Iterator[str]:
        names = (line.partition(b":")[0].decode() for line in self._raw.split(b"\r\n")[1:-2])
        return (name for name in names if name and name not in _TOLD_WITH_IT)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class EventNote:
    """An event of an answer: enough to find it."""

    id: str
    type: str
    name: str
    position: int


class Answer(BaseModel):
    """What a service answers to a command.

    `accepted`: the position of its last event (or of the log's aggregate, where nothing changed) and its events.
    Otherwise `code` and `facts` say why not.
    """

    model_config = ConfigDict(frozen=True)

    status: Literal["accepted", "refused", "invalid", "not_allowed", "failed"]
    position: int = 0
    events: tuple[EventNote, ...] = ()
    code: str = ""
    facts: dict[str, Any] = Field(default_factory=dict)


class BulkItem(BaseModel):
    """One command of several that are sent to a service at once. `body` is the command as JSON."""

    id: str
    name: str
    body: str


class BulkCommands(RootModel[list[BulkItem]]):
    """Many commands in one message: the answers come in the same order."""


def event_headers(
    event: Event, *, id: str, said_at: datetime, actor: str, command: str, digest: str, cause: str | None
) -> Headers:
    headers = {
        "Nats-Msg-Id": id,
        "ce-specversion": "1.0",
        "ce-id": id,
        "ce-source": f"/canlian/{event.aggregate.context}",
        "ce-type": event.type,
        "ce-dataversion": str(event.version),
        "ce-time": said_at.isoformat(),
        "ce-actor": actor,
        "ce-command": command,
        "ce-commanddigest": digest,
    }
    if cause:
        headers["ce-cause"] = cause
    return headers


IN_HEADERS: dict[str, Callable[[Mapping[str, str], int], Any]] = {
    "id": lambda headers, _: headers["ce-id"],
    "at": lambda _, recorded_ns: datetime.fromtimestamp(recorded_ns / 1e9, UTC),
    "said_at": lambda headers, _: datetime.fromisoformat(headers["ce-time"]),
    "actor": lambda headers, _: headers["ce-actor"],
    "command": lambda headers, _: headers["ce-command"],
    "cause": lambda headers, _: headers.get("ce-cause"),
    "digest": lambda headers, _: headers["ce-commanddigest"],
}
"""How each part of an envelope is read from a stored event's headers, and the server's Unix time in nanoseconds."""


def read_meta(headers: Mapping[str, str], position: int, recorded_ns: int, community: str) -> Meta:
    """The envelope of a stored event. `recorded_ns` is the server's Unix time in nanoseconds."""
    parts = {name: read(headers, recorded_ns) for name, read in IN_HEADERS.items()}
    return Meta(position=position, community=community, **parts)
