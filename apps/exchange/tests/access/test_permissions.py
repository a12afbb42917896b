"""Who may read what: the table, and that nobody is in it by accident."""

from __future__ import annotations

import pytest
from apps.exchange.tests.running import HERE, THERE, actor

from canlian_events.meta import Actor
from canlian_events.terms import Role
from canlian_exchange.access.permissions import READERS, may_open, may_read, may_see, overlaps

OPENS = {Role.STAFF, Role.SOCIAL_WORKER, Role.GRID_WORKER}
NOTHING = {Role.RESIDENT, Role.VOLUNTEER, Role.PROVIDER, Role.ANONYMOUS, Role.POLICY}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_seals_or_reads_nothing(role: Role):
    who = actor(role, HERE)
    assert may_read(who) == (role not in NOTHING)
    assert may_see(who, HERE) == (role not in NOTHING)
    assert may_open(who, HERE) == (role in OPENS)


def test_what_is_open_here_is_closed_elsewhere():
    assert not may_open(actor(Role.STAFF, HERE), THERE)
    assert not may_see(actor(Role.STAFF, HERE), THERE)


def test_who_reads_everywhere_opens_only_where_another_role_is_held():
    both = Actor("x", frozenset({Role.OPERATOR, Role.STAFF}), (HERE,))
    assert may_see(both, THERE)
    assert not may_open(both, THERE)
    assert may_open(both, HERE)


def test_a_role_that_reads_nothing_does_not_widen_one_that_does():
    both = Actor("x", frozenset({Role.RESIDENT, Role.SOCIAL_WORKER}), (HERE,))
    assert not may_see(both, THERE)


@pytest.mark.parametrize(("prefix", "mine"), [("429999001", True), (HERE, True), (THERE, False), ("42", True)])
def test_a_prefix_is_ones_own_where_any_of_it_is(prefix: str, mine: bool):
    assert overlaps(actor(Role.STAFF, HERE), prefix) == mine


def test_the_table_names_only_roles_that_exist():
    assert set(Role) == READERS.keys() | NOTHING
