"""What follows from an assessment: the needs it found, and its link to the need it was made for."""

from __future__ import annotations

from collections.abc import Iterable, Set

from canlian_assistance.facts import domains_in_hand
from canlian_chassis.policy import policy
from canlian_events.assistance.assessment import AssessmentCompleted
from canlian_events.assistance.need import LinkAssessment, RaiseNeed
from canlian_events.core import Command
from canlian_events.ids import derive
from canlian_events.meta import Meta
from canlian_events.terms import Channel, Domain


@policy("assistance.after-assessment", on=AssessmentCompleted, facts=domains_in_hand)
def after_assessment(event: AssessmentCompleted, meta: Meta, in_hand: Set[Domain]) -> Iterable[Command]:
    """What is not already asked for becomes a need; the need that was assessed is told so."""
    if event.need_id is not None:
        yield LinkAssessment(need_id=event.need_id, assessment_id=event.assessment_id)
    for found in event.needs:
        if found.domain not in in_hand:
            yield RaiseNeed(
                need_id=derive("need", meta.id, found.domain),
                person_id=event.person_id,
                community=meta.community,
                channel=Channel.ASSESSMENT,
                domain=found.domain,
                urgency=found.urgency,
            )
