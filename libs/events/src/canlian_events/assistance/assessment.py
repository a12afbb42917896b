"""Assessments (评估): an instrument's items answered, then scored. Instruments are data: see `instruments`."""

from __future__ import annotations

from pydantic import Field

from canlian_events.core import Command, Event, Message, aggregate
from canlian_events.ids import AssessmentId, CommunityCode, NeedId, PersonId
from canlian_events.personal import Personal
from canlian_events.terms import Domain, Role, Urgency

ASSESSMENT = aggregate("assistance.assessment")
_ASSESSORS = {Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.STAFF}


class StartAssessment(Command, to=ASSESSMENT, by=_ASSESSORS):
    """`instrument` and `instrument_version` name one of the shipped instruments, e.g. `wg-ss` `2016`."""

    assessment_id: AssessmentId
    person_id: PersonId
    community: CommunityCode
    instrument: str
    instrument_version: str
    need_id: NeedId | None = None


class AnswerItem(Command, to=ASSESSMENT, by=_ASSESSORS):
    """An answer given again replaces the one before."""

    assessment_id: AssessmentId
    item: str
    answer: int


class CompleteAssessment(Command, to=ASSESSMENT, by=_ASSESSORS):
    """Refused while items are unanswered; `answers` may bring all that are missing, for a form sent in one go."""

    assessment_id: AssessmentId
    answers: dict[str, int] = Field(default_factory=dict)


class NeedFound(Message):
    """A domain in which the checklist found a need."""

    domain: Domain
    urgency: Urgency


class AssessmentStarted(Event, type="assistance.assessment.started"):
    assessment_id: AssessmentId
    person_id: PersonId
    instrument: str
    instrument_version: str
    need_id: NeedId | None = None


class ItemAnswered(Event, type="assistance.assessment.item-answered", about="person_id"):
    assessment_id: AssessmentId
    person_id: PersonId
    item: str
    answer: Personal[int]


class AssessmentCompleted(Event, type="assistance.assessment.completed"):
    """`score` is the instrument's own, `level` the code of its band, `explained` the items that made it so."""

    assessment_id: AssessmentId
    person_id: PersonId
    instrument: str
    instrument_version: str
    score: int
    level: str
    explained: tuple[str, ...] = ()
    needs: tuple[NeedFound, ...] = ()
    need_id: NeedId | None = None


AssessmentCommand = StartAssessment | AnswerItem | CompleteAssessment
AssessmentEvent = AssessmentStarted | ItemAnswered | AssessmentCompleted
