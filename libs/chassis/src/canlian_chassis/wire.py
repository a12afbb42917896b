"""What travels on the bus beside the bodies: the headers of commands and events, and a service's answers.

Events carry CloudEvents 1.0 headers (NATS binding), so that other teams' tools can read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

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
