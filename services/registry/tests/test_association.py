"""The rules of an association, as sentences."""

from datetime import date

import pytest

from canlian_chassis.testing.deciders import NOON, given
from canlian_events.core import Command
from canlian_events.meta import Actor, Meta
from canlian_events.registry.association import (
    ActivityHeld,
    AdmitMember,
    AssociationFounded,
    ChairNamed,
    ChairVacated,
    DismissMember,
    EraseMember,
    FoundAssociation,
    HoldActivity,
    MemberAdmitted,
    MemberDismissed,
    MemberErased,
    NameChair,
    VacateChair,
)
from canlian_events.registry.community import DirectorNamed, PostVacated
from canlian_events.terms import DisabilityClass, Post, Role, SpecialKind
from canlian_registry.association.decider import Facts, association, claims
from canlian_registry.policies.association_chair import let_chairs_fall_vacant, let_directors_chair
from canlian_registry.views import Known, Place

HERE, THERE = "429999001001", "429999001002"
STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
CHEN, LIU = "worker_00000002", "worker_00000003"
ANNA, BO, AUNT = "person_00000001", "person_00000002", "member_00000001"
ID, SPECIAL_ID, ACTIVITY = "association_00000001", "association_00000002", "activity_00000001"
TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)

FOUND = FoundAssociation(association_id=ID, community=HERE)
FOUNDED = AssociationFounded(association_id=ID, community=HERE)
FOUND_SPECIAL = FoundAssociation(association_id=SPECIAL_ID, special=SpecialKind.BLIND)
FOUNDED_SPECIAL = AssociationFounded(association_id=SPECIAL_ID, special=SpecialKind.BLIND)
ADMIT = AdmitMember(association_id=ID, member_id=ANNA)
ADMITTED = MemberAdmitted(association_id=ID, member_id=ANNA)
HOLD = HoldActivity(
    association_id=ID, activity_id=ACTIVITY, title="读书会", on=TODAY, attendees=frozenset({ANNA, BO}), others=3
)
HELD = ActivityHeld.from_(HOLD)

OPEN = Facts(place=Place("open", director=CHEN))
LIVES_HERE = Facts(whom=Known(True, HERE))


def test_a_special_association_admits_registered_persons_of_its_kind():
    blind, physical, several = (
        Facts(whom=Known(True, HERE, DisabilityClass(number)))
        for number in (DisabilityClass.VISUAL, DisabilityClass.PHYSICAL, DisabilityClass.MULTIPLE)
    )
    admit = ADMIT.model_copy(update={"association_id": SPECIAL_ID})
    admitted = MemberAdmitted(association_id=SPECIAL_ID, member_id=ANNA)
    given(association, FOUNDED_SPECIAL).when(admit, by=STAFF, facts=blind).then(admitted)
    given(association, FOUNDED_SPECIAL).when(admit, by=STAFF, facts=several).then(admitted)
    given(association, FOUNDED_SPECIAL).when(admit, by=STAFF, facts=physical).refused(
        "association.other_kind", special_kind=SpecialKind.BLIND, recorded=SpecialKind.PHYSICAL
    )
    given(association, FOUNDED).when(ADMIT, by=STAFF, facts=physical).then(ADMITTED)


def test_a_person_is_no_member_twice_by_a_file_that_was_merged():
    merged = Facts(whom=Known(True, HERE, also=frozenset({ANNA})))
    again = ADMIT.model_copy(update={"member_id": BO})
    given(association, FOUNDED, ADMITTED).when(again, by=STAFF, facts=merged).refused("association.member_already")


def test_an_association_is_founded_in_an_open_community_once():
    given(association).when(FOUND, by=STAFF, facts=OPEN).then(FOUNDED)
    given(association, FOUNDED).when(FOUND, by=STAFF, facts=OPEN).unchanged()
    given(association).when(FOUND, by=STAFF, facts=Facts(place=Place("closed"))).refused("community.closed")
    given(association).when(FOUND, by=STAFF, facts=Facts()).refused("community.unknown", community=HERE)


