"""The rules of merging two files of one person, as sentences."""

from datetime import date

import pytest
from services.registry.tests.conftest import Registry
from services.registry.tests.people import (
    ANOTHER_CITIZEN_ID,
    ANOTHER_ID,
    CERTIFIED,
    ENTRY,
    HERE,
    ID,
    NUMBER,
    OPEN,
    REGISTER,
    REGISTERED,
    SOMEBODY_ELSE,
    STAFF,
    THERE,
)

from canlian_chassis.bus.client import Refused
from canlian_chassis.decider import Ref
from canlian_chassis.testing.deciders import given
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.personal import Sealed
from canlian_events.registry.community import OpenCommunity
from canlian_events.registry.duplicates import (
    PERSON,
    DuplicateMerged,
    FoundDistinct,
    MergedInto,
    MergedIntoUndone,
    MergeDuplicate,
    MergeUndone,
    RecordDistinct,
    UndoMerge,
)
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    CertificateExpired,
    CertificateExpiring,
    CertificateIssued,
    ConsentGiven,
    CorrectPerson,
    ErasePerson,
    ExpireCertificate,
    GiveConsent,
    MovePerson,
    PersonCorrected,
    PersonErased,
    PersonEvent,
)
from canlian_events.terms import AccessFeature, ErasureGround, MergeGround, Purpose, Role
from canlian_registry.person.decider import person
from canlian_registry.person.merging import beside

THIRD_ID = "person_00000003"
TWIN = REGISTERED.model_copy(update={"person_id": ANOTHER_ID, "citizen_id": ANOTHER_CITIZEN_ID})
TWIN_CERTIFIED = CertificateIssued(
    person_id=ANOTHER_ID, number=f"{ANOTHER_CITIZEN_ID}42", issued=date(2020, 5, 6), expires=date(2030, 5, 6)
)
MERGE = MergeDuplicate(person_id=ID, duplicate=ANOTHER_ID, ground=MergeGround.MISTYPED)
MERGED = DuplicateMerged.from_(MERGE)
INTO = MergedInto(person_id=ANOTHER_ID, into=ID)
UNDO = UndoMerge(person_id=ID, duplicate=ANOTHER_ID)
UNDONE = MergeUndone(person_id=ID, duplicate=ANOTHER_ID)
APART = MergedIntoUndone(person_id=ANOTHER_ID, apart_from=ID)
DISTINCT = RecordDistinct(person_id=ID, other=ANOTHER_ID)
TWO = given(person, REGISTERED).beside_of(person, TWIN)
ELSEWHERE = given(person, REGISTERED).beside_of(person, TWIN.model_copy(update={"community": THERE}))
ONE = given(person, REGISTERED, MERGED).beside_of(person, TWIN, INTO)


def test_two_files_are_merged_and_each_says_so():
    TWO.when(MERGE, by=STAFF).then(INTO, MERGED)
    assert list(beside(MERGE, None)) == [Ref(PERSON, ANOTHER_ID)]


def test_merging_the_same_again_changes_nothing():
    ONE.when(MERGE, by=STAFF).unchanged()


def test_a_file_is_not_merged_with_itself():
    itself = MERGE.model_copy(update={"duplicate": ID})
    given(person, REGISTERED).when(itself, by=STAFF).refused("person.same_file")
    assert list(beside(itself, None)) == []


def test_nobody_is_merged_whom_nobody_registered():
    given(person, REGISTERED).when(MERGE, by=STAFF).refused("person.unknown")
    given(person).when(MERGE, by=STAFF).refused("person.unknown")


def test_nobody_erased_is_merged():
    erased = PersonErased(person_id=ANOTHER_ID, ground=ErasureGround.REQUEST)
    given(person, REGISTERED).beside_of(person, TWIN, erased).when(MERGE, by=STAFF).refused("person.erased")
    mine = PersonErased(person_id=ID, ground=ErasureGround.REQUEST)
    given(person, REGISTERED, mine).beside_of(person, TWIN).when(MERGE, by=STAFF).refused("person.erased")


def test_a_file_that_is_merged_already_is_merged_with_no_other():
    elsewhere = MergedInto(person_id=ANOTHER_ID, into=THIRD_ID)
    scene = given(person, REGISTERED).beside_of(person, TWIN, elsewhere)
    scene.when(MERGE, by=STAFF).refused("person.merged", merged=ANOTHER_ID, into=THIRD_ID)


def test_a_file_kept_for_others_is_not_merged_into_another():
    """So an id is never more than one step from the file it means."""
    keeps = DuplicateMerged(person_id=ANOTHER_ID, duplicate=THIRD_ID, ground=MergeGround.MISTYPED)
    given(person, REGISTERED).beside_of(person, TWIN, keeps).when(MERGE, by=STAFF).refused(
        "person.keeps_others", person_id=ANOTHER_ID, files=1
    )


