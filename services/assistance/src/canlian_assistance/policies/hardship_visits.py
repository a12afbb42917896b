"""A household in special hardship is visited in the rhythm of its kind, until the hardship is cleared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from canlian_assistance.facts import household_visits
from canlian_assistance.households import Visited
from canlian_chassis.policy import Cancel, Consequence, Later, policy
from canlian_events.assistance.visit import (
    FALLS_DUE_DAYS,
    CancelVisit,
    LetVisitFallDue,
    VisitCancelled,
    VisitCompleted,
    VisitMissed,
)
from canlian_events.calendar import begin_of, day_of
from canlian_events.ids import derive
from canlian_events.meta import Meta
from canlian_events.registry.household import VISIT_EVERY_DAYS, HardshipCleared, HardshipRecognised
from canlian_events.registry.person import ConsentGiven
from canlian_events.terms import Hardship

Bearing = HardshipRecognised | HardshipCleared | VisitCompleted | VisitMissed | VisitCancelled | ConsentGiven


def next_due(kinds: Iterable[Hardship], last: date | None, today: date) -> date:
    """By the most frequent rhythm since the last visit; at the earliest when a visitor can have been found."""
    soonest = today + timedelta(days=FALLS_DUE_DAYS)
    if last is None:
        return soonest
    return max(soonest, last + timedelta(days=min(VISIT_EVERY_DAYS[kind] for kind in kinds)))


@policy(
    "assistance.hardship-visits",
    on=[HardshipRecognised, HardshipCleared, VisitCompleted, VisitMissed, VisitCancelled, ConsentGiven],
    facts=household_visits,
)
def visit_in_rhythm(event: Bearing, meta: Meta, home: Visited | None) -> Iterable[Consequence]:
    """One visit at a time is owed to a household. What was missed or called off falls due again."""
    if home is None:
        return
    key = f"rhythm-{home.household_id}"
    if not home.kinds or home.person_id is None:
        yield Cancel(key)
        for visit_id in home.in_rhythm:
            yield CancelVisit(visit_id=visit_id, why="不再是特殊困难家庭 (no longer in special hardship)")
        return
    due = next_due(home.kinds, home.last, day_of(meta.said_at))
    promised = event.next_due if isinstance(event, VisitCompleted) else None
    if home.owed or (promised is not None and promised <= due):
        yield Cancel(key)
        return
    owed = LetVisitFallDue(
        # the same for whatever is told before the next visit ends, so that it is owed once
        visit_id=derive("visit", home.household_id, home.ended),
        person_id=home.person_id,
        community=home.community,
        due=due,
        household_id=home.household_id,
    )
    yield Later(owed, at=begin_of(due - timedelta(days=FALLS_DUE_DAYS)), key=key)
