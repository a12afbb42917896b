"""Whoever was visited or served is asked what they think of it, once for each occasion."""

from __future__ import annotations

from collections.abc import Iterable

from canlian_chassis.policy import policy
from canlian_events.assistance.visit import VisitCompleted
from canlian_events.catalog.referral import ServiceCompleted
from canlian_events.core import Command
from canlian_events.evaluation.feedback import AskFeedback, feedback_on
from canlian_events.meta import Meta
from canlian_events.terms import Occasion


@policy("evaluation.ask-after-visit", on=VisitCompleted)
def ask_after_visit(event: VisitCompleted, meta: Meta) -> Iterable[Command]:
    yield AskFeedback(
        feedback_id=feedback_on(event.visit_id),
        person_id=event.person_id,
        community=meta.community,
        occasion=Occasion.VISIT,
        occasion_id=event.visit_id,
    )


@policy("evaluation.ask-after-service", on=ServiceCompleted)
def ask_after_service(event: ServiceCompleted, meta: Meta) -> Iterable[Command]:
    yield AskFeedback(
        feedback_id=feedback_on(event.referral_id),
        person_id=event.person_id,
        community=meta.community,
        occasion=Occasion.SERVICE,
        occasion_id=event.referral_id,
        service_id=event.service_id,
        need_id=event.need_id,
    )