def test_two_certificates_in_force_are_no_typing_mistake():
    both = given(person, REGISTERED, CERTIFIED).beside_of(person, TWIN, TWIN_CERTIFIED)
    both.when(MERGE, by=STAFF).refused("person.both_certified")
    twice = MERGE.model_copy(update={"ground": MergeGround.CERTIFIED_TWICE})
    both.when(twice, by=STAFF).then(INTO, DuplicateMerged.from_(twice))
    expired = CertificateExpired(person_id=ANOTHER_ID, expires=date(2030, 5, 6))
    one = given(person, REGISTERED, CERTIFIED).beside_of(person, TWIN, TWIN_CERTIFIED, expired)
    one.when(MERGE, by=STAFF).then(INTO, MERGED)


def test_both_files_must_be_of_communities_one_may_decide_on():
    here_only = Actor("worker_00000009", frozenset({Role.STAFF}), (HERE,))
    ELSEWHERE.when(MERGE, by=here_only).refused("wrong_community", community=THERE)


def test_files_of_two_communities_are_merged_once_one_of_them_has_moved():
    ELSEWHERE.when(MERGE, by=STAFF).refused("person.elsewhere", here=HERE, there=THERE)


@pytest.mark.parametrize(
    "command",
    [
        REGISTER,
        ENTRY,
        CorrectPerson(person_id=ID, phone="13900000001"),
        GiveConsent(person_id=ID, purpose=Purpose.VISITS),
        MovePerson(person_id=ID, to=THERE),
        ErasePerson(person_id=ID, ground=ErasureGround.REQUEST),
        MERGE,
        UNDO,
        DISTINCT,
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_is_done_to_a_merged_file_is_refused_with_the_one_that_is_kept(command: Command):
    merged = given(person, REGISTERED, MergedInto(person_id=ID, into=THIRD_ID)).beside_of(person, TWIN)
    merged.when(command, by=STAFF, facts=OPEN).refused("person.merged", merged=ID, into=THIRD_ID)


def test_time_goes_on_for_a_merged_file():
    expiring = CertificateExpiring(person_id=ID, expires=date(2030, 5, 6))
    into = MergedInto(person_id=ID, into=THIRD_ID)
    over = ExpireCertificate(person_id=ID, expires=date(2030, 5, 6))
    given(person, REGISTERED, CERTIFIED, expiring, into).when(over, by=STAFF).then(CertificateExpired.from_(over))


def test_a_merge_is_undone_and_both_files_are_as_they_were():
    ONE.when(UNDO, by=STAFF).then(APART, UNDONE)
    assert person.fold([REGISTERED, MERGED, UNDONE]) == person.fold([REGISTERED])
    assert person.fold([TWIN, INTO, APART]) == person.fold([TWIN])


TAKE = MERGE.model_copy(update={"take": frozenset({"name", "phone", "address", "features"})})
NEEDED = AccessNeedsRecorded(person_id=ID, features=frozenset({AccessFeature.RAMP}))
TWIN_NEEDED = AccessNeedsRecorded(person_id=ANOTHER_ID, features=frozenset({AccessFeature.CAPTIONS}))
OTHER_TWIN = TWIN.model_copy(update={"name": "王秀蓝", "phone": "13900000009", "address": None})
TAKEN = DuplicateMerged.from_(MERGE, taken=frozenset({"name", "phone", "features"}))
CORRECTED = PersonCorrected(person_id=ID, name="王秀蓝", phone="13900000009")
BOTH_NEEDED = NEEDED.model_copy(update={"features": NEEDED.features | TWIN_NEEDED.features})


def test_the_kept_file_takes_what_is_named_and_not_blank_and_of_needs_both():
    scene = given(person, REGISTERED, NEEDED).beside_of(person, OTHER_TWIN, TWIN_NEEDED)
    scene.when(TAKE, by=STAFF).then(INTO, TAKEN, CORRECTED, BOTH_NEEDED)
    only_phone = TAKE.model_copy(update={"take": frozenset({"phone"})})
    scene.when(only_phone, by=STAFF).then(
        INTO,
        DuplicateMerged.from_(MERGE, taken=frozenset({"phone"})),
        PersonCorrected(person_id=ID, phone="13900000009"),
    )


def test_nothing_is_taken_that_is_there_already():
    TWO.when(TAKE, by=STAFF).then(INTO, MERGED)


def test_what_was_taken_is_given_back_when_the_merge_is_undone():
    before: list[PersonEvent] = [REGISTERED, NEEDED]
    merged: list[PersonEvent] = [TAKEN, CORRECTED, BOTH_NEEDED]
    scene = given(person, *before, *merged).beside_of(person, OTHER_TWIN, TWIN_NEEDED, INTO)
    back = PersonCorrected(person_id=ID, name=REGISTERED.name, phone=REGISTERED.phone)
    scene.when(UNDO, by=STAFF).then(APART, UNDONE, back, NEEDED)
    assert person.fold([*before, *merged, UNDONE, back, NEEDED]) == person.fold(before)


def test_what_was_corrected_since_stays_when_the_merge_is_undone():
    since = PersonCorrected(person_id=ID, phone="13700000000")
    more = AccessNeedsRecorded(person_id=ID, features=BOTH_NEEDED.features | {AccessFeature.LARGE_PRINT})
    scene = given(person, REGISTERED, NEEDED, TAKEN, CORRECTED, BOTH_NEEDED, since, more)
    scene.beside_of(person, OTHER_TWIN, TWIN_NEEDED, INTO).when(UNDO, by=STAFF).then(
        APART, UNDONE, PersonCorrected(person_id=ID, name=REGISTERED.name)
    )


def test_what_was_blank_before_is_blank_again():
    blank = REGISTERED.model_copy(update={"phone": None})
    taken = DuplicateMerged.from_(MERGE, taken=frozenset({"phone"}))
    scene = given(person, blank, taken, PersonCorrected(person_id=ID, phone="13900000009"))
    scene.beside_of(person, OTHER_TWIN, INTO).when(UNDO, by=STAFF).then(
        APART, UNDONE, PersonCorrected(person_id=ID, phone="")
    )


def test_nothing_is_taken_from_or_into_a_file_that_cannot_be_opened():
    sealed = OTHER_TWIN.model_copy(update={"name": Sealed(about=ANOTHER_ID, sealed="…")})
    scene = given(person, REGISTERED).beside_of(person, sealed)
    scene.when(TAKE, by=STAFF).refused("person.unreadable")
    scene.when(MERGE, by=STAFF).then(INTO, MERGED)


def test_what_is_not_merged_is_not_undone():
    TWO.when(UNDO, by=STAFF).refused("person.not_merged", person_id=ANOTHER_ID)
    given(person, REGISTERED, MERGED, UNDONE).beside_of(person, TWIN, INTO, APART).when(UNDO, by=STAFF).refused(
        "person.not_merged"
    )


def test_after_undoing_they_may_be_merged_the_other_way_round():
    other_way = MergeDuplicate(person_id=ANOTHER_ID, duplicate=ID, ground=MergeGround.RENUMBERED)
    scene = given(person, TWIN, INTO, APART).beside_of(person, REGISTERED, MERGED, UNDONE)
    scene.when(other_way, by=STAFF).then(MergedInto(person_id=ID, into=ANOTHER_ID), DuplicateMerged.from_(other_way))


def test_a_pair_is_found_distinct_once_whichever_is_named_first():
    found = FoundDistinct.from_(DISTINCT)
    TWO.when(DISTINCT, by=STAFF).then(found)
    given(person, REGISTERED, found).beside_of(person, TWIN).when(DISTINCT, by=STAFF).unchanged()
    mirrored = FoundDistinct(person_id=ANOTHER_ID, other=ID)
    given(person, REGISTERED).beside_of(person, TWIN, mirrored).when(DISTINCT, by=STAFF).unchanged()
    ONE.when(DISTINCT, by=STAFF).refused("person.merged")


def test_a_resident_with_an_account_of_the_merged_file_acts_on_the_kept_one():
    consent = GiveConsent(person_id=ID, purpose=Purpose.VISITS)
    ONE.when(consent, by=SOMEBODY_ELSE).then(ConsentGiven.from_(consent))
    TWO.when(consent, by=SOMEBODY_ELSE).refused("person.not_yours")


def test_erasing_the_kept_file_erases_those_merged_into_it():
    erase = ErasePerson(person_id=ID, ground=ErasureGround.REQUEST)
    assert list(beside(erase, person.fold([REGISTERED, MERGED]))) == [Ref(PERSON, ANOTHER_ID)]
    given(person, REGISTERED, CERTIFIED, MERGED).beside_of(person, TWIN, INTO).when(erase, by=STAFF).then(
        PersonErased(person_id=ANOTHER_ID, ground=ErasureGround.REQUEST, citizen_id=ANOTHER_CITIZEN_ID),
        PersonErased(person_id=ID, ground=ErasureGround.REQUEST, citizen_id=REGISTERED.citizen_id, certificate=NUMBER),
    )


async def test_merging_and_erasing_as_the_registry_runs(registry: Registry):
    await registry.send(OpenCommunity(community=HERE, name="新华社区"))
    await registry.send(REGISTER)
    twin = REGISTER.model_copy(update={"person_id": ANOTHER_ID, "citizen_id": ANOTHER_CITIZEN_ID})
    await registry.send(twin)
    merged = await registry.send(MERGE)
    assert [event.name for event in merged.events] == ["DuplicateMerged"]
    with pytest.raises(Refused, match=r"person\.merged") as refused:
        await registry.send(CorrectPerson(person_id=ANOTHER_ID, phone="13900000001"))
    assert refused.value.facts["into"] == ID
    await registry.send(UNDO)
    await registry.send(CorrectPerson(person_id=ANOTHER_ID, phone="13900000001"))
    await registry.send(MERGE)
    await registry.send(ErasePerson(person_id=ID, ground=ErasureGround.REQUEST))
    await registry.until_stored(PersonErased, 2)
    await registry.send(twin.model_copy(update={"person_id": THIRD_ID}))
