"""After a visit and after a service the person is asked, for that occasion."""

from datetime import UTC, datetime

from canlian_evaluation.policies.ask_feedback import ask_after_service, ask_after_visit
from canlian_events.assistance.visit import VisitCompleted
from canlian_events.catalog.referral import ServiceCompleted
from canlian_events.evaluation.feedback import AskFeedback, feedback_on
from canlian_events.meta import Meta
from canlian_events.terms import Occasion, Outcome, Tie

PERSON, VISIT, REFERRAL, HERE = "person_00000001", "visit_00000001", "referral_00000001", "429999001001"
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
META = Meta("event-1", 1, NOW, NOW, "volunteer:x", HERE, "command-1")


def test_who_was_visited_is_asked_about_the_visit():
    visited = VisitCompleted(visit_id=VISIT, person_id=PERSON, worker_id="worker_00000001", tie=Tie.FAMILY)
    assert ask_after_visit.commands(visited, META) == [
        AskFeedback(
            feedback_id=feedback_on(VISIT),
            person_id=PERSON,
            community=HERE,
            occasion=Occasion.VISIT,
            occasion_id=VISIT,
        )
    ]


def test_who_was_served_is_asked_about_the_service_and_its_need():
    completed = ServiceCompleted(
        referral_id=REFERRAL,
        person_id=PERSON,
        service_id="service_00000001",
        outcome=Outcome.MET,
        sessions=3,
        need_id="need_00000001",
    )
    assert ask_after_service.commands(completed, META) == [
        AskFeedback(
            feedback_id=feedback_on(REFERRAL),
            person_id=PERSON,
            community=HERE,
            occasion=Occasion.SERVICE,
            occasion_id=REFERRAL,
            service_id="service_00000001",
            need_id="need_00000001",
        )
    ]
