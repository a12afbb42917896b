"""The rules of a worker, as sentences."""

import pytest

from canlian_chassis.testing.deciders import given
from canlian_events.meta import Actor
from canlian_events.personal import Sealed
from canlian_events.registry.community import (
    CommunityEvent,
    CommunityOpened,
    DirectorNamed,
    GridWorkerNamed,
    PostVacated,
    ResponsibleMemberNamed,
)
from canlian_events.registry.worker import (
    FIXED_WORKERS_AT_LEAST,
    ROLES_OF,
    AssignWorker,
    CorrectWorker,
    EnrolWorker,
    EraseWorker,
    GrantRole,
    ReleaseWorker,
    RevokeRole,
    RoleGranted,
    RoleRevoked,
    WorkerAssigned,
    WorkerCorrected,
    WorkerEnrolled,
    WorkerErased,
    WorkerReleased,
)
from canlian_events.terms import Post, Role, WorkerKind
from canlian_registry.community.decider import community
from canlian_registry.views import Place
from canlian_registry.worker.decider import Facts, worker

ID, HERE, SUBDISTRICT = "worker_00000001", "429999001001", "429999001"
STAFF = Actor("worker_00000009", frozenset({Role.STAFF}), (SUBDISTRICT,))
OPEN, CLOSED, UNKNOWN = Facts(Place("open")), Facts(Place("closed")), Facts()
OPERATOR = Actor("worker_00000008", frozenset({Role.OPERATOR}), ())
NEXT = "worker_00000002"

ENROL = EnrolWorker(worker_id=ID, kind=WorkerKind.GRID_WORKER, name="陈国静", phone="13800000000")
ENROLLED = WorkerEnrolled(worker_id=ID, kind=WorkerKind.GRID_WORKER, name="陈国静", phone="13800000000")
ASSIGN = AssignWorker(worker_id=ID, community=HERE)
ASSIGNED = WorkerAssigned(worker_id=ID, community=HERE)
RELEASE = ReleaseWorker(worker_id=ID, community=HERE)
RELEASED = WorkerReleased(worker_id=ID, community=HERE)
HANDED_ON = ReleaseWorker(worker_id=ID, community=HERE, successor=NEXT)
SUCCESSOR = ENROLLED.model_copy(update={"worker_id": NEXT})
SUCCESSOR_ASSIGNED = WorkerAssigned(worker_id=NEXT, community=HERE)
OPENED = (CommunityOpened(community=HERE, name="新华社区"),)
IS_GRID_WORKER = GridWorkerNamed(community=HERE, worker_id=ID)
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
    long = ENROL.model_copy(update={"name": "名" * 61})
    given(worker).when(long, by=STAFF, facts=UNKNOWN).refused("worker.name_too_long", limit=60)


def test_a_worker_can_be_called():
    wrong = ENROL.model_copy(update={"phone": "12345"})
    given(worker).when(wrong, by=STAFF, facts=UNKNOWN).refused("worker.bad_phone")
    corrected = CorrectWorker(worker_id=ID, phone="0728 555")
    given(worker, ENROLLED).when(corrected, by=STAFF, facts=UNKNOWN).refused("worker.bad_phone")


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


def test_somebody_without_a_post_is_released():
    scene = given(worker, ENROLLED, ASSIGNED).beside_of(community, *OPENED)
    scene.when(RELEASE, by=STAFF, facts=UNKNOWN).then(RELEASED)
    given(worker, ENROLLED, ASSIGNED, RELEASED).when(RELEASE, by=STAFF, facts=UNKNOWN).unchanged()


def test_the_only_grid_worker_is_not_released_before_a_successor_is_named():
    scene = given(worker, ENROLLED, ASSIGNED).beside_of(community, *OPENED, IS_GRID_WORKER)
    scene.when(RELEASE, by=STAFF, facts=UNKNOWN).refused("worker.only_grid_worker", community=HERE)


def test_a_successor_takes_over_in_the_same_batch():
    scene = given(worker, ENROLLED, ASSIGNED).beside_of(community, *OPENED, IS_GRID_WORKER)
    succeeded = (GridWorkerNamed(community=HERE, worker_id=NEXT), SUCCESSOR_ASSIGNED, RELEASED)
    scene.beside_of(worker, SUCCESSOR).when(HANDED_ON, by=STAFF, facts=UNKNOWN).then(*succeeded)
    there_already = scene.beside_of(worker, SUCCESSOR, SUCCESSOR_ASSIGNED)
    there_already.when(HANDED_ON, by=STAFF, facts=UNKNOWN).then(succeeded[0], RELEASED)


def test_a_successor_is_another_who_is_enrolled_as_the_same_kind():
    scene = given(worker, ENROLLED, ASSIGNED).beside_of(community, *OPENED, IS_GRID_WORKER)
    themselves = RELEASE.model_copy(update={"successor": ID})
    scene.when(themselves, by=STAFF, facts=UNKNOWN).refused("worker.succeeds_themselves")
    volunteer = SUCCESSOR.model_copy(update={"kind": WorkerKind.VOLUNTEER})
    scene.beside_of(worker, volunteer).when(HANDED_ON, by=STAFF, facts=UNKNOWN).refused(
        "worker.successor_of_another_kind", kind=WorkerKind.VOLUNTEER, needed=WorkerKind.GRID_WORKER
    )
    gone = scene.beside_of(worker, SUCCESSOR, WorkerErased(worker_id=NEXT))
    gone.when(HANDED_ON, by=STAFF, facts=UNKNOWN).refused("worker.successor_unknown")


