"""given/when/then for deciders: tests that read as sentences.

`given(visit, SCHEDULED).when(complete(), by=VOLUNTEER).refused("visit.not_yours")`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from canlian_chassis.decider import Decider, Given, Ref, Rejected
from canlian_events.core import Command, Event
from canlian_events.meta import Actor

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Noon in Shanghai on the day the tests take place."""


@dataclass(frozen=True)
class Outcome:
    """What came of a command."""

    events: tuple[Event, ...] = ()
    rejected: Rejected | None = None

    def then(self, *events: Event) -> None:
        assert self.rejected is None, f"refused with {self.rejected} {getattr(self.rejected, 'facts', '')}"
        assert self.events == events

    def unchanged(self) -> None:
        self.then()

    def refused(self, code: str, **facts: Any) -> None:
        assert self.rejected is not None, f"accepted: {self.events}"
        assert self.rejected.code == code
        assert facts.items() <= self.rejected.facts.items(), self.rejected.facts


@dataclass(frozen=True)
class Scene:
    """A decider with a history behind it."""

    decider: Decider[Any, Any, Any]
    events: tuple[Event, ...]
    beside: Mapping[Ref, Any] = field(default_factory=dict)

    def beside_of(self, decider: Decider[Any, Any, Any], *events: Event) -> Scene:
        """Another aggregate the decision looks at, with its own history."""
        ref = Ref(decider.aggregate, events[0].aggregate_id)
        return replace(self, beside={**self.beside, ref: decider.fold(events)})

    def when(
        self,
        command: Command,
        *,
        by: Actor,
        at: datetime = NOON,
        community: str = "429999001001",
        before: str | None = None,
        facts: Any = None,
    ) -> Outcome:
        state = self.decider.fold(self.events)
        try:
            events = self.decider.decide(command, state, Given(by, at, community, before, facts, self.beside))
        except Rejected as rejected:
            return Outcome(rejected=rejected)
        return Outcome(tuple(events))


def given(decider: Decider[Any, Any, Any], *events: Event) -> Scene:
    return Scene(decider, events)
