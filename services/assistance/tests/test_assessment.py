"""The rules of an assessment, as sentences."""

from dataclasses import replace
from typing import Any

import pytest

from canlian_assistance.assessment.decider import assessment
from canlian_assistance.facts import Known, KnownPerson
from canlian_chassis.testing.deciders import given
from canlian_events.assistance.assessment import (
    AnswerItem,
    AssessmentCommand,
    AssessmentCompleted,
    AssessmentStarted,
    CompleteAssessment,
    ItemAnswered,
    NeedFound,
    StartAssessment,
)
from canlian_events.assistance.instruments import INSTRUMENTS, SERVICE_NEEDS, WG_SS
from canlian_events.meta import Actor
from canlian_events.personal import Sealed
from canlian_events.terms import Domain, Role, Urgency

ID, PERSON, HERE = "assessment_00000001", "person_00000001", "429999001001"
SOCIAL_WORKER = Actor("worker_00000003", frozenset({Role.SOCIAL_WORKER}), (HERE,))
KNOWN = Known("open", KnownPerson(1960))
ITEMS = ["seeing", "hearing", "walking", "remembering", "self_care", "communicating"]

START = StartAssessment(
    assessment_id=ID, person_id=PERSON, community=HERE, instrument="wg-ss", instrument_version="2016"
)
STARTED = AssessmentStarted.from_(START)
NO_DIFFICULTY = dict.fromkeys(ITEMS, 1)


def answered(item: str, answer: int) -> ItemAnswered:
    return ItemAnswered(assessment_id=ID, person_id=PERSON, item=item, answer=answer)


def completed(**result: Any) -> AssessmentCompleted:
    return AssessmentCompleted.from_(STARTED, **result)


def complete(answers: dict[str, int]) -> CompleteAssessment:
    return CompleteAssessment(assessment_id=ID, answers=answers)


def test_an_assessment_is_started_with_an_instrument():
    given(assessment).when(START, by=SOCIAL_WORKER, facts=KNOWN).then(STARTED)
    given(assessment, STARTED).when(START, by=SOCIAL_WORKER, facts=KNOWN).unchanged()


def test_an_assessment_under_way_is_not_started_for_something_else():
    other = START.model_copy(update={"person_id": "person_00000002"})
    given(assessment, STARTED).when(other, by=SOCIAL_WORKER, facts=KNOWN).refused("assessment.already_started")


@pytest.mark.parametrize("change", [{"instrument": "horoscope"}, {"instrument_version": "1916"}])
def test_an_instrument_nobody_has_is_refused(change: dict[str, str]):
    start = START.model_copy(update=change)
    given(assessment).when(start, by=SOCIAL_WORKER, facts=KNOWN).refused("assessment.unknown_instrument")


def test_a_withdrawn_version_is_not_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(INSTRUMENTS, ("wg-ss", "2001"), replace(WG_SS, version="2001", withdrawn=True))
    start = START.model_copy(update={"instrument_version": "2001"})
    outcome = given(assessment).when(start, by=SOCIAL_WORKER, facts=KNOWN)
    outcome.refused("assessment.withdrawn_instrument", instrument="wg-ss", version="2001")


def test_the_short_set_is_not_for_children_under_five():
    given(assessment).when(START, by=SOCIAL_WORKER, facts=Known("open", KnownPerson(2022))).refused(
        "assessment.too_young", min_age=5
    )
    given(assessment).when(START, by=SOCIAL_WORKER, facts=Known("open", KnownPerson(2021))).then(STARTED)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (Known("open"), "person.unknown"),
        (Known(None, KnownPerson(1960)), "community.unknown"),
        (Known("closed", KnownPerson(1960)), "community.closed"),
    ],
)
def test_an_assessment_is_somebodys_in_a_community_that_works(facts: Known, code: str):
    given(assessment).when(START, by=SOCIAL_WORKER, facts=facts).refused(code)


def test_an_item_is_answered_and_an_answer_given_again_replaces_the_one_before():
    answer = AnswerItem(assessment_id=ID, item="seeing", answer=2)
    given(assessment, STARTED).when(answer, by=SOCIAL_WORKER).then(answered("seeing", 2))
    given(assessment, STARTED, answered("seeing", 2)).when(answer, by=SOCIAL_WORKER).unchanged()
    given(assessment, STARTED, answered("seeing", 3)).when(answer, by=SOCIAL_WORKER).then(answered("seeing", 2))


