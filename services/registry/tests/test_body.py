"""The rules of a body's term, as sentences."""

from datetime import date
from typing import Any

import pytest

from canlian_chassis.testing.deciders import NOON, given
from canlian_events.core import Command
from canlian_events.meta import Actor, Meta
from canlian_events.registry.association import DismissMember
from canlian_events.registry.body import (
    CloseTerm,
    CompositionConfirmed,
    ConfirmComposition,
    EraseSeatHolder,
    MemberNominated,
    NominateMember,
    NominationWithdrawn,
    OpenTerm,
    SeatHolderErased,
    SeatVacated,
    Share,
    TermClosed,
    TermOpened,
    VacateSeat,
    WithdrawNomination,
)
from canlian_events.registry.person import PersonDied
from canlian_events.terms import (
    BodyKind,
    Category,
    DisabilityClass,
    Position,
    Role,
    SpecialKind,
    VacancyReason,
)
from canlian_registry.body.decider import body, claims
from canlian_registry.policies.after_death import Places, vacate_seats
from canlian_registry.views import Known

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
ID, SEAT, OTHER_SEAT = "body_00000001", "seat_00000001", "seat_00000002"
ANNA, CHEN, AUNT = "person_00000001", "worker_00000002", "member_00000001"
NOBODY, WORKER, PHYSICAL = Known(), Known(True), Known(True, "429999001001", DisabilityClass.PHYSICAL)

OPEN_TERM = OpenTerm(body_id=ID, kind=BodyKind.EXECUTIVE_BOARD, begins=date(2026, 12, 1), ends=date(2031, 11, 30))
OPENED = TermOpened.from_(OPEN_TERM)
CONGRESS = OPENED.model_copy(update={"kind": BodyKind.CONGRESS})
HEAD = frozenset({Category.DEPARTMENT_HEAD})


def nominate(member: str = CHEN, seat: str = SEAT, **more: Any) -> NominateMember:
    return NominateMember(
        **{"body_id": ID, "seat_id": seat, "member_id": member, "position": Position.DIRECTOR, "categories": HEAD}
        | more
    )


DIRECTOR = MemberNominated.from_(nominate())
CONFIRMED = CompositionConfirmed(
    body_id=ID,
    kind=BodyKind.EXECUTIVE_BOARD,
    members=1,
    shares=(Share(code="board_director", count=1, total=1),),
)
CONFIRM = ConfirmComposition(body_id=ID)
VACATE = VacateSeat(body_id=ID, seat_id=SEAT, reason=VacancyReason.RESIGNED)
VACATED = SeatVacated.from_(VACATE)
CLOSE = CloseTerm(body_id=ID)
CLOSED = TermClosed(body_id=ID, kind=BodyKind.EXECUTIVE_BOARD, confirmed=True)


def test_a_term_is_opened_once_and_ends_after_it_begins():
    given(body).when(OPEN_TERM, by=STAFF, facts=NOBODY).then(OPENED)
    given(body, OPENED).when(OPEN_TERM, by=STAFF, facts=NOBODY).unchanged()
    other = OPEN_TERM.model_copy(update={"kind": BodyKind.CONGRESS})
    given(body, OPENED).when(other, by=STAFF, facts=NOBODY).refused("body.another")
    backwards = OPEN_TERM.model_copy(update={"ends": OPEN_TERM.begins})
    given(body).when(backwards, by=STAFF, facts=NOBODY).refused("body.bad_dates")


def test_of_each_kind_one_term_is_composed_and_one_is_in_force():
    def held(event: Any) -> list[tuple[str, bool]]:
        return [(claim.kind, claim.release) for claim in claims(event)]

    assert held(OPENED) == [("body-composing", False)]
    assert held(CONFIRMED) == [("body-composing", True), ("body-in-force", False)]
    assert held(CONFIRMED.model_copy(update={"again": True})) == []
    assert held(CLOSED) == [("body-in-force", True)]
    assert held(CLOSED.model_copy(update={"confirmed": False})) == [("body-composing", True)]


