"""The log of a run read again, by the newest release: each command decided once more where its events stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from canlian_chassis.decider import Decider, Given, Ref, Rejected
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import Entry
from canlian_chassis.policy import Cancel, Later, command_id
from canlian_events.core import COMMANDS, Command, Event
from canlian_events.meta import Actor, Meta
from canlian_events.personal import map_personal
from canlian_events.terms import Role
from tests.simulation.streams import Stream

_SUBDISTRICT = "429999001000"
_ANYBODY = Actor("anybody", frozenset(Role), ("429999",))


class Followed(NamedTuple):
    """A command that a policy should have sent because of an event, at once or (`at`) later under a key."""

    policy: str
    command: Command
    id: str
    cause: Meta
    at: Any = None
    key: str = ""


def hidden(event: Event) -> Event:
    """Without what it says of anybody, which cannot be read any more once they are erased."""
    return map_personal(event, lambda _path, _value: "•")


def newest(command: Command) -> Command:
    """The same command as the newest release has it. To be called where that is the release."""
    return COMMANDS[type(command).__name__].model_validate(command.model_dump())


@dataclass
class State:
    """What the log says at a position."""

    language: Any
    deciders: dict[Any, Decider[Any, Any, Any]]
    states: dict[Ref, Any] = field(default_factory=dict)
    communities: dict[Ref, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    """Label → the box that bears it."""
    labels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, language: Any) -> State:
        return cls(language, {decider.aggregate: decider for decider in language.DECIDERS})

    def of(self, ref: Ref) -> Any:
        return self.states.get(ref, self.deciders[ref.aggregate].initial)

    def locked(self, yard_id: str) -> bool:
        return bool(self.of(Ref(self.language.YARD, yard_id)))

    def decide(self, command: Command, *, with_facts: bool = False) -> list[Event]:
        """What the rules say of a command here. Raises Rejected."""
        ref = Ref(command.aggregate, command.aggregate_id)
        decider = self.deciders[ref.aggregate]
        beside = {other: self.of(other) for other in decider.beside(command, self.of(ref))}
        before = self.communities.get(ref)
        community = decider.community(command) or before or _SUBDISTRICT
        is_new = isinstance(command, self.language.MakeBox)
        facts = with_facts and is_new and self.locked(str(getattr(command, "yard_id", "")))
        given = Given(_ANYBODY, None, community, before, facts, beside)  # type: ignore[arg-type]
        events = list(decider.decide(command, self.of(ref), given))
        if is_new and events and (holder := self.claims.get(str(getattr(command, "label", "")))):
            raise Rejected("box.label_taken", holder=holder)
        return sorted(events, key=lambda event: Ref(event.aggregate, event.aggregate_id) == ref)

    def apply(self, event: Event, community: str, command: Command | None) -> None:
        ref = Ref(event.aggregate, event.aggregate_id)
        self.states[ref] = self.deciders[ref.aggregate].evolve(self.of(ref), event)
        self.communities[ref] = community
        if isinstance(event, self.language.BoxMade) and command is not None:
            label = str(getattr(command, "label", ""))
            self.claims[label] = self.labels[label] = ref.id
        if isinstance(event, self.language.BoxBurnt):
            self.claims = {label: box for label, box in self.claims.items() if box != ref.id}


class History:
    def __init__(self, log: Stream | None, language: Any, keys: Keys) -> None:
        self.language = language
        self.end = log.last_seq if log else 0
        self.events: list[tuple[Event, Meta]] = []
        """Personal values are in the open as far as they still can be."""
        for stored in log.messages.values() if log else ():
            if "ce-type" in stored.headers:
                entry = Entry(stored.subject, stored.seq, stored.ns, stored.headers, stored.body)
                event, meta = read_entry(entry)
                self.events.append((keys.open(event, meta.id), meta))
        self.commands = {meta.command for _, meta in self.events}
        self.followed = [followed for event, meta in self.events for followed in self._following(event, meta)]

    def groups(self) -> Iterator[tuple[str, list[tuple[Event, Meta]]]]:
        """The events of each command, in the order of the log."""
        for id_, group in groupby(self.events, key=lambda pair: pair[1].command):
            yield id_, list(group)

    def _following(self, event: Event, meta: Meta) -> Iterator[Followed]:
        for policy in self.language.POLICIES:
            if type(event) not in policy.on:
                continue
            for what in policy.consequences(event, meta):
                match what:
                    case Later(command=command, at=at, key=key):
                        id_ = command_id(policy, meta.id, command, key)
                        yield Followed(policy.name, command, id_, meta, at if at > meta.said_at else None, key)
                    case Command() as command:
                        yield Followed(policy.name, command, command_id(policy, meta.id, command), meta)

    def timers(self) -> dict[str, Followed]:
        """Key → what was set last under it and not taken back since."""
        set_ = {(followed.cause.position, followed.key): followed for followed in self.followed if followed.at}
        waiting: dict[str, Followed] = {}
        for event, meta in self.events:
            for policy in self.language.POLICIES:
                for what in policy.consequences(event, meta) if type(event) in policy.on else ():
                    if isinstance(what, Later | Cancel):
                        waiting.pop(what.key, None)
                    if isinstance(what, Later) and (found := set_.get((meta.position, what.key))):
                        waiting[what.key] = found
        return waiting
