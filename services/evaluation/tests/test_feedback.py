"""The rules of feedback, as sentences."""

from datetime import date
from typing import Any

import pytest

from canlian_chassis.testing.deciders import given
from canlian_evaluation.feedback.decider import feedback
from canlian_evaluation.feedback.facts import Known
from canlian_events.evaluation.feedback import (
    AskFeedback,
    FeedbackAsked,
    FeedbackGiven,
    FeedbackReplied,
    GiveFeedback,
    ReplyToFeedback,
    feedback_on,
)
from canlian_events.meta import Actor
from canlian_events.terms import Occasion, RaterKind, Role

HERE, PERSON, REFERRAL, SERVICE = "429999001001", "person_00000001", "referral_00000001", "service_00000001"
ID = feedback_on(REFERRAL)
SOCIAL_WORKER = Actor("worker_00000003", frozenset({Role.SOCIAL_WORKER}), (HERE,))
RESIDENT = Actor(PERSON, frozenset({Role.RESIDENT}))
NEIGHBOUR = Actor("person_00000002", frozenset({Role.RESIDENT}))
POLICY = Actor("policy:evaluation", frozenset({Role.POLICY}))
PROVIDER = Actor("account_1", frozenset({Role.PROVIDER}), provider_id="provider_00000001")
OTHER_PROVIDER = Actor("account_2", frozenset({Role.PROVIDER}), provider_id="provider_00000002")

ASK = AskFeedback(
    feedback_id=ID,
    person_id=PERSON,
    community=HERE,
    occasion=Occasion.SERVICE,
    occasion_id=REFERRAL,
    service_id=SERVICE,
    need_id="need_00000001",
)
ASKED = FeedbackAsked.from_(ASK)
GIVE = GiveFeedback(feedback_id=ID, score=5, words="很好")
GIVEN = FeedbackGiven.from_(ASKED, score=5, rater=RaterKind.PERSON, words="很好")
REPLY = ReplyToFeedback(feedback_id=ID, words="谢谢")
REPLIED = FeedbackReplied(feedback_id=ID, person_id=PERSON, words="谢谢")
OF_PROVIDER = Known(person=True, provider_id="provider_00000001")


def test_feedback_is_asked_once_for_an_occasion():
    given(feedback).when(ASK, by=POLICY, facts=Known(person=True)).then(ASKED)
    given(feedback, ASKED).when(ASK, by=POLICY, facts=Known(person=True)).unchanged()
    given(feedback, ASKED, GIVEN).when(ASK, by=POLICY, facts=Known(person=True)).unchanged()


def test_one_occasion_is_one_feedback():
    assert feedback_on(REFERRAL) == feedback_on(REFERRAL) != feedback_on("referral_00000002")


def test_nobody_is_asked_whom_nobody_knows():
    given(feedback).when(ASK, by=POLICY, facts=Known()).refused("person.unknown")


@pytest.mark.parametrize("who", [RESIDENT, SOCIAL_WORKER])
def test_the_person_gives_it_or_a_worker_writes_down_what_they_say(who: Actor):
    given(feedback, ASKED).when(GIVE, by=who).then(GIVEN)


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_out_of_range_is_refused(score: int):
    give = GIVE.model_copy(update={"score": score})
    given(feedback, ASKED).when(give, by=RESIDENT).refused(
        "feedback.score_out_of_range", score=score, lowest=1, highest=5
    )


@pytest.mark.parametrize("score", [1, 5])
def test_the_ends_of_the_range_are_scores(score: int):
    give = GiveFeedback(feedback_id=ID, score=score)
    given(feedback, ASKED).when(give, by=RESIDENT).then(FeedbackGiven.from_(ASKED, score=score, rater=RaterKind.PERSON))


def test_feedback_is_not_given_twice():
    given(feedback, ASKED, GIVEN).when(GIVE, by=RESIDENT).refused("feedback.already_given")
    given(feedback, ASKED, GIVEN, REPLIED).when(GIVE, by=RESIDENT).refused("feedback.already_given")


def test_feedback_nobody_asked_for_is_refused():
    given(feedback).when(GIVE, by=RESIDENT).refused("feedback.not_asked")
    given(feedback).when(REPLY, by=SOCIAL_WORKER, facts=Known()).refused("feedback.not_asked")


def test_a_resident_gives_only_their_own():
    given(feedback, ASKED).when(GIVE, by=NEIGHBOUR).refused("feedback.not_yours")


def test_a_resident_rates_as_the_person_served():
    as_third_party = GIVE.model_copy(update={"rater": RaterKind.THIRD_PARTY})
    given(feedback, ASKED).when(as_third_party, by=RESIDENT).refused("feedback.rater_not_yours")
    given(feedback, ASKED).when(as_third_party, by=SOCIAL_WORKER).then(
        GIVEN.model_copy(update={"rater": RaterKind.THIRD_PARTY})
    )


def test_feedback_is_replied_to_after_it_was_given():
    given(feedback, ASKED).when(REPLY, by=SOCIAL_WORKER, facts=OF_PROVIDER).refused("feedback.not_given")
    given(feedback, ASKED, GIVEN).when(REPLY, by=SOCIAL_WORKER, facts=OF_PROVIDER).then(REPLIED)
    given(feedback, ASKED, GIVEN, REPLIED).when(REPLY, by=SOCIAL_WORKER, facts=OF_PROVIDER).unchanged()


def test_a_provider_replies_to_feedback_on_its_own_services():
    given(feedback, ASKED, GIVEN).when(REPLY, by=PROVIDER, facts=OF_PROVIDER).then(REPLIED)
    given(feedback, ASKED, GIVEN).when(REPLY, by=OTHER_PROVIDER, facts=OF_PROVIDER).refused("feedback.not_yours")
    on_a_visit = Known(person=True)
    given(feedback, ASKED, GIVEN).when(REPLY, by=PROVIDER, facts=on_a_visit).refused("feedback.not_yours")


def test_a_reply_says_something():
    silent = REPLY.model_copy(update={"words": ""})
    given(feedback, ASKED, GIVEN).when(silent, by=SOCIAL_WORKER, facts=OF_PROVIDER).refused("feedback.nothing_said")


@pytest.mark.parametrize(
    ("history", "command"), [((), ASK), ((ASKED,), GIVE), ((ASKED, GIVEN), REPLY)], ids=["ask", "give", "reply"]
)
def test_an_erased_person_is_neither_asked_nor_answered(history: Any, command: Any):
    erased = Known(person=True, erased=True)
    given(feedback, *history).when(command, by=SOCIAL_WORKER, facts=erased).refused("person.erased")


def test_nobody_is_asked_who_died():
    dead = Known(person=True, died_on=date(2026, 11, 20))
    given(feedback).when(ASK, by=POLICY, facts=dead).refused("person.dead", died_on=date(2026, 11, 20))
