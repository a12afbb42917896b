"""What followed from what, as a tree: pure, from events in any order.

A person's command gives a step of one or more events; what policies answered to an event are steps below it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """An event's envelope, nothing personal. Times are UTC.

    `about` is the person it concerns, where that is not the aggregate. Where `seen` is False the reader may not look
    into its community: then ids and actor are empty.
    """

    id: str
    position: int
    type: str
    aggregate_id: str
    about: str | None
    community: str
    command: str
    cause: str | None
    actor: str
    said_at: datetime
    at: datetime
    seen: bool = True

    @property
    def ids(self) -> frozenset[str]:
        """What one may have asked for to be shown this event."""
        return frozenset(filter(None, (self.id, str(self.position), self.aggregate_id, self.about)))


@dataclass(frozen=True, slots=True)
class Node:
    """An event and the steps that policies took because of it."""

    event: Happened
    then: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """The events of one command, in the order of the log; at least one. All have the command's cause."""

    nodes: tuple[Node, ...]

    @property
    def first(self) -> Happened:
        return self.nodes[0].event

    def __iter__(self) -> Iterator[Happened]:
        """Every event of the tree below, each step before what follows from it."""
        for node in self.nodes:
            yield node.event
        for node in self.nodes:
            for step in node.then:
                yield from step


def grow(events: Iterable[Happened]) -> list[Step]:
    """The trees of these events, the oldest first. A step whose cause is not among them is the root of its tree."""
    known = {event.id: event for event in events}
    steps: dict[tuple[str | None, str], list[Happened]] = defaultdict(list)
    for event in sorted(known.values(), key=lambda event: event.position):
        steps[event.cause, event.command].append(event)
    below: dict[str, list[list[Happened]]] = defaultdict(list)
    roots: list[list[Happened]] = []
    for (cause, _), together in steps.items():
        (below[cause] if cause and cause in known else roots).append(together)
    # what follows lies later in the log than its cause, so from the end on every branch is there before its trunk
    grown: dict[str, Node] = {}

    def step(together: list[Happened]) -> Step:
        return Step(tuple(grown[event.id] for event in together))

    for event in sorted(known.values(), key=lambda event: -event.position):
        grown[event.id] = Node(event, tuple(step(together) for together in below[event.id]))
    return [step(together) for together in roots]


def veiled(step: Step, may_see: Callable[[str], bool]) -> Step:
    """The same tree for somebody who may see what happened in some communities: of others, only that and when."""
    return Step(tuple(Node(_veil(n.event, may_see), tuple(veiled(s, may_see) for s in n.then)) for n in step.nodes))


def _veil(event: Happened, may_see: Callable[[str], bool]) -> Happened:
    if may_see(event.community):
        return event
    return replace(event, id="", aggregate_id="", about=None, command="", cause=None, actor="", seen=False)
