"""What ought to follow from the events of a log by the services' own policies: commands, and timers that wait.

Policies are pure, so both are worked out again. What a policy looked up in its service's view at the time is not known
any more; those are answered only as far as what they do does not hang on it (`WHATEVER_FACTS`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from canlian_chassis.keys.store import Keys
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import Entry
from canlian_chassis.policy import Cancel, Later, Policy, command_id
from canlian_chassis.service import Service
from canlian_events.core import Command, Event
from canlian_events.meta import Meta
from canlian_events.terms import Domain
from canlian_operator.running.parts import PARTS, Kind

WHATEVER_FACTS: Mapping[str, Any] = {
    "catalog.next-match": None,
    "assistance.after-assessment": frozenset(Domain),
}
"""Policy → facts with which it does only what it does with any; the commands' ids do not hang on them."""


@dataclass(frozen=True, slots=True)
class Due:
    """A command that a policy sends at once."""

    service: Service
    policy: str
    command: Command
    event: str
    position: int


@dataclass(frozen=True, slots=True)
class Timer:
    id: str
    at: datetime
    policy: str
    position: int


@dataclass
class Consequences:
    """`due` by command id, `timers` by service and key."""

    due: dict[str, Due] = field(default_factory=dict)
    timers: dict[tuple[str, str], Timer] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    """Ids of all commands that ever waited."""
    half_known: set[str] = field(default_factory=set)
    """Events that are answered by a policy whose facts are not known."""
    unchecked: Counter[str] = field(default_factory=Counter)
    """Such a policy → its events of which nothing was worked out."""

    @property
    def causes(self) -> set[str]:
        return {due.event for due in self.due.values()}


def services() -> list[Service]:
    """As this process's release has them."""
    found = [import_module(f"{part.module}.app").service for part in PARTS if part.kind is Kind.SERVICE]
    assert all(isinstance(service, Service) for service in found)
    return found


def consequences(entries: Sequence[Entry], keys: Keys, of: Iterable[Service]) -> Consequences:
    """`entries` are events in the order of the log."""
    found = Consequences()
    answering: dict[str, list[tuple[Service, Policy]]] = {}
    for service in of:
        for policy in service.policies:
            for kind in policy.on:
                answering.setdefault(kind.type, []).append((service, policy))
    for event, meta in _opened([e for e in entries if e.headers["ce-type"] in answering], keys):
        for service, policy in answering[event.type]:
            _answer(found, service, policy, event, meta)
    return found


def _opened(entries: Sequence[Entry], keys: Keys) -> Iterator[tuple[Event, Meta]]:
    read = [read_entry(entry) for entry in entries]
    keys.load({subject for event, _ in read if (subject := event.data_subject)})
    for event, meta in read:
        yield keys.open(event, meta.id), meta


def _answer(found: Consequences, service: Service, policy: Policy, event: Event, meta: Meta) -> None:
    if policy.facts is not None:
        found.half_known.add(meta.id)
        if policy.name not in WHATEVER_FACTS:
            found.unchecked[policy.name] += 1
            return
    for what in policy.consequences(event, meta, WHATEVER_FACTS.get(policy.name)):
        match what:
            case Later(command=command, at=at, key=key):
                id_ = command_id(policy, meta.id, command, key)
                if at > meta.said_at:
                    found.timers[service.name, key] = Timer(id_, at, policy.name, meta.position)
                    found.later.add(id_)
                else:
                    found.timers.pop((service.name, key), None)
                    found.due[id_] = Due(service, policy.name, command, meta.id, meta.position)
            case Cancel(key=key):
                found.timers.pop((service.name, key), None)
            case Command() as command:
                id_ = command_id(policy, meta.id, command)
                found.due[id_] = Due(service, policy.name, command, meta.id, meta.position)


def still_waiting(timers: Mapping[tuple[str, str], Timer]) -> dict[tuple[str, str], Timer]:
    """Without those whose time has come."""
    now = datetime.now(UTC)
    return {place: timer for place, timer in timers.items() if timer.at > now}