def test_an_association_is_of_a_community_or_of_a_special_kind():
    given(association).when(FOUND_SPECIAL, by=STAFF, facts=Facts()).then(FOUNDED_SPECIAL)
    both = FoundAssociation(association_id=ID, community=HERE, special=SpecialKind.DEAF)
    for command in (both, FoundAssociation(association_id=ID)):
        given(association).when(command, by=STAFF, facts=OPEN).refused("association.of_what")
    given(association, FOUNDED_SPECIAL).when(
        FOUND_SPECIAL.model_copy(update={"special": SpecialKind.DEAF}), by=STAFF, facts=Facts()
    ).refused("association.another")


def test_association_one_per_community_and_one_of_each_special_kind():
    """domain.md: Association: one per community. The value is claimed, so no other may hold it."""
    [community], [special] = claims(FOUNDED), claims(FOUNDED_SPECIAL)
    assert (community.value, special.value) == (HERE, "blind")
    assert {community.taken, special.taken} == {"association.exists"}
    assert len(SpecialKind) == 5


def test_association_chair_is_the_community_director():
    """domain.md: Association: chair is community director."""
    scene = given(association, FOUNDED)
    named = ChairNamed(association_id=ID, chair_id=CHEN)
    chair = NameChair(association_id=ID, chair_id=CHEN)
    scene.when(chair, by=STAFF, facts=OPEN).then(named)
    given(association, FOUNDED, named).when(chair, by=STAFF, facts=OPEN).unchanged()
    other = NameChair(association_id=ID, chair_id=LIU)
    scene.when(other, by=STAFF, facts=OPEN).refused("association.chair_not_director", director=CHEN)
    scene.when(chair, by=STAFF, facts=Facts(place=Place("open"))).refused("association.no_director", community=HERE)


def test_a_chair_falls_vacant_with_the_directors_post():
    named, vacated = ChairNamed(association_id=ID, chair_id=CHEN), ChairVacated(association_id=ID, chair_id=CHEN)
    vacate = VacateChair(association_id=ID, chair_id=CHEN)
    given(association, FOUNDED, named).when(vacate, by=STAFF, facts=OPEN).then(vacated)
    given(association, FOUNDED, named, vacated).when(vacate, by=STAFF, facts=OPEN).unchanged()
    left = PostVacated(community=HERE, post=Post.DIRECTOR, worker_id=CHEN)
    meta = Meta("e", 1, NOON, NOON, "staff:s", HERE, "c")
    assert let_chairs_fall_vacant.commands(left, meta, ID) == [vacate]
    assert let_chairs_fall_vacant.commands(left, meta, None) == []
    member = left.model_copy(update={"post": Post.RESPONSIBLE_MEMBER})
    assert let_chairs_fall_vacant.commands(member, meta, ID) == []


def test_a_special_association_is_chaired_by_somebody_the_registry_knows():
    chair = NameChair(association_id=SPECIAL_ID, chair_id=ANNA)
    scene = given(association, FOUNDED_SPECIAL)
    scene.when(chair, by=STAFF, facts=LIVES_HERE).then(ChairNamed(association_id=SPECIAL_ID, chair_id=ANNA))
    scene.when(chair, by=STAFF, facts=Facts()).refused("association.chair_unknown")


def test_whoever_becomes_director_chairs_the_association():
    directed, founded = DirectorNamed(community=HERE, worker_id=CHEN), FOUNDED
    meta = Meta("e", 1, NOON, NOON, "policy:x", HERE, "c")
    wanted = [NameChair(association_id=ID, chair_id=CHEN)]
    assert let_directors_chair.commands(directed, meta, (ID, CHEN)) == wanted
    assert let_directors_chair.commands(founded, meta, (ID, CHEN)) == wanted
    assert let_directors_chair.commands(founded, meta, (ID, None)) == []
    assert let_directors_chair.commands(directed, meta, (None, CHEN)) == []


