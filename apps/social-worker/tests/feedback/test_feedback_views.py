"""What feedback comes to."""

from __future__ import annotations

from sqlmodel import Session
from tests.support.social_worker_folds import (
    ASKED,
    FEEDBACK,
    GIVEN,
    HERE,
    PERSON,
    put,
)

from canlian_events.evaluation.feedback import FeedbackReplied
from canlian_social_worker.feedback.views import FeedbackList, listed_feedback


def test_low_feedback_waits_for_a_reply(db: Session):
    put(db, ASKED, GIVEN)
    assert len(listed_feedback(db, [HERE], FeedbackList.TO_ANSWER)) == 1
    put(db, ASKED, GIVEN, FeedbackReplied(feedback_id=FEEDBACK, person_id=PERSON, words="我们会改"))
    assert listed_feedback(db, [HERE], FeedbackList.TO_ANSWER) == []
    assert len(listed_feedback(db, [HERE], FeedbackList.GIVEN)) == 1
