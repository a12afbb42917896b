"""The rules of feedback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never, get_args

from canlian_chassis.decider import Decider, Rejected
from canlian_chassis.decider import Given as GivenTo
from canlian_evaluation.feedback.facts import Known, known
from canlian_events.evaluation.feedback import (
    FEEDBACK,
    AskFeedback,
    FeedbackAsked,
    FeedbackCommand,
    FeedbackEvent,
    FeedbackGiven,
    FeedbackReplied,
    GiveFeedback,
    ReplyToFeedback,
)
from canlian_events.personal import opened
from canlian_events.terms import RaterKind, Role

LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True, slots=True)
class Asked:
    by: FeedbackAsked

    @property
    def person_id(self) -> str:
        return self.by.person_id


@dataclass(frozen=True, slots=True)
class Given:
    """`reply` is the last one."""

    person_id: str
    reply: str | None = None


Feedback = Asked | Given | None


def decide(command: FeedbackCommand, feedback: Feedback, given: GivenTo) -> Sequence[FeedbackEvent]:
    if given.facts is not None and given.facts.erased:
        raise Rejected("person.erased")
    match command, feedback:
        case AskFeedback(), None:
            return _ask(command, given.facts)
        case AskFeedback(), _:
            return []
        case GiveFeedback(), Asked(by=asked):
            return _give(command, asked, given)
        case GiveFeedback(), Given():
            raise Rejected("feedback.already_given")
        case ReplyToFeedback(), Given():
            return _reply(command, feedback, given)
        case ReplyToFeedback(), Asked():
            raise Rejected("feedback.not_given")
        case _:
            raise Rejected("feedback.not_asked")


def _ask(command: AskFeedback, facts: Known) -> Sequence[FeedbackEvent]:
    if not facts.person:
        raise Rejected("person.unknown")
    if facts.died_on:
        raise Rejected("person.dead", died_on=facts.died_on)
    return [FeedbackAsked.from_(command)]


def _give(command: GiveFeedback, asked: FeedbackAsked, given: GivenTo) -> Sequence[FeedbackEvent]:
    if given.by.roles <= {Role.RESIDENT}:
        facts: Known = given.facts or Known()
        if given.by.id not in {asked.person_id, *facts.ids}:
            raise Rejected("feedback.not_yours")
        if command.rater is not RaterKind.PERSON:
            raise Rejected("feedback.rater_not_yours", rater=command.rater)
    if not LOWEST <= command.score <= HIGHEST:
        raise Rejected("feedback.score_out_of_range", score=command.score, lowest=LOWEST, highest=HIGHEST)
    return [FeedbackGiven.from_(asked, score=command.score, rater=command.rater, words=command.words or None)]


def _reply(command: ReplyToFeedback, feedback: Given, given: GivenTo) -> Sequence[FeedbackEvent]:
    facts: Known = given.facts
    if given.by.roles <= {Role.PROVIDER} and (facts.provider_id is None or facts.provider_id != given.by.provider_id):
        raise Rejected("feedback.not_yours")
    if not command.words:
        raise Rejected("feedback.nothing_said")
    if command.words == feedback.reply:
        return []
    return [FeedbackReplied.from_(command, person_id=feedback.person_id)]


def evolve(feedback: Feedback, event: FeedbackEvent) -> Feedback:
    match event:
        case FeedbackAsked():
            return Asked(event)
        case FeedbackGiven():
            return Given(event.person_id)
        case FeedbackReplied():
            assert isinstance(feedback, Given)
            return replace(feedback, reply=opened(event.words))
        case _:
            assert_never(event)


feedback: Decider[FeedbackCommand, Feedback, FeedbackEvent] = Decider(
    FEEDBACK, get_args(FeedbackCommand), decide, evolve, initial=None, facts=known
)
