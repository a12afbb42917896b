"""Who may act where, as what."""

from __future__ import annotations

import pytest

from canlian_events.meta import Actor
from canlian_events.registry.person import RegisterPerson
from canlian_events.registry.training import PlanTraining, SignInToTraining
from canlian_events.terms import Role

HERE, THERE, ELSEWHERE = "429999001001", "429999001002", "429999002001"
ROLES = frozenset({Role.VOLUNTEER, Role.SOCIAL_WORKER})
BOTH = Actor("worker_00000001", ROLES, (HERE, THERE), held=((Role.VOLUNTEER, HERE), (Role.SOCIAL_WORKER, THERE)))


def test_each_role_counts_where_it_is_held():
    assert BOTH.roles_in(HERE) == {Role.VOLUNTEER}
    assert BOTH.roles_in(THERE) == {Role.SOCIAL_WORKER}
    assert BOTH.roles_in(ELSEWHERE) == frozenset()
    assert BOTH.may_act_in(RegisterPerson, THERE)
    assert not BOTH.may_act_in(RegisterPerson, HERE)


def test_where_nothing_is_said_each_role_is_held_for_all():
    alike = Actor(BOTH.id, ROLES, (HERE, THERE))
    assert alike.roles_in(HERE) == alike.roles_in(THERE) == ROLES
    assert alike.as_one_of(frozenset({Role.SOCIAL_WORKER})) == alike


def test_a_page_is_for_the_places_of_its_roles():
    assert BOTH.as_one_of(frozenset({Role.SOCIAL_WORKER})).communities == (THERE,)
    assert BOTH.as_one_of(frozenset({Role.VOLUNTEER, Role.SOCIAL_WORKER})).communities == (HERE, THERE)
    assert BOTH.as_one_of(frozenset({Role.STAFF})).communities == ()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.POLICY])
def test_some_roles_are_held_for_no_place_and_count_in_all(role: Role):
    actor = Actor("worker_00000002", frozenset({role, Role.SOCIAL_WORKER}), (HERE,), held=((Role.SOCIAL_WORKER, HERE),))
    assert role in actor.roles_in(ELSEWHERE)
    assert Role.SOCIAL_WORKER not in actor.roles_in(ELSEWHERE)


def test_what_workers_do_for_themselves_asks_for_no_place():
    assert BOTH.may_act_in(SignInToTraining, ELSEWHERE)
    assert not BOTH.may_act_in(PlanTraining, HERE)
