"""What is in hand for a person ends when they die, and their household is visited."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from canlian_assistance.facts import InHand, in_hand
from canlian_chassis.policy import policy
from canlian_events.assistance.need import CloseNeed
from canlian_events.assistance.visit import BEREAVEMENT_DAYS, CancelVisit, LetVisitFallDue
from canlian_events.calendar import day_of
from canlian_events.core import Command
from canlian_events.ids import derive
from canlian_events.meta import Meta
from canlian_events.registry.person import PersonDied
from canlian_events.terms import NeedCloseReason, VisitOccasion


@policy("assistance.end-dead", on=PersonDied, facts=in_hand)
def end_dead(event: PersonDied, meta: Meta, found: InHand) -> Iterable[Command]:
    """Needs and visits end for that reason. A visit to the household falls due, counted from when the death was told:
    once for a person, however often its day is corrected."""
    bereavement = derive("visit", event.person_id, "bereavement")
    for need_id in found.needs:
        yield CloseNeed(need_id=need_id, reason=NeedCloseReason.DIED)
    for visit_id in found.visits:
        if visit_id != bereavement:
            yield CancelVisit(visit_id=visit_id, why="本人去世 (the person died)")
    yield LetVisitFallDue(
        visit_id=bereavement,
        person_id=event.person_id,
        community=meta.community,
        due=day_of(meta.said_at) + timedelta(days=BEREAVEMENT_DAYS),
        occasion=VisitOccasion.BEREAVEMENT,
    )