def test_posts_of_somebody_released_without_a_successor_fall_vacant():
    director = ENROLLED.model_copy(update={"kind": WorkerKind.DIRECTOR})
    posts: tuple[CommunityEvent, ...] = (
        DirectorNamed(community=HERE, worker_id=ID),
        ResponsibleMemberNamed(community=HERE, worker_id=ID),
    )
    scene = given(worker, director, ASSIGNED).beside_of(community, *OPENED, *posts)
    vacant = [PostVacated(community=HERE, post=post, worker_id=ID) for post in (Post.DIRECTOR, Post.RESPONSIBLE_MEMBER)]
    scene.when(RELEASE, by=STAFF, facts=UNKNOWN).then(*vacant, RELEASED)


def test_roles_for_a_community_end_with_the_release_from_it():
    wider = GRANTED.model_copy(update={"scope": SUBDISTRICT})
    scene = given(worker, ENROLLED, ASSIGNED, GRANTED, wider).beside_of(community, *OPENED)
    ended = RoleRevoked(worker_id=ID, role=Role.GRID_WORKER, scope=HERE)
    scene.when(RELEASE, by=STAFF, facts=UNKNOWN).then(ended, RELEASED)


def test_a_name_and_a_phone_are_corrected():
    scene = given(worker, ENROLLED)
    scene.when(CorrectWorker(worker_id=ID, phone="13900000000"), by=STAFF, facts=UNKNOWN).then(
        WorkerCorrected(worker_id=ID, phone="13900000000")
    )
    scene.when(CorrectWorker(worker_id=ID, phone=""), by=STAFF, facts=UNKNOWN).then(
        WorkerCorrected(worker_id=ID, phone="")
    )
    scene.when(CorrectWorker(worker_id=ID, name="陈国静"), by=STAFF, facts=UNKNOWN).unchanged()
    scene.when(CorrectWorker(worker_id=ID, name=""), by=STAFF, facts=UNKNOWN).refused("worker.no_name")
    without = given(worker, ENROLLED, WorkerCorrected(worker_id=ID, phone=""))
    without.when(CorrectWorker(worker_id=ID, phone=""), by=STAFF, facts=UNKNOWN).unchanged()


def test_only_somebody_who_works_here_no_more_is_erased():
    erase, erased = EraseWorker(worker_id=ID), WorkerErased(worker_id=ID)
    given(worker, ENROLLED, ASSIGNED).when(erase, by=STAFF, facts=UNKNOWN).refused("worker.still_working")
    given(worker, ENROLLED, GRANTED).when(erase, by=STAFF, facts=UNKNOWN).refused("worker.still_working")
    given(worker, ENROLLED, ASSIGNED, RELEASED).when(erase, by=STAFF, facts=UNKNOWN).then(erased)
    given(worker, ENROLLED, erased).when(erase, by=STAFF, facts=UNKNOWN).unchanged()
    given(worker, ENROLLED, erased).when(ASSIGN, by=STAFF, facts=OPEN).refused("worker.erased")


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
        given(worker, enrolled).when(grant, by=OPERATOR, facts=OPEN).refused(
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


def test_nobody_gives_a_role_to_themselves_or_beyond_their_own_places():
    own = Actor(ID, frozenset({Role.STAFF}), (SUBDISTRICT,))
    given(worker, ENROLLED).when(GRANT, by=own, facts=OPEN).refused("worker.own_role")
    elsewhere = Actor("worker_00000007", frozenset({Role.STAFF}), ("429999002",))
    given(worker, ENROLLED).when(GRANT, by=elsewhere, facts=OPEN).refused("worker.scope_not_yours", scope=HERE)


def test_an_operators_role_is_given_by_operators():
    staff = ENROLLED.model_copy(update={"kind": WorkerKind.STAFF})
    grant = GrantRole(worker_id=ID, role=Role.OPERATOR, scope=SUBDISTRICT)
    given(worker, staff).when(grant, by=STAFF, facts=UNKNOWN).refused("worker.operators_role")
    granted = RoleGranted(worker_id=ID, role=Role.OPERATOR, scope=SUBDISTRICT)
    given(worker, staff).when(grant, by=OPERATOR, facts=UNKNOWN).then(granted)


def test_the_subdistrict_keeps_at_least_one_fixed_worker():
    assert FIXED_WORKERS_AT_LEAST == 1
    staff = ENROLLED.model_copy(update={"kind": WorkerKind.STAFF})
    fixed = RoleGranted(worker_id=ID, role=Role.STAFF, scope=SUBDISTRICT)
    revoke = RevokeRole(worker_id=ID, role=Role.STAFF, scope=SUBDISTRICT)
    scene = given(worker, staff, fixed)
    only = Facts(fixed_workers=frozenset({ID}))
    scene.when(revoke, by=STAFF, facts=only).refused("worker.only_fixed_worker", number=FIXED_WORKERS_AT_LEAST)
    revoked = RoleRevoked(worker_id=ID, role=Role.STAFF, scope=SUBDISTRICT)
    scene.when(revoke, by=STAFF, facts=Facts(fixed_workers=frozenset({ID, NEXT}))).then(revoked)
