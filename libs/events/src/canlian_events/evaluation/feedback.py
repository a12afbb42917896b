"""Feedback (评价): asked after a visit or a service, given with a score of 1 to 5."""

from __future__ import annotations

from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import CommunityCode, FeedbackId, NeedId, PersonId, ServiceId, derive
from canlian_events.personal import Personal
from canlian_events.terms import Occasion, RaterKind, Role

FEEDBACK = aggregate("evaluation.feedback")
_WORKERS = {Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.STAFF}


def feedback_on(occasion_id: str) -> str:
    """The id of the feedback on a visit or a referral: asking twice is asking for the same."""
    return derive("feedback", occasion_id)


class AskFeedback(Command, to=FEEDBACK, by={Role.POLICY} | _WORKERS):
    """`occasion_id` is the visit's or the referral's id: one occasion is asked about once."""

    feedback_id: FeedbackId
    person_id: PersonId
    community: CommunityCode
    occasion: Occasion
    occasion_id: str
    service_id: ServiceId | None = None
    need_id: NeedId | None = None


class GiveFeedback(Command, to=FEEDBACK, by={Role.RESIDENT, Role.VOLUNTEER, Role.PROGRAM} | _WORKERS):
    """By the person, or by somebody who writes down what the person says. Refused the second time."""

    feedback_id: FeedbackId
    score: int
    rater: RaterKind = RaterKind.PERSON
    words: str | None = None


class ReplyToFeedback(Command, to=FEEDBACK, by=_WORKERS | {Role.PROVIDER}):
    feedback_id: FeedbackId
    words: str


class FeedbackAsked(Event, type="evaluation.feedback.asked"):
    feedback_id: FeedbackId
    person_id: PersonId
    occasion: Occasion
    occasion_id: str
    service_id: ServiceId | None = None
    need_id: NeedId | None = None


class FeedbackGiven(Event, type="evaluation.feedback.given", about="person_id"):
    feedback_id: FeedbackId
    person_id: PersonId
    occasion: Occasion
    occasion_id: str
    score: int
    rater: RaterKind
    words: Personal[str] | None = None
    service_id: ServiceId | None = None
    need_id: NeedId | None = None


class FeedbackReplied(Event, type="evaluation.feedback.replied", about="person_id"):
    feedback_id: FeedbackId
    person_id: PersonId
    words: Personal[str]


FeedbackCommand = AskFeedback | GiveFeedback | ReplyToFeedback
FeedbackEvent = FeedbackAsked | FeedbackGiven | FeedbackReplied