def test_an_item_the_instrument_does_not_have_is_refused():
    answer = AnswerItem(assessment_id=ID, item="smelling", answer=1)
    given(assessment, STARTED).when(answer, by=SOCIAL_WORKER).refused("assessment.unknown_item", item="smelling")
    form = complete(NO_DIFFICULTY | {"smelling": 1})
    given(assessment, STARTED).when(form, by=SOCIAL_WORKER).refused("assessment.unknown_item", item="smelling")


@pytest.mark.parametrize("value", [0, 5, -1])
def test_an_answer_out_of_range_is_refused(value: int):
    answer = AnswerItem(assessment_id=ID, item="seeing", answer=value)
    given(assessment, STARTED).when(answer, by=SOCIAL_WORKER).refused(
        "assessment.answer_out_of_range", item="seeing", answer=value, allowed=[1, 2, 3, 4]
    )
    form = complete(NO_DIFFICULTY | {"seeing": value})
    given(assessment, STARTED).when(form, by=SOCIAL_WORKER).refused("assessment.answer_out_of_range")


def test_an_incomplete_form_names_what_is_missing_in_the_order_of_the_form():
    form = complete({"communicating": 1, "walking": 1, "self_care": 1})
    given(assessment, STARTED, answered("seeing", 1)).when(form, by=SOCIAL_WORKER).refused(
        "assessment.incomplete", missing=["hearing", "remembering"]
    )


def test_a_form_sent_in_one_go_keeps_each_answer_and_the_result():
    given(assessment, STARTED).when(complete(NO_DIFFICULTY | {"walking": 3}), by=SOCIAL_WORKER).then(
        *[answered(item, 3 if item == "walking" else 1) for item in ITEMS],
        completed(score=1, level="disability", explained=("walking",)),
    )


def test_answers_given_before_need_not_be_given_again():
    before = [answered(item, 1) for item in ITEMS[:5]]
    given(assessment, STARTED, *before).when(complete({"communicating": 2}), by=SOCIAL_WORKER).then(
        answered("communicating", 2), completed(score=0, level="no_disability")
    )


def test_an_assessment_is_completed_once_and_not_answered_after():
    done = [STARTED, completed(score=0, level="no_disability")]
    given(assessment, *done).when(complete(NO_DIFFICULTY), by=SOCIAL_WORKER).refused("assessment.completed")
    answer = AnswerItem(assessment_id=ID, item="seeing", answer=2)
    given(assessment, *done).when(answer, by=SOCIAL_WORKER).refused("assessment.completed")


@pytest.mark.parametrize("command", [complete(NO_DIFFICULTY), AnswerItem(assessment_id=ID, item="seeing", answer=2)])
def test_an_assessment_nobody_started_is_refused(command: AssessmentCommand):
    given(assessment).when(command, by=SOCIAL_WORKER).refused("assessment.unknown")


def test_the_checklist_turns_needed_and_urgent_domains_into_needs():
    start = START.model_copy(
        update={"instrument": "service-needs", "instrument_version": "1", "need_id": "need_00000001"}
    )
    started = AssessmentStarted.from_(start)
    given(assessment).when(start, by=SOCIAL_WORKER, facts=Known("open", KnownPerson(2025))).then(started)
    answers = dict.fromkeys([item.code for item in SERVICE_NEEDS.items], 0) | {"day_care": 1, "rights": 2}
    form = complete(answers)
    before = [answered(item, answer) for item, answer in answers.items()]
    given(assessment, started, *before).when(form, by=SOCIAL_WORKER).then(
        AssessmentCompleted.from_(
            started,
            score=2,
            level="urgent",
            explained=("day_care", "rights"),
            needs=(
                NeedFound(domain=Domain.DAY_CARE, urgency=Urgency.NORMAL),
                NeedFound(domain=Domain.RIGHTS, urgency=Urgency.URGENT),
            ),
        )
    )


def test_an_erased_answer_counts_as_not_given():
    erased = ItemAnswered(assessment_id=ID, person_id=PERSON, item="seeing", answer=Sealed(about=PERSON, sealed="x"))
    form = complete({item: 1 for item in ITEMS if item != "seeing"})
    given(assessment, STARTED, erased).when(form, by=SOCIAL_WORKER).refused("assessment.incomplete", missing=["seeing"])


def test_an_erased_person_is_not_assessed():
    erased = Known("open", KnownPerson(1960, erased=True))
    given(assessment).when(START, by=SOCIAL_WORKER, facts=erased).refused("person.erased")
    given(assessment, STARTED).when(complete(NO_DIFFICULTY), by=SOCIAL_WORKER, facts=erased).refused("person.erased")
