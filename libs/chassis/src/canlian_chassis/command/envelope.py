"""A command as it came over the bus, with who says it, when, and under which id; or the answer to what is none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from canlian_chassis.bus import wire
from canlian_chassis.bus.wire import Answer, Headers
from canlian_chassis.clock import CLOCK
from canlian_chassis.decider import Ref
from canlian_chassis.keys.store import Keys
from canlian_chassis.tokens import BadToken, Verifier
from canlian_events.core import COMMANDS, Aggregate, Command, encode, extent
from canlian_events.meta import Actor


@dataclass(frozen=True, slots=True)
class Envelope:
    """A command that is well formed and said by one of its roles. `digest` tells another body under the same id."""

    ref: Ref
    """The aggregate that it is addressed to."""
    command: Command
    id: str
    digest: str
    actor: Actor
    at: datetime
    cause: str | None = None
    dry_run: bool = False


class EnvelopeReader:
    """Reads what is addressed to the aggregates of one service."""

    def __init__(self, aggregates: Collection[Aggregate], verifier: Verifier, keys: Keys) -> None:
        self._aggregates, self._verifier, self._keys = aggregates, verifier, keys
        self._extent = extent()

    def read(self, name: str, body: bytes, headers: Headers) -> Envelope | Answer:
        read = self._read(name, body, headers)
        if isinstance(read, Answer) and read.code != "bad_token" and self._is_newer(headers):
            return older_release()  # what we cannot take may be right where it comes from
        return read

    def _is_newer(self, headers: Headers) -> bool:
        """Whether whoever says it knows more of the language than this process."""
        extent_there = headers.get(wire.EXTENT, "")
        return extent_there.isdecimal() and int(extent_there) > self._extent

    def _read(self, name: str, body: bytes, headers: Headers) -> Envelope | Answer:
        kind = COMMANDS.get(name)
        if kind is None or kind.aggregate not in self._aggregates:
            return Answer(status="invalid", code="unknown_command", facts={"command": name})
        try:
            actor = self._verifier.actor(headers.get(wire.TOKEN, ""))
        except BadToken as error:
            return Answer(status="not_allowed", code="bad_token", facts={"why": str(error)})
        if not actor.may_send(kind):
            needed = sorted(kind.by)
            return Answer(status="not_allowed", code="wrong_role", facts={"command": name, "needed": needed})
        try:
            command = kind.model_validate_json(body)
            said_at = headers.get(wire.SAID_AT)
            at = datetime.fromisoformat(said_at).astimezone(UTC) if said_at else CLOCK.now()
        except ValidationError as error:
            return invalid(error)
        except ValueError:
            return Answer(status="invalid", code="invalid", facts={"fields": {wire.SAID_AT: "not a date and time"}})
        command_id = headers.get(wire.COMMAND)
        if not command_id:
            return Answer(status="invalid", code="invalid", facts={"fields": {wire.COMMAND: "is missing"}})
        digest = self._keys.digest(name, encode(command))
        ref = Ref(kind.aggregate, command.aggregate_id)
        return Envelope(ref, command, command_id, digest, actor, at, headers.get(wire.CAUSE), wire.DRY_RUN in headers)


def older_release() -> Answer:
    return Answer(status="failed", code=wire.OLDER_RELEASE)


def invalid(error: ValidationError) -> Answer:
    """An answer that names each field and what is wrong with it, without repeating what was typed."""
    fields = {".".join(map(str, e["loc"])) or "command": e["msg"] for e in error.errors(include_input=False)}
    return Answer(status="invalid", code="invalid", facts={"fields": fields})
