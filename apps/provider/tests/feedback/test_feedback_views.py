"""What feedback comes to at the desk."""

from __future__ import annotations

from apps.provider.tests.folding import (
    PERSON,
    REFERRAL,
    SERVICE,
    fold,
)

from canlian_chassis.testing.deciders import NOON
from canlian_events.evaluation.feedback import FeedbackGiven, FeedbackReplied
from canlian_events.terms import (
    Occasion,
    RaterKind,
)
from canlian_provider.feedback.views import feedback


def test_feedback_on_a_visit_is_not_the_desks_and_on_a_service_is():
    given = {"feedback_id": "feedback_00000001", "person_id": PERSON, "score": 4, "rater": RaterKind.PERSON}
    on_visit = FeedbackGiven(**given, occasion=Occasion.VISIT, occasion_id="visit_00000001")
    on_service = FeedbackGiven(**given, occasion=Occasion.SERVICE, occasion_id=REFERRAL, service_id=SERVICE)
    replied = FeedbackReplied(feedback_id="feedback_00000001", person_id=PERSON, words="谢谢")
    assert fold(feedback, [on_visit]) is None
    assert fold(feedback, [on_visit, replied]) is None
    row = fold(feedback, [on_service, replied])
    assert (row.score, row.reply, row.replied_at) == (4, "谢谢", NOON)
    assert not hasattr(row, "person_id")
