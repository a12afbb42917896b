"""The rules of training, as sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from canlian_chassis.testing.deciders import NOON, given
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.registry.training import (
    SESSIONS_A_YEAR,
    SIGN_IN_BEFORE,
    TRAINED_KINDS,
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
    TrainingPlanned,
)
from canlian_events.terms import Role, WorkerKind
from canlian_registry.training.decider import training
from canlian_registry.views import Standing

ID, COURSE = "training_00000001", "training_00000002"
WHO, OTHER = "worker_00000001", "worker_00000002"
STAFF = Actor("worker_00000009", frozenset({Role.STAFF}), ("429999001",))
GRID_WORKER = Actor(WHO, frozenset({Role.GRID_WORKER}), ("429999001001",))
TODAY = date(2026, 11, 24)
WORKING = {WHO: Standing(), OTHER: Standing()}

PLAN = PlanTraining(
    training_id=ID, title="上门评估", starts=NOON, place="二楼会议室", kinds=frozenset({WorkerKind.GRID_WORKER})
)
PLANNED = TrainingPlanned(
    training_id=ID, title="上门评估", starts=NOON, place="二楼会议室", kinds=frozenset({WorkerKind.GRID_WORKER})
)
ATTEND = RecordAttendance(training_id=ID, workers=(WHO, OTHER))
ATTENDED = TrainingAttended(training_id=ID, worker_id=WHO, on=TODAY)
OTHER_ATTENDED = TrainingAttended(training_id=ID, worker_id=OTHER, on=TODAY)
SIGN_IN = SignInToTraining(training_id=ID, worker_id=WHO)
SIGNED_IN = TrainingAttended(training_id=ID, worker_id=WHO, on=TODAY, signed_in=True)
CANCELLED = TrainingCancelled(training_id=ID, reason="讲师生病")
PASS = RecordOnlineCourse(training_id=COURSE, title="无障碍沟通", on=TODAY, workers=(WHO,))
PASSED = OnlineCoursePassed(training_id=COURSE, title="无障碍沟通", worker_id=WHO, on=TODAY)


def test_grid_workers_and_social_workers_are_trained_at_least_twice_a_year():
    assert SESSIONS_A_YEAR == 2
    assert {WorkerKind.GRID_WORKER, WorkerKind.SOCIAL_WORKER} == TRAINED_KINDS


def test_a_session_is_planned_once_with_a_title_and_a_place():
    given(training).when(PLAN, by=STAFF).then(PLANNED)
    given(training, PLANNED).when(PLAN, by=STAFF).refused("training.already_planned")
    given(training).when(PLAN.model_copy(update={"title": ""}), by=STAFF).refused("training.no_title")
    given(training).when(PLAN.model_copy(update={"place": ""}), by=STAFF).refused("training.no_place")


def test_those_who_came_are_recorded_in_one_list():
    given(training, PLANNED).when(ATTEND, by=STAFF, facts=WORKING).then(ATTENDED, OTHER_ATTENDED)
    twice_in_the_list = RecordAttendance(training_id=ID, workers=(WHO, WHO))
    given(training, PLANNED).when(twice_in_the_list, by=STAFF, facts=WORKING).then(ATTENDED)


def test_nobody_attends_before_the_day():
    yesterday = NOON - timedelta(days=1)
    given(training, PLANNED).when(ATTEND, by=STAFF, at=yesterday, facts=WORKING).refused("training.not_yet", on=TODAY)
    late_in_the_evening_of_utc = datetime(2026, 11, 23, 16, tzinfo=UTC)
    scene = given(training, PLANNED)
    scene.when(ATTEND, by=STAFF, at=late_in_the_evening_of_utc, facts=WORKING).then(ATTENDED, OTHER_ATTENDED)


def test_nobody_attends_twice():
    given(training, PLANNED, ATTENDED).when(ATTEND, by=STAFF, facts=WORKING).refused(
        "training.already_attended", workers=[WHO]
    )
    given(training, PLANNED, ATTENDED).when(SIGN_IN, by=GRID_WORKER, facts=WORKING).refused("training.already_attended")


def test_nobody_attends_what_was_cancelled():
    for command, by in ((ATTEND, STAFF), (SIGN_IN, GRID_WORKER)):
        given(training, PLANNED, CANCELLED).when(command, by=by, facts=WORKING).refused("training.cancelled")


def test_somebody_released_before_the_day_did_not_attend():
    released = WORKING | {OTHER: Standing(released_on=TODAY - timedelta(days=1))}
    given(training, PLANNED).when(ATTEND, by=STAFF, facts=released).refused("training.released", workers=[OTHER])
    on_the_day = WORKING | {OTHER: Standing(released_on=TODAY)}
    given(training, PLANNED).when(ATTEND, by=STAFF, facts=on_the_day).then(ATTENDED, OTHER_ATTENDED)


def test_somebody_nobody_enrolled_did_not_attend():
    given(training, PLANNED).when(ATTEND, by=STAFF, facts={WHO: Standing()}).refused(
        "training.worker_unknown", workers=[OTHER]
    )


def test_a_worker_signs_in_from_an_hour_before_until_the_day_is_over():
    scene = given(training, PLANNED)
    scene.when(SIGN_IN, by=GRID_WORKER, at=NOON - SIGN_IN_BEFORE, facts=WORKING).then(SIGNED_IN)
    early = NOON - SIGN_IN_BEFORE - timedelta(seconds=1)
    scene.when(SIGN_IN, by=GRID_WORKER, at=early, facts=WORKING).refused("training.not_yet")
    scene.when(SIGN_IN, by=GRID_WORKER, at=NOON + timedelta(days=1), facts=WORKING).refused("training.over")


def test_a_worker_signs_in_nobody_else():
    other = SignInToTraining(training_id=ID, worker_id=OTHER)
    given(training, PLANNED).when(other, by=GRID_WORKER, facts=WORKING).refused("training.not_yours")


def test_a_worker_of_any_community_signs_in():
    assert GRID_WORKER.may_act_in(SignInToTraining, "429999001000")
    assert not GRID_WORKER.may_act_in(RecordAttendance, "429999001000")


def test_what_was_recorded_by_mistake_is_struck():
    strike = StrikeAttendance(training_id=ID, worker_id=WHO)
    struck = AttendanceStruck(training_id=ID, worker_id=WHO, on=TODAY)
    given(training, PLANNED, ATTENDED).when(strike, by=STAFF).then(struck)
    given(training, PLANNED, ATTENDED, struck).when(strike, by=STAFF).unchanged()
    given(training, PLANNED, ATTENDED, struck).when(SIGN_IN, by=GRID_WORKER, facts=WORKING).then(SIGNED_IN)
    of_course = StrikeAttendance(training_id=COURSE, worker_id=WHO)
    given(training, PASSED).when(of_course, by=STAFF).then(
        AttendanceStruck(training_id=COURSE, worker_id=WHO, on=TODAY)
    )
    given(training, PASSED).when(StrikeAttendance(training_id=COURSE, worker_id=OTHER), by=STAFF).unchanged()


def test_a_session_is_cancelled_while_nobody_has_attended():
    cancel = CancelTraining(training_id=ID, reason="讲师生病")
    given(training, PLANNED).when(cancel, by=STAFF).then(CANCELLED)
    given(training, PLANNED, CANCELLED).when(cancel, by=STAFF).unchanged()
    given(training, PLANNED, ATTENDED).when(cancel, by=STAFF).refused("training.was_attended", number=1)
    given(training, PLANNED).when(CancelTraining(training_id=ID, reason=""), by=STAFF).refused("training.no_reason")


def test_an_online_course_counts_once_a_year():
    given(training).when(PASS, by=STAFF, facts=WORKING).then(PASSED)
    given(training, PASSED).when(PASS, by=STAFF, facts=WORKING).refused("training.already_passed", year="2026")
    last_year = PASSED.model_copy(update={"on": date(2025, 12, 31)})
    given(training, last_year).when(PASS, by=STAFF, facts=WORKING).then(PASSED)
    tomorrow = PASS.model_copy(update={"on": TODAY + timedelta(days=1)})
    given(training).when(tomorrow, by=STAFF, facts=WORKING).refused("training.not_yet")
    given(training).when(PASS.model_copy(update={"title": ""}), by=STAFF, facts=WORKING).refused("training.no_title")


def test_a_course_is_no_session_and_a_session_no_course():
    other = RecordAttendance(training_id=COURSE, workers=(OTHER,))
    given(training, PASSED).when(other, by=STAFF, facts=WORKING).refused("training.is_online")
    course = RecordOnlineCourse(training_id=ID, title="上门评估", on=TODAY, workers=(WHO,))
    given(training, PLANNED).when(course, by=STAFF, facts=WORKING).refused("training.is_a_session")


@pytest.mark.parametrize("command", [ATTEND, SIGN_IN, CancelTraining(training_id=ID, reason="x")])
def test_a_training_nobody_planned_is_unknown(command: Command):
    given(training).when(command, by=GRID_WORKER, facts=WORKING).refused("training.unknown")
