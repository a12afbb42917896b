"""Training (培训) of those who do the work: sessions that are attended, and courses passed online.

An online course is a training of its own, without a date or a place: whoever passed it is recorded with the day.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import CommunityCode, TrainingId, WorkerId
from canlian_events.terms import Role, WorkerKind

TRAINING = aggregate("registry.training")
_STAFF = {Role.STAFF, Role.OPERATOR}
_WORKERS = {
    Role.STAFF, Role.COMMISSIONER, Role.LEADER, Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.DIRECTOR, Role.VOLUNTEER,
}  # fmt: skip

SESSIONS_A_YEAR = 2
"""Sessions for each of `TRAINED_KINDS` in a calendar year, at least. Source: domain.md, rules: training."""
TRAINED_KINDS = frozenset({WorkerKind.GRID_WORKER, WorkerKind.SOCIAL_WORKER})
"""Who must be trained. Source: domain.md, rules: training of grid workers and social workers."""
SIGN_IN_BEFORE = timedelta(hours=1)
"""How long before a session begins one may sign in to it; until the end of its day."""

Title = Annotated[str, StringConstraints(max_length=100)]
Attendees = Annotated[tuple[WorkerId, ...], Field(min_length=1, max_length=1000)]


class PlanTraining(Command, to=TRAINING, by=_STAFF):
    """`kinds` and `communities` say who is meant; none means all. Others may come, and are counted."""

    training_id: TrainingId
    title: Title
    starts: AwareDatetime
    place: Title
    kinds: frozenset[WorkerKind] = frozenset()
    communities: frozenset[CommunityCode] = frozenset()


class RecordAttendance(Command, to=TRAINING, by=_STAFF):
    """All of them or none: one who is there already, or may not be, has the whole list refused, by name."""

    training_id: TrainingId
    workers: Attendees


class SignInToTraining(Command, to=TRAINING, by=_WORKERS, anywhere=True):
    """By the worker's own hand, on the day."""

    training_id: TrainingId
    worker_id: WorkerId


class StrikeAttendance(Command, to=TRAINING, by=_STAFF):
    """Takes back what was recorded by mistake."""

    training_id: TrainingId
    worker_id: WorkerId


class RecordOnlineCourse(Command, to=TRAINING, by=_STAFF):
    """Refused for somebody who passed the same course in the same calendar year."""

    training_id: TrainingId
    title: Title
    on: date
    workers: Attendees


class CancelTraining(Command, to=TRAINING, by=_STAFF):
    """Refused once somebody has attended."""

    training_id: TrainingId
    reason: Title


class TrainingPlanned(Event, type="registry.training.planned"):
    training_id: TrainingId
    title: str
    starts: AwareDatetime
    place: str
    kinds: frozenset[WorkerKind] = frozenset()
    communities: frozenset[CommunityCode] = frozenset()


class TrainingAttended(Event, type="registry.training.attended"):
    """`on` is the session's day, in Shanghai. `signed_in`: by their own hand."""

    training_id: TrainingId
    worker_id: WorkerId
    on: date
    signed_in: bool = False


class AttendanceStruck(Event, type="registry.training.attendance-struck"):
    training_id: TrainingId
    worker_id: WorkerId
    on: date


class OnlineCoursePassed(Event, type="registry.training.online-course-passed"):
    training_id: TrainingId
    title: str
    worker_id: WorkerId
    on: date


class TrainingCancelled(Event, type="registry.training.cancelled"):
    training_id: TrainingId
    reason: str


TrainingCommand = (
    PlanTraining | RecordAttendance | SignInToTraining | StrikeAttendance | RecordOnlineCourse | CancelTraining
)
TrainingEvent = TrainingPlanned | TrainingAttended | AttendanceStruck | OnlineCoursePassed | TrainingCancelled
