"""What follows from what: a policy turns an event into commands. Having no effect of its own, it may be replayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from canlian_events.core import Command, Event
from canlian_events.ids import derive_uuid
from canlian_events.meta import Meta


@dataclass(frozen=True, slots=True)
class Later:
    """Send a command when a time has come, at once if it came before the event was said.

    Whether it still matters then is for the aggregate's rules to say.

    `key` names the timer within its service: another `Later` with the same key takes its place. Letters, digits, `_`
    and `-`. The command waits in the open, so no personal value may be in it.
    """

    command: Command
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take back the timer of this key, if it still waits."""

    key: str


Consequence = Command | Later | Cancel


@dataclass(frozen=True, slots=True)
class Policy:
    """`facts(session, event, meta)`, where given, is read from the service's own view and passed on third."""

    name: str
    on: frozenset[type[Event]]
    react: Callable[..., Iterable[Consequence]]
    facts: Callable[..., Any] | None = None

    def consequences(self, event: Event, meta: Meta, facts: Any = None) -> list[Consequence]:
        if self.facts is None:
            return list(self.react(event, meta))
        return list(self.react(event, meta, facts))

    def commands(self, event: Event, meta: Meta, facts: Any = None) -> list[Command]:
        """Those to be sent at once."""
        return [what for what in self.consequences(event, meta, facts) if isinstance(what, Command)]


def policy(
    name: str, *, on: type[Event] | Iterable[type[Event]], facts: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Iterable[Consequence]]], Policy]:
    """Declare a policy: `@policy("assistance.raise-needs", on=VisitCompleted)` above a pure generator of commands."""
    kinds = frozenset([on] if isinstance(on, type) else on)

    def declare(react: Callable[..., Iterable[Consequence]]) -> Policy:
        return Policy(name, kinds, react, facts)

    return declare


def command_id(policy: Policy, event_id: str, command: Command, *more: str) -> str:
    """The same event, policy, target and command give the same id, so a repeat is recognised."""
    return derive_uuid(event_id, policy.name, command.aggregate_id, type(command).__name__, *more)


def with_ids(policy: Policy, event_id: str, consequences: Sequence[Consequence]) -> Iterator[tuple[Consequence, str]]:
    """Each with its command's id, "" where it has none. The second of one kind and aggregate gets one of its own."""
    seen = Counter[str]()
    for what in consequences:
        if isinstance(what, Cancel):
            yield what, ""
            continue
        command, more = (what.command, (what.key,)) if isinstance(what, Later) else (what, ())
        first = command_id(policy, event_id, command, *more)
        seen[first] += 1
        number = () if seen[first] == 1 else (f"#{seen[first]}",)
        yield what, command_id(policy, event_id, command, *more, *number)