def test_a_registered_person_counts_as_a_disabled_person_of_their_kind():
    command = nominate(ANNA, position=Position.DELEGATE, categories=frozenset({Category.ROLE_MODEL}))
    stands_for = frozenset({Category.ROLE_MODEL, Category.DISABLED_PERSON})
    nominated = MemberNominated.from_(command, categories=stands_for, represents=SpecialKind.PHYSICAL)
    given(body, CONGRESS).when(command, by=STAFF, facts=PHYSICAL).then(nominated)
    given(body, CONGRESS, nominated).when(command, by=STAFF, facts=PHYSICAL).unchanged()


@pytest.mark.parametrize(
    ("disability", "kind"),
    [
        (DisabilityClass.VISUAL, SpecialKind.BLIND),
        (DisabilityClass.HEARING, SpecialKind.DEAF),
        (DisabilityClass.SPEECH, SpecialKind.DEAF),
        (DisabilityClass.INTELLECTUAL, SpecialKind.INTELLECTUAL),
        (DisabilityClass.PSYCHIATRIC, SpecialKind.PSYCHIATRIC),
        (DisabilityClass.MULTIPLE, None),
    ],
)
def test_each_class_is_of_one_of_the_five_kinds(disability: DisabilityClass, kind: SpecialKind | None):
    assert SpecialKind.of(disability) is kind


def test_somebody_with_several_disabilities_stands_for_the_kind_they_say():
    multiple = Known(True, "429999001001", DisabilityClass.MULTIPLE)
    command = nominate(ANNA, position=Position.DELEGATE, represents=SpecialKind.DEAF, categories=frozenset())
    stands_for = frozenset({Category.DISABLED_PERSON})
    given(body, CONGRESS).when(command, by=STAFF, facts=multiple).then(
        MemberNominated.from_(command, categories=stands_for)
    )


def test_nobody_stands_for_a_kind_that_is_not_theirs():
    blind = nominate(ANNA, position=Position.DELEGATE, represents=SpecialKind.BLIND)
    given(body, CONGRESS).when(blind, by=STAFF, facts=PHYSICAL).refused(
        "body.kind_conflict", special_kind=SpecialKind.BLIND, recorded=SpecialKind.PHYSICAL
    )
    official = nominate(position=Position.DELEGATE, represents=SpecialKind.BLIND)
    given(body, CONGRESS).when(official, by=STAFF, facts=WORKER).refused("body.cannot_represent")


def test_relatives_stand_for_the_two_kinds_that_name_them():
    relative = frozenset({Category.RELATIVE})
    for kind in SpecialKind:
        command = nominate(AUNT, name="王姨", position=Position.DELEGATE, categories=relative, represents=kind)
        outcome = given(body, CONGRESS).when(command, by=STAFF, facts=NOBODY)
        if kind in (SpecialKind.INTELLECTUAL, SpecialKind.PSYCHIATRIC):
            outcome.then(MemberNominated.from_(command))
        else:
            outcome.refused("body.cannot_represent", special_kind=kind)


def test_who_is_nominated_is_known_or_named():
    given(body, OPENED).when(nominate(ANNA), by=STAFF, facts=NOBODY).refused("body.member_unknown")
    dead = Known(True, "429999001001", DisabilityClass.PHYSICAL, died=True)
    given(body, OPENED).when(nominate(ANNA), by=STAFF, facts=dead).refused("body.member_died")
    given(body, OPENED).when(nominate(AUNT), by=STAFF, facts=NOBODY).refused("body.no_name")
    named = nominate(name="陈主任")
    given(body, OPENED).when(named, by=STAFF, facts=WORKER).then(DIRECTOR)


