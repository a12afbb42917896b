"""The rules of an assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never, get_args

from canlian_assistance.assessment.scoring import score
from canlian_assistance.facts import Known, known, not_erased
from canlian_chassis.decider import Decider, Given, Rejected
from canlian_events.assistance.assessment import (
    ASSESSMENT,
    AnswerItem,
    AssessmentCommand,
    AssessmentCompleted,
    AssessmentEvent,
    AssessmentStarted,
    CompleteAssessment,
    ItemAnswered,
    StartAssessment,
)
from canlian_events.assistance.instruments import Instrument, instrument
from canlian_events.personal import opened


@dataclass(frozen=True, slots=True)
class Started:
    by: AssessmentStarted
    answers: Mapping[str, int] = field(default_factory=dict)

    @property
    def person_id(self) -> str:
        return self.by.person_id


@dataclass(frozen=True, slots=True)
class Completed:
    pass


Assessment = Started | Completed | None


def decide(command: AssessmentCommand, assessment: Assessment, given: Given) -> Sequence[AssessmentEvent]:
    not_erased(given.facts)
    match command, assessment:
        case StartAssessment(), None:
            return _start(command, given)
        case StartAssessment(), Started(by=started):
            if AssessmentStarted.from_(command) != started:
                raise Rejected("assessment.already_started")
            return []
        case AnswerItem(), Started():
            return _answer({command.item: command.answer}, assessment)
        case CompleteAssessment(), Started():
            return _complete(command, assessment)
        case _, Completed():
            raise Rejected("assessment.completed")
        case _:
            raise Rejected("assessment.unknown")


def _start(command: StartAssessment, given: Given) -> Sequence[AssessmentEvent]:
    facts: Known = given.facts
    form = _form(command.instrument, command.instrument_version)
    if form.withdrawn:
        raise Rejected("assessment.withdrawn_instrument", instrument=form.code, version=form.version)
    facts.must_be_open()
    # only the year of birth is known in the open: whoever reaches the age this year is let in
    if given.at.year - facts.living().birth_year < form.min_age:
        raise Rejected("assessment.too_young", min_age=form.min_age)
    return [AssessmentStarted.from_(command)]


def _answer(answers: Mapping[str, int], assessment: Started) -> list[AssessmentEvent]:
    """An event for each answer that is new or changed, in the order of the form."""
    form = _form(assessment.by.instrument, assessment.by.instrument_version)
    for code, answer in answers.items():
        _check(form, code, answer)
    return [
        ItemAnswered(
            assessment_id=assessment.by.assessment_id,
            person_id=assessment.by.person_id,
            item=item.code,
            answer=answers[item.code],
        )
        for item in form.items
        if item.code in answers and assessment.answers.get(item.code) != answers[item.code]
    ]


def _check(form: Instrument, code: str, answer: int) -> None:
    item = form.item(code)
    if item is None:
        raise Rejected("assessment.unknown_item", item=code)
    if answer not in item.allowed:
        raise Rejected("assessment.answer_out_of_range", item=code, answer=answer, allowed=list(item.allowed))


def _complete(command: CompleteAssessment, assessment: Started) -> list[AssessmentEvent]:
    answered = _answer(command.answers, assessment)
    form = _form(assessment.by.instrument, assessment.by.instrument_version)
    answers = {**assessment.answers, **command.answers}
    missing = [item.code for item in form.items if item.code not in answers]
    if missing:
        raise Rejected("assessment.incomplete", missing=missing)
    result = score(form, answers)
    completed = AssessmentCompleted.from_(
        assessment.by, score=result.score, level=result.level, explained=result.explained, needs=result.needs
    )
    return [*answered, completed]


def _form(code: str, version: str) -> Instrument:
    form = instrument(code, version)
    if form is None:
        raise Rejected("assessment.unknown_instrument", instrument=code, version=version)
    return form


def evolve(assessment: Assessment, event: AssessmentEvent) -> Assessment:
    match event:
        case AssessmentStarted():
            return Started(event)
        case ItemAnswered():
            assert isinstance(assessment, Started)
            answer = opened(event.answer)
            # sealed for good once the person is erased: an assessment then stays as it was left
            return (
                assessment
                if answer is None
                else replace(assessment, answers={**assessment.answers, event.item: answer})
            )
        case AssessmentCompleted():
            return Completed()
        case _:
            assert_never(event)


assessment: Decider[AssessmentCommand, Assessment, AssessmentEvent] = Decider(
    ASSESSMENT, get_args(AssessmentCommand), decide, evolve, initial=None, facts=known
)
