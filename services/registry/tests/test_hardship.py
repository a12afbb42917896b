"""The four kinds of special hardship, each rule of domain.md by its name."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canlian_events.registry.household import AGED_FROM, SEVERAL_DISABLED, SEVERE_TO_GRADE, HardshipReason
from canlian_events.terms import DisabilityClass, Grade, Hardship, HardshipFact
from canlian_registry.household.hardship import Disabled, Member, age_on, hardships, turns_aged

DAY = date(2026, 11, 24)
YOUNG, OLD = date(1990, 1, 1), date(1950, 1, 1)
A, B, R = "person_0000000a", "person_0000000b", "relative_0000000r"
MILD = Disabled(DisabilityClass.PHYSICAL, Grade.THREE)


def person(id_: str = A, born: date | None = YOUNG, disabled: Disabled = MILD, *carers: str) -> Member:
    return Member(id_, born, disabled, frozenset(carers))


def kinds(*members: Member, day: date = DAY) -> set[Hardship]:
    return set(hardships(members, day))


def why(kind: Hardship, *members: Member) -> tuple[HardshipReason, ...]:
    return hardships(members, DAY)[kind]


def test_the_numbers_are_those_of_the_domain():
    assert (AGED_FROM, SEVERE_TO_GRADE, SEVERAL_DISABLED) == (60, 2, 2)


def test_a_young_person_of_grade_three_alone_is_in_no_hardship():
    assert kinds(person()) == set()


def test_multiple_disabled():
    assert kinds(person(A), person(B)) == {Hardship.MULTIPLE_DISABLED}
    assert kinds(person(A), Member(R, YOUNG)) == set()
    assert why(Hardship.MULTIPLE_DISABLED, person(B), person(A)) == (
        HardshipReason(member_id=A, fact=HardshipFact.DISABLED),
        HardshipReason(member_id=B, fact=HardshipFact.DISABLED),
    )


def test_aged_and_disabled_by_a_disabled_member_of_60():
    assert kinds(person(born=OLD)) == {Hardship.AGED_AND_DISABLED}
    assert why(Hardship.AGED_AND_DISABLED, person(born=OLD)) == (HardshipReason(member_id=A, fact=HardshipFact.AGED),)


def test_an_aged_relative_who_is_not_the_carer_makes_nobody_aged_and_disabled():
    assert kinds(person(), Member(R, OLD)) == set()


def test_aged_and_disabled_by_an_only_carer_of_60():
    assert kinds(person(A, YOUNG, MILD, R), Member(R, OLD)) == {Hardship.AGED_AND_DISABLED}
    assert why(Hardship.AGED_AND_DISABLED, person(A, YOUNG, MILD, R), Member(R, OLD)) == (
        HardshipReason(member_id=A, fact=HardshipFact.ONLY_CARER_AGED, carer_id=R),
    )


def test_an_aged_carer_among_several_does_not_make_it():
    other = "relative_0000000s"
    assert kinds(person(A, YOUNG, MILD, R, other), Member(R, OLD), Member(other, YOUNG)) == set()


def test_a_carer_whose_age_nobody_knows_does_not_make_it():
    assert kinds(person(A, YOUNG, MILD, R), Member(R)) == set()


@pytest.mark.parametrize(("grade", "severe"), [(1, True), (2, True), (3, False), (4, False), (None, False)])
def test_orphaned_or_severe_by_grade(grade: int | None, severe: bool):
    disabled = Disabled(DisabilityClass.VISUAL, Grade(grade) if grade else None)
    assert kinds(person(disabled=disabled)) == ({Hardship.ORPHANED_OR_SEVERE} if severe else set())


def test_orphaned_or_severe_by_an_orphan():
    orphan = Disabled(DisabilityClass.VISUAL, Grade.FOUR, orphan=True)
    assert kinds(person(disabled=orphan)) == {Hardship.ORPHANED_OR_SEVERE}
    assert why(Hardship.ORPHANED_OR_SEVERE, person(disabled=orphan))[0].fact is HardshipFact.ORPHAN


def test_multiple_disabilities():
    assert kinds(person(disabled=Disabled(DisabilityClass.MULTIPLE, Grade.THREE))) == {Hardship.MULTIPLE_DISABILITIES}


def test_all_four_may_hold_at_once():
    worst = Disabled(DisabilityClass.MULTIPLE, Grade.ONE, orphan=True)
    assert kinds(person(A, OLD, worst), person(B)) == set(Hardship)


def test_who_turns_60_is_aged_from_the_day_on():
    born = date(1966, 11, 25)
    assert kinds(person(born=born), day=date(2026, 11, 24)) == set()
    assert kinds(person(born=born), day=date(2026, 11, 25)) == {Hardship.AGED_AND_DISABLED}


def test_who_was_born_on_a_leap_day_turns_60_on_the_first_of_march_where_there_is_none():
    born = date(2040, 2, 29)
    assert turns_aged(born) == date(2100, 3, 1)
    assert turns_aged(date(1964, 2, 29)) == date(2024, 2, 29)


BIRTHDAYS = st.dates(date(1900, 1, 1), date(2040, 12, 31))


@given(BIRTHDAYS)
def test_age_is_59_the_day_before_and_60_on_the_day(born: date):
    day = turns_aged(born)
    assert (age_on(born, day - timedelta(days=1)), age_on(born, day)) == (59, 60)


DISABLED = st.builds(Disabled, st.sampled_from(DisabilityClass), st.none() | st.sampled_from(Grade), st.booleans())
MEMBERS = st.lists(
    st.builds(
        Member,
        st.sampled_from([f"person_0000000{n}" for n in range(4)]),
        st.none() | BIRTHDAYS,
        st.none() | DISABLED,
        st.frozensets(st.sampled_from([f"person_0000000{n}" for n in range(4)]), max_size=2),
    ),
    unique_by=lambda member: member.id,
    max_size=4,
)


@given(MEMBERS, BIRTHDAYS, st.randoms())
def test_hardship_does_not_hang_on_the_order_of_members(members: list[Member], day: date, chance):
    shuffled = list(members)
    chance.shuffle(shuffled)
    assert hardships(shuffled, day) == hardships(members, day)


@given(MEMBERS, BIRTHDAYS)
def test_hardship_changes_only_on_a_day_on_which_somebody_turns_60(members: list[Member], day: date):
    turning = {turns_aged(member.birth_date) for member in members if member.birth_date}
    if day not in turning:
        assert hardships(members, day) == hardships(members, day - timedelta(days=1))


@given(MEMBERS, BIRTHDAYS)
def test_every_kind_that_holds_says_which_members_facts_make_it(members: list[Member], day: date):
    known = {member.id for member in members}
    for reasons in hardships(members, day).values():
        assert reasons
        assert {reason.member_id for reason in reasons} <= known