def test_nobody_is_nominated_twice_and_no_seat_given_twice():
    again = nominate(seat=OTHER_SEAT, position=Position.MEMBER)
    given(body, OPENED, DIRECTOR).when(again, by=STAFF, facts=WORKER).refused("body.nominated_already")
    another = nominate("worker_00000009", position=Position.MEMBER)
    given(body, OPENED, DIRECTOR).when(another, by=STAFF, facts=WORKER).refused("body.another_seat")


def test_a_position_belongs_to_the_body_and_one_may_hold_the_chair():
    head = nominate(position=Position.HEAD)
    given(body, OPENED).when(head, by=STAFF, facts=WORKER).refused("body.wrong_position")
    second = nominate("worker_00000009", OTHER_SEAT)
    given(body, OPENED, DIRECTOR).when(second, by=STAFF, facts=WORKER).refused("body.position_taken")


def test_a_nomination_is_withdrawn_before_it_is_confirmed():
    withdraw = WithdrawNomination(body_id=ID, seat_id=SEAT)
    withdrawn = NominationWithdrawn.from_(withdraw)
    given(body, OPENED, DIRECTOR).when(withdraw, by=STAFF, facts=NOBODY).then(withdrawn)
    given(body, OPENED, DIRECTOR, withdrawn).when(withdraw, by=STAFF, facts=NOBODY).refused("body.no_such_seat")
    given(body, OPENED, DIRECTOR, CONFIRMED).when(withdraw, by=STAFF, facts=NOBODY).refused("body.seat_confirmed")
    given(body, OPENED, DIRECTOR, withdrawn).when(nominate(), by=STAFF, facts=WORKER).then(DIRECTOR)


def test_confirming_below_any_quota_is_refused_with_every_quota_its_share_and_what_is_missing():
    member = DIRECTOR.model_copy(update={"categories": frozenset()})
    outcome = given(body, CONGRESS, member).when(CONFIRM, by=STAFF, facts={})
    outcome.refused("body.below_quota", body_kind=BodyKind.CONGRESS)
    assert outcome.rejected
    quotas = {quota["code"]: quota["facts"] for quota in outcome.rejected.facts["quotas"]}
    assert len(quotas) == 10
    most = quotas["quota.disabled_or_relatives"]
    assert (most["percent"], most["count"], most["total"], most["holds"]) == (70, 0, 1, False)
    assert (most["add"], most["instead"]) == (3, 1)
    assert [quota["code"] for quota in outcome.rejected.facts["missing"]] == list(quotas)


def test_a_lawful_composition_is_confirmed_with_its_shares():
    given(body, OPENED, DIRECTOR).when(CONFIRM, by=STAFF, facts={}).then(CONFIRMED)
    given(body, OPENED, DIRECTOR, CONFIRMED).when(CONFIRM, by=STAFF, facts={}).unchanged()


def test_a_vacant_seat_is_filled_by_by_election_and_confirmed_again():
    scene = given(body, OPENED, DIRECTOR, CONFIRMED)
    scene.when(VACATE, by=STAFF, facts=NOBODY).then(VACATED)
    given(body, OPENED, DIRECTOR).when(VACATE, by=STAFF, facts=NOBODY).refused("body.not_confirmed")
    vacant = given(body, OPENED, DIRECTOR, CONFIRMED, VACATED)
    vacant.when(VACATE, by=STAFF, facts=NOBODY).unchanged()
    successor = nominate("worker_00000009", OTHER_SEAT, fills=SEAT)
    vacant.when(successor, by=STAFF, facts=WORKER).then(MemberNominated.from_(successor))
    filled = given(body, OPENED, DIRECTOR, CONFIRMED, VACATED, MemberNominated.from_(successor))
    filled.when(CONFIRM, by=STAFF, facts={}).then(CONFIRMED.model_copy(update={"again": True}))
    third = nominate("worker_00000008", "seat_00000003", fills=SEAT, position=Position.MEMBER)
    filled.when(third, by=STAFF, facts=WORKER).refused("body.not_vacant")


