"""The rules of a worker, as sentences."""

import pytest

from canlian_chassis.testing.deciders import given
from canlian_events.meta import Actor
from canlian_events.personal import Sealed
from canlian_events.registry.worker import (
    AssignWorker,
    EnrolWorker,
    GrantRole,
    ReleaseWorker,
    RevokeRole,
    RoleGranted,
    RoleRevoked,
    WorkerAssigned,
    WorkerEnrolled,
    WorkerReleased,
)
from canlian_events.terms import Role, WorkerKind
from canlian_registry.views import Place
from canlian_registry.worker.decider import ROLES_OF, worker

ID, HERE, SUBDISTRICT = "worker_00000001", "429999001001", "429999001"
STAFF = Actor("worker_00000009", frozenset({Role.STAFF}), (SUBDISTRICT,))
OPEN, CLOSED, UNKNOWN = Place("open"), Place("closed"), Place()

ENROL = EnrolWorker(worker_id=ID, kind=WorkerKind.GRID_WORKER, name="陈国静", phone="13800000000")
ENROLLED = WorkerEnrolled(worker_id=ID, kind=WorkerKind.GRID_WORKER, name="陈国静", phone="13800000000")
ASSIGN = AssignWorker(worker_id=ID, community=HERE)
ASSIGNED = WorkerAssigned(worker_id=ID, community=HERE)
RELEASE = ReleaseWorker(worker_id=ID, community=HERE)
RELEASED = WorkerReleased(worker_id=ID, community=HERE)
GRANT = GrantRole(worker_id=ID, role=Role.GRID_WORKER, scope=HERE)
GRANTED = RoleGranted(worker_id=ID, role=Role.GRID_WORKER, scope=HERE)


def test_a_worker_is_enrolled_once():
    given(worker).when(ENROL, by=STAFF, facts=UNKNOWN).then(ENROLLED)
    given(worker, ENROLLED).when(ENROL, by=STAFF, facts=UNKNOWN).unchanged()


def test_a_worker_is_not_enrolled_again_as_somebody_else():
    other = ENROL.model_copy(update={"name": "刘国静"})
    given(worker, ENROLLED).when(other, by=STAFF, facts=UNKNOWN).refused("worker.already_enrolled")


def test_a_worker_has_a_name():
    given(worker).when(ENROL.model_copy(update={"name": ""}), by=STAFF, facts=UNKNOWN).refused("worker.no_name")


def test_a_worker_whose_name_cannot_be_opened_is_not_compared():
    sealed = ENROLLED.model_copy(update={"name": Sealed(about=ID, sealed="…")})
    given(worker, sealed).when(ENROL, by=STAFF, facts=UNKNOWN).refused("worker.unreadable")


def test_a_worker_nobody_enrolled_is_unknown():
    for command in (ASSIGN, RELEASE, GRANT, RevokeRole(worker_id=ID, role=Role.VOLUNTEER, scope=HERE)):
        given(worker).when(command, by=STAFF, facts=OPEN).refused("worker.unknown")


def test_a_worker_is_assigned_to_a_community_that_is_open():
    given(worker, ENROLLED).when(ASSIGN, by=STAFF, facts=OPEN).then(ASSIGNED)
    given(worker, ENROLLED, ASSIGNED).when(ASSIGN, by=STAFF, facts=OPEN).unchanged()
    given(worker, ENROLLED).when(ASSIGN, by=STAFF, facts=UNKNOWN).refused("community.unknown", community=HERE)
    given(worker, ENROLLED).when(ASSIGN, by=STAFF, facts=CLOSED).refused("community.closed", community=HERE)


def test_a_worker_is_released():
    another_is_named = Place("open", grid_worker="worker_00000002")
    given(worker, ENROLLED, ASSIGNED).when(RELEASE, by=STAFF, facts=another_is_named).then(RELEASED)
    given(worker, ENROLLED, ASSIGNED, RELEASED).when(RELEASE, by=STAFF, facts=another_is_named).unchanged()


def test_the_only_grid_worker_is_not_released_before_a_successor_is_named():
    only = Place("open", grid_worker=ID)
    given(worker, ENROLLED, ASSIGNED).when(RELEASE, by=STAFF, facts=only).refused(
        "worker.only_grid_worker", community=HERE
    )


def test_a_worker_is_given_a_role_of_their_kind():
    given(worker, ENROLLED).when(GRANT, by=STAFF, facts=OPEN).then(GRANTED)
    given(worker, ENROLLED, GRANTED).when(GRANT, by=STAFF, facts=OPEN).unchanged()


def test_a_role_may_be_held_for_the_whole_subdistrict():
    whole = GRANT.model_copy(update={"scope": SUBDISTRICT})
    granted = GRANTED.model_copy(update={"scope": SUBDISTRICT})
    given(worker, ENROLLED).when(whole, by=STAFF, facts=UNKNOWN).then(granted)


@pytest.mark.parametrize("scope", ["429999", "429999001000", "4299990010011", "新华社区", ""])
def test_a_scope_is_a_subdistrict_or_a_community(scope: str):
    command = GRANT.model_copy(update={"scope": scope})
    given(worker, ENROLLED).when(command, by=STAFF, facts=OPEN).refused("worker.bad_scope", scope=scope)


def test_a_role_is_not_given_for_a_community_that_does_not_exist():
    given(worker, ENROLLED).when(GRANT, by=STAFF, facts=UNKNOWN).refused("community.unknown", community=HERE)


@pytest.mark.parametrize("kind", WorkerKind)
def test_a_role_outside_the_workers_kind_is_refused(kind: WorkerKind):
    enrolled = ENROLLED.model_copy(update={"kind": kind})
    for role in set(Role) - ROLES_OF[kind]:
        grant = GRANT.model_copy(update={"role": role})
        given(worker, enrolled).when(grant, by=STAFF, facts=OPEN).refused(
            "worker.role_outside_kind", role=role, kind=kind
        )


def test_a_volunteer_is_never_more_than_a_volunteer():
    assert ROLES_OF[WorkerKind.VOLUNTEER] == {Role.VOLUNTEER}


def test_every_kind_of_worker_may_be_given_some_role():
    assert ROLES_OF.keys() == set(WorkerKind)
    assert all(ROLES_OF.values())


def test_a_role_is_revoked():
    revoke = RevokeRole(worker_id=ID, role=Role.GRID_WORKER, scope=HERE)
    revoked = RoleRevoked(worker_id=ID, role=Role.GRID_WORKER, scope=HERE)
    given(worker, ENROLLED, GRANTED).when(revoke, by=STAFF, facts=UNKNOWN).then(revoked)
    given(worker, ENROLLED, GRANTED, revoked).when(revoke, by=STAFF, facts=UNKNOWN).unchanged()