def test_members_are_admitted_once_and_dismissed():
    given(association, FOUNDED).when(ADMIT, by=STAFF, facts=LIVES_HERE).then(ADMITTED)
    given(association, FOUNDED, ADMITTED).when(ADMIT, by=STAFF, facts=LIVES_HERE).refused("association.member_already")
    dismiss = DismissMember(association_id=ID, member_id=ANNA)
    given(association, FOUNDED, ADMITTED).when(dismiss, by=STAFF, facts=Facts()).then(
        MemberDismissed(association_id=ID, member_id=ANNA)
    )
    given(association, FOUNDED).when(dismiss, by=STAFF, facts=Facts()).refused("association.not_a_member")


def test_a_member_is_registered_and_lives_in_the_community():
    scene = given(association, FOUNDED)
    scene.when(ADMIT, by=STAFF, facts=Facts()).refused("association.member_unknown")
    scene.when(ADMIT, by=STAFF, facts=Facts(whom=Known(True, HERE, died=True))).refused("association.member_died")
    elsewhere = Facts(whom=Known(True, THERE))
    scene.when(ADMIT, by=STAFF, facts=elsewhere).refused("association.lives_elsewhere", community=THERE)
    special = AdmitMember(association_id=SPECIAL_ID, member_id=ANNA)
    given(association, FOUNDED_SPECIAL).when(special, by=STAFF, facts=elsewhere).then(
        MemberAdmitted(association_id=SPECIAL_ID, member_id=ANNA)
    )


def test_a_relative_is_a_member_by_name_and_the_name_can_be_destroyed():
    admit = AdmitMember(association_id=ID, member_id=AUNT, name="王姨")
    admitted = MemberAdmitted(association_id=ID, member_id=AUNT, name="王姨")
    scene = given(association, FOUNDED)
    scene.when(admit, by=STAFF, facts=Facts()).then(admitted)
    scene.when(admit.model_copy(update={"name": None}), by=STAFF, facts=Facts()).refused("association.no_name")
    erase = EraseMember(association_id=ID, member_id=AUNT)
    erased = MemberErased(association_id=ID, member_id=AUNT)
    given(association, FOUNDED, admitted).when(erase, by=STAFF, facts=Facts()).then(erased)
    given(association, FOUNDED, admitted, erased).when(erase, by=STAFF, facts=Facts()).unchanged()
    own_file = EraseMember(association_id=ID, member_id=ANNA)
    given(association, FOUNDED, ADMITTED).when(own_file, by=STAFF, facts=Facts()).refused("association.has_a_file")


def test_the_name_of_a_registered_person_stays_on_their_file():
    named = ADMIT.model_copy(update={"name": "王秀兰"})
    given(association, FOUNDED).when(named, by=STAFF, facts=LIVES_HERE).then(ADMITTED)


def test_an_activity_is_recorded_once_it_was_held():
    given(association, FOUNDED).when(HOLD, by=STAFF, facts=Facts()).then(HELD)
    given(association, FOUNDED, HELD).when(HOLD, by=STAFF, facts=Facts()).unchanged()
    other = HOLD.model_copy(update={"title": "合唱"})
    given(association, FOUNDED, HELD).when(other, by=STAFF, facts=Facts()).refused("association.another_activity")


@pytest.mark.parametrize(
    ("change", "facts", "code"),
    [
        ({"on": TOMORROW}, Facts(), "association.not_yet"),
        ({"attendees": frozenset()}, Facts(), "association.nobody_came"),
        ({"title": ""}, Facts(), "association.no_title"),
        ({}, Facts(unknown=1), "association.attendees_unknown"),
    ],
)
def test_an_activity_that_cannot_have_been_is_refused(change: dict[str, object], facts: Facts, code: str):
    given(association, FOUNDED).when(HOLD.model_copy(update=change), by=STAFF, facts=facts).refused(code)


def test_nothing_happens_to_an_association_nobody_founded():
    commands: list[Command] = [ADMIT, HOLD, NameChair(association_id=ID, chair_id=CHEN)]
    for command in commands:
        given(association).when(command, by=STAFF, facts=OPEN).refused("association.unknown")
