"""The rules of a community, as sentences."""

from typing import Any

import pytest

from canlian_chassis.testing.deciders import given
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.registry.community import (
    CloseCommunity,
    CommunityClosed,
    CommunityOpened,
    CommunityRenamed,
    DirectorNamed,
    GridWorkerNamed,
    NameDirector,
    NameGridWorker,
    NameResponsibleMember,
    OpenCommunity,
    RenameCommunity,
    ResponsibleMemberNamed,
)
from canlian_events.terms import Role, WorkerKind
from canlian_registry.community.decider import Facts, community

HERE = "429999001001"
STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
CHEN, LIU = "worker_00000002", "worker_00000003"

OPENED = CommunityOpened(community=HERE, name="新华社区")
CLOSED = CommunityClosed(community=HERE)
CHEN_IS_GRID_WORKER = GridWorkerNamed(community=HERE, worker_id=CHEN)
GRID_WORKER = Facts(worker_kind=WorkerKind.GRID_WORKER)
DIRECTOR = Facts(worker_kind=WorkerKind.DIRECTOR)

OPEN = OpenCommunity(community=HERE, name="新华社区")
CLOSE = CloseCommunity(community=HERE)
NAME_LIU = NameGridWorker(community=HERE, worker_id=LIU)


def test_a_community_is_opened_once():
    given(community).when(OPEN, by=STAFF, facts=Facts()).then(OPENED)
    given(community, OPENED).when(OPEN, by=STAFF, facts=Facts()).unchanged()


def test_a_community_is_not_opened_again_under_another_name_but_renamed():
    another = OpenCommunity(community=HERE, name="清芬社区")
    rename = RenameCommunity(community=HERE, name="清芬社区")
    renamed = CommunityRenamed(community=HERE, name="清芬社区")
    given(community, OPENED).when(another, by=STAFF, facts=Facts()).refused("community.already_open", name="新华社区")
    given(community, OPENED).when(rename, by=STAFF, facts=Facts()).then(renamed)
    given(community, OPENED, renamed).when(rename, by=STAFF, facts=Facts()).unchanged()


def test_a_community_has_a_name():
    nameless = OpenCommunity(community=HERE, name=" ")
    given(community).when(nameless, by=STAFF, facts=Facts()).refused("community.no_name")


def test_a_community_has_exactly_one_grid_worker():
    given(community, OPENED).when(NAME_LIU, by=STAFF, facts=GRID_WORKER).then(
        GridWorkerNamed(community=HERE, worker_id=LIU)
    )
    given(community, OPENED, CHEN_IS_GRID_WORKER).when(NAME_LIU, by=STAFF, facts=GRID_WORKER).refused(
        "community.grid_worker_named", worker_id=CHEN
    )


def test_a_successor_says_whom_they_replace():
    scene = given(community, OPENED, CHEN_IS_GRID_WORKER)
    follows = NAME_LIU.model_copy(update={"replaces": CHEN})
    scene.when(follows, by=STAFF, facts=GRID_WORKER).then(GridWorkerNamed(community=HERE, worker_id=LIU))
    wrong = NAME_LIU.model_copy(update={"replaces": "worker_00000009"})
    scene.when(wrong, by=STAFF, facts=GRID_WORKER).refused("community.grid_worker_named", worker_id=CHEN)


def test_naming_the_same_grid_worker_again_changes_nothing():
    again = NameGridWorker(community=HERE, worker_id=CHEN, replaces=CHEN)
    given(community, OPENED, CHEN_IS_GRID_WORKER).when(again, by=STAFF, facts=GRID_WORKER).unchanged()


def test_only_a_grid_worker_becomes_one_and_only_a_director_the_other():
    given(community, OPENED).when(NAME_LIU, by=STAFF, facts=DIRECTOR).refused(
        "community.not_a_grid_worker", kind=WorkerKind.DIRECTOR
    )
    director = NameDirector(community=HERE, worker_id=CHEN)
    given(community, OPENED).when(director, by=STAFF, facts=GRID_WORKER).refused(
        "community.not_a_director", kind=WorkerKind.GRID_WORKER
    )


def test_nobody_is_named_who_is_not_enrolled():
    commands: list[Command] = [
        NAME_LIU,
        NameDirector(community=HERE, worker_id=CHEN),
        NameResponsibleMember(community=HERE, worker_id=CHEN),
    ]
    for command in commands:
        given(community, OPENED).when(command, by=STAFF, facts=Facts()).refused("community.worker_unknown")


@pytest.mark.parametrize(
    ("command", "event"), [(NameDirector, DirectorNamed), (NameResponsibleMember, ResponsibleMemberNamed)]
)
def test_a_director_and_a_responsible_member_are_named_and_may_change(command: Any, event: Any):
    chen, liu = command(community=HERE, worker_id=CHEN), command(community=HERE, worker_id=LIU)
    named = event(community=HERE, worker_id=CHEN)
    given(community, OPENED).when(chen, by=STAFF, facts=DIRECTOR).then(named)
    given(community, OPENED, named).when(chen, by=STAFF, facts=DIRECTOR).unchanged()
    given(community, OPENED, named).when(liu, by=STAFF, facts=DIRECTOR).then(event(community=HERE, worker_id=LIU))


def test_a_community_closes_when_nobody_lives_there():
    given(community, OPENED).when(CLOSE, by=STAFF, facts=Facts(residents=0)).then(CLOSED)


def test_a_community_with_residents_does_not_close():
    given(community, OPENED).when(CLOSE, by=STAFF, facts=Facts(residents=3)).refused(
        "community.has_residents", residents=3
    )


def test_a_closed_community_accepts_nothing():
    for command in (OPEN, CLOSE, NAME_LIU, RenameCommunity(community=HERE, name="x")):
        given(community, OPENED, CLOSED).when(command, by=STAFF, facts=GRID_WORKER).refused("community.closed")


def test_a_community_nobody_opened_is_unknown():
    for command in (CLOSE, NAME_LIU, RenameCommunity(community=HERE, name="x")):
        given(community).when(command, by=STAFF, facts=GRID_WORKER).refused("community.unknown", community=HERE)
