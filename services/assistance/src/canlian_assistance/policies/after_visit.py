"""What follows from a visit: the needs it found, and the visit that was promised next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from canlian_chassis.policy import Consequence, Later, policy
from canlian_events.assistance.need import RaiseNeed
from canlian_events.assistance.visit import FALLS_DUE_DAYS, LetVisitFallDue, VisitCompleted
from canlian_events.calendar import begin_of
from canlian_events.core import Command
from canlian_events.ids import derive
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.terms import Channel


@policy("assistance.raise-needs", on=VisitCompleted)
def raise_needs(event: VisitCompleted, meta: Meta) -> Iterable[Command]:
    """Each need found on a visit becomes a need, caused by it."""
    for index, need in enumerate(event.needs):
        yield RaiseNeed(
            need_id=derive("need", meta.id, index),
            person_id=event.person_id,
            community=meta.community,
            channel=Channel.VISIT,
            domain=need.domain,
            words=opened(need.words),
            urgency=need.urgency,
        )


@policy("assistance.next-visit", on=VisitCompleted)
def let_next_visit_fall_due(event: VisitCompleted, meta: Meta) -> Iterable[Consequence]:
    """The next visit the visitor promised falls due some days before its day."""
    if event.next_due is not None:
        visit_id = derive("visit", event.visit_id, "next")
        owed = LetVisitFallDue(
            visit_id=visit_id, person_id=event.person_id, community=meta.community, due=event.next_due
        )
        yield Later(owed, at=begin_of(event.next_due - timedelta(days=FALLS_DUE_DAYS)), key=f"due-{visit_id}")