def test_the_seat_of_somebody_who_died_falls_vacant_and_their_nomination_is_taken_back():
    system = Actor("policy", frozenset({Role.POLICY}))
    died = VACATE.model_copy(update={"reason": VacancyReason.DIED})
    given(body, OPENED, DIRECTOR, CONFIRMED).when(died, by=system, facts=NOBODY).then(SeatVacated.from_(died))
    given(body, OPENED, DIRECTOR).when(died, by=system, facts=NOBODY).then(NominationWithdrawn.from_(died))
    given(body, OPENED, DIRECTOR, CONFIRMED, CLOSED).when(died, by=system, facts=NOBODY).refused("body.closed")
    death = PersonDied(person_id=ANNA, on=date(2026, 11, 1))
    meta = Meta("e", 1, NOON, NOON, "staff:x", "429999001001", "c")
    places = Places([(ID, SEAT)], ["association_00000001"])
    dismiss = DismissMember(association_id="association_00000001", member_id=ANNA)
    assert vacate_seats.commands(death, meta, places) == [died, dismiss]


def test_a_by_election_below_quota_is_refused_too():
    successor = nominate("worker_00000009", OTHER_SEAT, fills=SEAT, categories=frozenset())
    scene = given(body, OPENED, DIRECTOR, CONFIRMED, VACATED, MemberNominated.from_(successor))
    scene.when(CONFIRM, by=STAFF, facts={}).refused("body.below_quota")


def test_a_closed_term_takes_nothing_more():
    given(body, OPENED, DIRECTOR, CONFIRMED).when(CLOSE, by=STAFF, facts=NOBODY).then(CLOSED)
    given(body, OPENED).when(CLOSE, by=STAFF, facts=NOBODY).then(CLOSED.model_copy(update={"confirmed": False}))
    scene = given(body, OPENED, DIRECTOR, CONFIRMED, CLOSED)
    scene.when(CLOSE, by=STAFF, facts=NOBODY).unchanged()
    commands: list[Command] = [CONFIRM, VACATE, nominate(seat=OTHER_SEAT)]
    for command in commands:
        scene.when(command, by=STAFF, facts=WORKER).refused("body.closed")


def test_the_name_of_somebody_without_a_file_can_be_destroyed():
    aunt = MemberNominated.from_(nominate(AUNT, name="王姨"))
    erase = EraseSeatHolder(body_id=ID, seat_id=SEAT)
    erased = SeatHolderErased(body_id=ID, seat_id=SEAT, member_id=AUNT)
    given(body, OPENED, aunt).when(erase, by=STAFF, facts=NOBODY).then(erased)
    given(body, OPENED, aunt, erased).when(erase, by=STAFF, facts=NOBODY).unchanged()
    given(body, OPENED, aunt, CLOSED).when(erase, by=STAFF, facts=NOBODY).then(erased)
    given(body, OPENED, DIRECTOR).when(erase, by=STAFF, facts=NOBODY).refused("body.has_a_file")


def test_a_term_nobody_opened_is_unknown():
    commands: list[Command] = [CONFIRM, VACATE, CLOSE, nominate()]
    for command in commands:
        given(body).when(command, by=STAFF, facts=WORKER).refused("body.unknown")
    given(body, OPENED).when(VACATE, by=STAFF, facts=NOBODY).refused("body.no_such_seat")


def test_two_files_of_one_person_are_one_member():
    other = nominate(ANNA, OTHER_SEAT, position=Position.MEMBER)
    merged = Known(True, also=frozenset({CHEN}))
    given(body, OPENED, DIRECTOR).when(other, by=STAFF, facts=merged).refused("body.nominated_already")
    both = (OPENED, DIRECTOR, MemberNominated.from_(other))
    given(body, *both).when(CONFIRM, by=STAFF, facts={CHEN: ANNA}).refused("body.twice", members=[ANNA])
    given(body, *both).when(CONFIRM, by=STAFF, facts={}).then(
        CONFIRMED.model_copy(update={"members": 2, "shares": (Share(code="board_director", count=1, total=2),)})
    )
