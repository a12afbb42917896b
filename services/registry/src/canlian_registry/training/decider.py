"""The rules of training: planned, attended on its day or after, once each; an online course passed once a year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, get_args

from canlian_chassis.decider import Decider, Given, Rejected
from canlian_events.calendar import day_of
from canlian_events.registry.training import (
    SIGN_IN_BEFORE,
    TRAINING,
    AttendanceStruck,
    CancelTraining,
    OnlineCoursePassed,
    PlanTraining,
    RecordAttendance,
    RecordOnlineCourse,
    SignInToTraining,
    StrikeAttendance,
    TrainingAttended,
    TrainingCancelled,
    TrainingCommand,
    TrainingEvent,
    TrainingPlanned,
)
from canlian_registry.views import Standing, standing_of

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Planned:
    title: str
    starts: datetime
    attended: frozenset[str] = frozenset()
    cancelled: bool = False

    @property
    def day(self) -> date:
        return day_of(self.starts)


@dataclass(frozen=True, slots=True)
class Online:
    """Who passed it, each with the day. Struck again where it was a mistake."""

    title: str
    passed: frozenset[tuple[str, date]] = frozenset()


Training = Planned | Online | None
Standings = Mapping[str, Standing]
"""Worker → how they stand. Who is not in it was never enrolled."""


def decide(command: TrainingCommand, training: Training, given: Given) -> Sequence[TrainingEvent]:
    match command, training:
        case PlanTraining(), _:
            return _plan(command, training)
        case RecordOnlineCourse(), Online() | None:
            return _record_course(command, training or Online(command.title), given)
        case _, None:
            raise Rejected("training.unknown")
        case StrikeAttendance(), Online():
            struck = sorted(on for worker_id, on in training.passed if worker_id == command.worker_id)
            return [AttendanceStruck.from_(command, on=struck[-1])] if struck else []
        case _, Online():
            raise Rejected("training.is_online")
        case RecordOnlineCourse(), Planned():
            raise Rejected("training.is_a_session")
        case StrikeAttendance(), Planned():
            return [AttendanceStruck.from_(command, on=training.day)] if command.worker_id in training.attended else []
        case CancelTraining(), Planned():
            return _cancel(command, training)
        case _, Planned(cancelled=True):
            raise Rejected("training.cancelled")
        case RecordAttendance(), Planned():
            return _record(command, training, given)
        case SignInToTraining(), Planned():
            return _sign_in(command, training, given)
        case _:
            raise AssertionError(f"{type(command).__name__} is not decided")


def _plan(command: PlanTraining, training: Training) -> Sequence[TrainingEvent]:
    if training is not None:
        raise Rejected("training.already_planned")
    if not command.title:
        raise Rejected("training.no_title")
    if not command.place:
        raise Rejected("training.no_place")
    return [TrainingPlanned.from_(command)]


def _cancel(command: CancelTraining, training: Planned) -> Sequence[TrainingEvent]:
    if training.cancelled:
        return []
    if training.attended:
        raise Rejected("training.was_attended", number=len(training.attended))
    if not command.reason:
        raise Rejected("training.no_reason")
    return [TrainingCancelled.from_(command)]


def _record(command: RecordAttendance, training: Planned, given: Given) -> Sequence[TrainingEvent]:
    if day_of(given.at) < training.day:
        raise Rejected("training.not_yet", on=training.day)
    workers = tuple(dict.fromkeys(command.workers))
    if twice := [worker_id for worker_id in workers if worker_id in training.attended]:
        raise Rejected("training.already_attended", workers=twice)
    _all_working(workers, training.day, given.facts)
    return [
        TrainingAttended(training_id=command.training_id, worker_id=worker_id, on=training.day) for worker_id in workers
    ]


def _sign_in(command: SignInToTraining, training: Planned, given: Given) -> Sequence[TrainingEvent]:
    if given.by.id != command.worker_id:
        raise Rejected("training.not_yours")
    if given.at < training.starts - SIGN_IN_BEFORE:
        raise Rejected("training.not_yet", on=training.day)
    if day_of(given.at) > training.day:
        raise Rejected("training.over", on=training.day)
    if command.worker_id in training.attended:
        raise Rejected("training.already_attended", workers=[command.worker_id])
    _all_working([command.worker_id], training.day, given.facts)
    return [TrainingAttended.from_(command, on=training.day, signed_in=True)]


def _record_course(command: RecordOnlineCourse, course: Online, given: Given) -> Sequence[TrainingEvent]:
    if not command.title:
        raise Rejected("training.no_title")
    if command.on > day_of(given.at):
        raise Rejected("training.not_yet", on=command.on)
    workers = tuple(dict.fromkeys(command.workers))
    this_year = {worker_id for worker_id, on in course.passed if on.year == command.on.year}
    if twice := [worker_id for worker_id in workers if worker_id in this_year]:
        raise Rejected("training.already_passed", workers=twice, year=str(command.on.year))
    _all_working(workers, command.on, given.facts)
    return [
        OnlineCoursePassed(training_id=command.training_id, title=command.title, worker_id=worker_id, on=command.on)
        for worker_id in workers
    ]


def _all_working(workers: Iterable[str], on: date, standings: Standings) -> None:
    """Everybody is enrolled, and was not released from their last community before the day."""
    if unknown := [worker_id for worker_id in workers if worker_id not in standings]:
        raise Rejected("training.worker_unknown", workers=unknown)
    if gone := [worker_id for worker_id in workers if not standings[worker_id].worked_on(on)]:
        raise Rejected("training.released", workers=gone)


def evolve(training: Training, event: TrainingEvent) -> Training:
    match event, training:
        case TrainingPlanned(), _:
            return Planned(event.title, event.starts)
        case TrainingAttended(), Planned(attended=attended):
            return replace(training, attended=attended | {event.worker_id})
        case AttendanceStruck(), Planned(attended=attended):
            return replace(training, attended=attended - {event.worker_id})
        case AttendanceStruck(), Online(passed=passed):
            return replace(training, passed=passed - {(event.worker_id, event.on)})
        case OnlineCoursePassed(), Online() | None:
            course = training or Online(event.title)
            return replace(course, passed=course.passed | {(event.worker_id, event.on)})
        case TrainingCancelled(), Planned():
            return replace(training, cancelled=True)
        case _:
            raise AssertionError(f"{type(event).__name__} cannot have happened to {training}")


def find_facts(session: Session, command: TrainingCommand, _: Training) -> Standings:
    match command:
        case RecordAttendance() | RecordOnlineCourse():
            return standing_of(session, command.workers)
        case SignInToTraining():
            return standing_of(session, [command.worker_id])
        case _:
            return {}


training: Decider[TrainingCommand, Training, TrainingEvent] = Decider(
    TRAINING, get_args(TrainingCommand), decide, evolve, initial=None, facts=find_facts
)
