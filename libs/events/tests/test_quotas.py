"""Every quota of a body by name, at its boundary, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canlian_events.registry.quotas import POSITIONS, QUOTAS, Standing, standings
from canlian_events.terms import BodyKind, Category, Position, SpecialKind


@dataclass(frozen=True)
class Member:
    categories: frozenset[Category] = frozenset()
    represents: SpecialKind | None = None
    position: Position = Position.MEMBER


ANYBODY = Member()


def member(
    *categories: Category, represents: SpecialKind | None = None, position: Position = Position.MEMBER
) -> Member:
    return Member(frozenset(categories), represents, position)


def standing(kind: BodyKind, code: str, *members: Member) -> Standing:
    [found] = [one for one in standings(kind, members) if one.code == code]
    return found


def share(kind: BodyKind, code: str, fits: Member, count: int, total: int) -> Standing:
    return standing(kind, code, *[fits] * count, *[ANYBODY] * (total - count))


@pytest.mark.parametrize("category", [Category.DISABLED_PERSON, Category.RELATIVE])
def test_congress_delegates_who_are_disabled_persons_or_relatives_at_least_70_percent(category: Category):
    fits = member(category)
    assert share(BodyKind.CONGRESS, "disabled_or_relatives", fits, 7, 10).holds
    below = share(BodyKind.CONGRESS, "disabled_or_relatives", fits, 69, 100)
    assert (below.holds, below.percent, below.instead, below.add) == (False, 70, 1, 4)


@pytest.mark.parametrize("category", [Category.ROLE_MODEL, Category.GRASS_ROOTS])
def test_congress_role_models_and_grass_roots_delegates_at_least_65_percent(category: Category):
    assert share(BodyKind.CONGRESS, "models_and_grass_roots", member(category), 13, 20).holds
    assert not share(BodyKind.CONGRESS, "models_and_grass_roots", member(category), 12, 20).holds
    assert standing(BodyKind.CONGRESS, "models_and_grass_roots").percent == 65


def test_presidium_members_who_are_disabled_persons_or_relatives_at_least_70_percent():
    fits = member(Category.DISABLED_PERSON)
    assert share(BodyKind.PRESIDIUM, "disabled_or_relatives", fits, 7, 10).holds
    assert not share(BodyKind.PRESIDIUM, "disabled_or_relatives", fits, 6, 9).holds


def test_presidium_role_models_and_grass_roots_members_at_least_40_percent():
    fits = member(Category.GRASS_ROOTS)
    assert share(BodyKind.PRESIDIUM, "models_and_grass_roots", fits, 2, 5).holds
    assert not share(BodyKind.PRESIDIUM, "models_and_grass_roots", fits, 3, 8).holds


@pytest.mark.parametrize("kind", [BodyKind.CONGRESS, BodyKind.PRESIDIUM])
@pytest.mark.parametrize("of", SpecialKind)
def test_congress_and_presidium_each_of_the_five_categories_present(kind: BodyKind, of: SpecialKind):
    others = [member(represents=other) for other in SpecialKind if other is not of]
    missing = standing(kind, of.value, *others)
    assert (missing.holds, missing.add, missing.instead) == (False, 1, 1)
    assert standing(kind, of.value, *others, member(represents=of)).holds


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("relatives", Category.RELATIVE),
        ("social_organisations", Category.SOCIAL_ORGANISATION),
        ("volunteers", Category.VOLUNTEER),
    ],
)
def test_congress_relatives_social_organisations_and_volunteers_each_present(code: str, category: Category):
    assert not standing(BodyKind.CONGRESS, code, ANYBODY).holds
    assert standing(BodyKind.CONGRESS, code, ANYBODY, member(category)).holds


def test_the_executive_boards_director_is_the_head_of_the_department():
    head = Category.DEPARTMENT_HEAD
    assert standing(BodyKind.EXECUTIVE_BOARD, "board_director", member(head, position=Position.DIRECTOR)).holds
    assert not standing(BodyKind.EXECUTIVE_BOARD, "board_director", member(position=Position.DIRECTOR)).holds
    assert not standing(BodyKind.EXECUTIVE_BOARD, "board_director", member(head)).holds


def test_the_leading_group_has_its_heads_deputies_departments_and_community_secretaries():
    whole = [
        member(Category.PARTY_SECRETARY, position=Position.HEAD),
        member(Category.OFFICE_DIRECTOR, position=Position.HEAD),
        member(position=Position.DEPUTY),
        member(Category.DEPARTMENT),
        member(Category.COMMUNITY_SECRETARY),
    ]
    assert all(one.holds for one in standings(BodyKind.LEADING_GROUP, whole))
    for absent in range(len(whole)):
        left = standings(BodyKind.LEADING_GROUP, whole[:absent] + whole[absent + 1 :])
        assert [one.holds for one in left].count(False) == 1


def test_nobody_at_all_is_below_every_quota():
    for kind in BodyKind:
        assert [one.code for one in standings(kind, []) if one.holds or one.add < 1 or one.instead] == []
        assert POSITIONS[kind]
        assert QUOTAS[kind]


members = st.builds(
    Member, st.frozensets(st.sampled_from(Category), max_size=3), st.none() | st.sampled_from(SpecialKind),
    st.sampled_from(Position),
)  # fmt: skip
EACH_SORT = [
    Member(frozenset(categories), represents, position)
    for categories in [(), *((one,) for one in Category)]
    for represents in (None, *SpecialKind) for position in Position
]  # fmt: skip
percents, counts = st.integers(1, 99), st.integers(0, 400)


def stands(percent: int, count: int, total: int) -> Standing:
    return Standing("some", percent, 1, count, total)


@given(percents, counts, counts)
def test_a_share_holds_exactly_from_its_boundary_on(percent: int, count: int, more: int):
    total = count + more
    one = stands(percent, count, total)
    assert one.holds == (total > 0 and count * 100 >= percent * total)
    needed = -(-percent * total // 100)
    if total:
        assert stands(percent, needed, total).holds
        assert needed == 0 or not stands(percent, needed - 1, total).holds


@given(percents, counts, counts)
def test_what_is_missing_is_enough_and_no_less_would_be(percent: int, count: int, more: int):
    total = count + more
    one = stands(percent, count, total)
    assert stands(percent, count + one.add, total + one.add).holds
    if one.add:
        assert not stands(percent, count + one.add - 1, total + one.add - 1).holds
    if one.instead:
        assert stands(percent, count + one.instead, total).holds
        assert not stands(percent, count + one.instead - 1, total).holds


@given(st.sampled_from(BodyKind), st.lists(members, max_size=12), st.data())
def test_adding_a_member_who_fits_never_breaks_a_quota(kind: BodyKind, composed: list[Member], data: st.DataObject):
    quota = data.draw(st.sampled_from(QUOTAS[kind]))
    before = standing(kind, quota.code, *composed)
    one = data.draw(st.sampled_from([one for one in EACH_SORT if quota.fits(one)]))
    after = standing(kind, quota.code, *composed, one)
    assert after.holds or not before.holds
    assert after.count == before.count + 1


@given(st.sampled_from(BodyKind), st.lists(members, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_nomination_does_not_matter(kind: BodyKind, composed: list[Member], chance: Random) -> None:
    shuffled = list(composed)
    chance.shuffle(shuffled)
    assert standings(kind, shuffled) == standings(kind, composed)
