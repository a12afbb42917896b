"""The rules of a person's file, as sentences."""

from datetime import date
from typing import Any

import pytest
from services.registry.tests.people import (
    ANOTHER_CITIZEN_ID,
    CERTIFIED,
    CITIZEN_ID,
    CLOSED,
    ENTRY,
    HERE,
    ID,
    ISSUED,
    NO_FACTS,
    NUMBER,
    OPEN,
    REGISTER,
    REGISTERED,
    SOMEBODY_ELSE,
    STAFF,
    THEMSELVES,
    THERE,
    UNKNOWN,
)

from canlian_chassis.testing.deciders import given
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.personal import Sealed
from canlian_events.registry.person import (
    LONGEST_NAME,
    AccessNeedsRecorded,
    Circumstances,
    CircumstancesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    CorrectPerson,
    DisabilityReclassified,
    ErasePerson,
    GiveConsent,
    IssueCertificate,
    MovePerson,
    PersonCorrected,
    PersonErased,
    PersonMoved,
    ReclassifyDisability,
    RecordAccessNeeds,
    RecordCircumstances,
    RenewCertificate,
    WithdrawConsent,
)
from canlian_events.terms import AccessFeature, DisabilityClass, ErasureGround, Grade, Purpose, Role, Sex
from canlian_registry.person.decider import claims, community_of, person

CONSENT = GiveConsent(person_id=ID, purpose=Purpose.VISITS)
CONSENTED = ConsentGiven(person_id=ID, purpose=Purpose.VISITS)
WITHDRAW = WithdrawConsent(person_id=ID, purpose=Purpose.VISITS)
WITHDRAWN = ConsentWithdrawn(person_id=ID, purpose=Purpose.VISITS)
NEEDS = RecordAccessNeeds(person_id=ID, features=frozenset({AccessFeature.SIGN_LANGUAGE}))
RECLASSIFY = ReclassifyDisability(person_id=ID, disability=DisabilityClass.MULTIPLE, grade=Grade.ONE)
MOVE = MovePerson(person_id=ID, to=THERE, address="九号楼")
MOVED = PersonMoved(
    person_id=ID,
    from_community=HERE,
    to_community=THERE,
    name="王秀兰",
    phone="13800000000",
    address="九号楼",
    birth_year=1961,
    sex=Sex.FEMALE,
    disability=DisabilityClass.PHYSICAL,
    grade=Grade.TWO,
)
CORRECT = CorrectPerson(person_id=ID, phone="13900000000")


def changed(command: Any, **fields: Any) -> Any:
    return command.model_copy(update=fields)


def test_a_person_is_registered_with_the_birth_year_and_sex_of_their_number():
    given(person).when(REGISTER, by=STAFF, facts=OPEN).then(REGISTERED)
    assert (REGISTERED.birth_year, REGISTERED.sex) == (1961, Sex.FEMALE)


def test_a_number_is_kept_as_it_is_written_however_it_was_typed():
    spaced = changed(REGISTER, citizen_id=f" {CITIZEN_ID[:6]} {CITIZEN_ID[6:].lower()}")
    given(person).when(spaced, by=STAFF, facts=OPEN).then(REGISTERED)


def test_registering_the_same_again_changes_nothing():
    given(person, REGISTERED).when(REGISTER, by=STAFF, facts=OPEN).unchanged()


@pytest.mark.parametrize(
    "other",
    [{"name": "王兰"}, {"citizen_id": ANOTHER_CITIZEN_ID}, {"phone": None}, {"grade": Grade.ONE}, {"community": THERE}],
)
def test_registering_again_with_another_content_is_refused(other: dict[str, Any]):
    again = changed(REGISTER, **other)
    given(person, REGISTERED).when(again, by=STAFF, facts=OPEN).refused("person.already_registered")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (CITIZEN_ID[:17], "short"),
        (CITIZEN_ID + "1", "long"),
        ("429999196113141229", "bad_check"),
        (CITIZEN_ID[:16] + "A" + CITIZEN_ID[17], "bad_characters"),
    ],
)
def test_an_impossible_citizen_id_is_refused_with_the_reason(number: str, why: str):
    given(person).when(changed(REGISTER, citizen_id=number), by=STAFF, facts=OPEN).refused(
        "person.bad_citizen_id", why=why
    )


def test_a_person_has_a_name():
    given(person).when(changed(REGISTER, name=""), by=STAFF, facts=OPEN).refused("person.no_name")
    given(person, REGISTERED).when(changed(CORRECT, name=""), by=STAFF, facts=OPEN).refused("person.no_name")


def test_a_name_has_at_most_sixty_characters():
    longest, longer = "名" * LONGEST_NAME, "名" * (LONGEST_NAME + 1)
    named = REGISTERED.model_copy(update={"name": longest})
    given(person).when(changed(REGISTER, name=longest), by=STAFF, facts=OPEN).then(named)
    for command, before in ((REGISTER, ()), (CORRECT, (REGISTERED,))):
        too_long = given(person, *before).when(changed(command, name=longer), by=STAFF, facts=OPEN)
        too_long.refused("person.name_too_long", limit=60)


@pytest.mark.parametrize("nobodys", ["12345", "1380000000", "not known", "138000000001", "13800000000/13900000000"])
def test_nobody_can_be_called_at_what_is_no_number(nobodys: str):
    given(person).when(changed(REGISTER, phone=nobodys), by=STAFF, facts=OPEN).refused("person.bad_phone")
    given(person, REGISTERED).when(changed(CORRECT, phone=nobodys), by=STAFF, facts=OPEN).refused("person.bad_phone")


def test_a_phone_is_kept_as_it_is_called_however_it_was_typed():
    typed = changed(REGISTER, phone="+86 138-0000 ００００")
    given(person).when(typed, by=STAFF, facts=OPEN).then(REGISTERED.model_copy(update={"phone": "13800000000"}))


def test_a_person_is_registered_in_a_community_that_is_open():
    given(person).when(REGISTER, by=STAFF, facts=UNKNOWN).refused("community.unknown", community=HERE)
    given(person).when(REGISTER, by=STAFF, facts=CLOSED).refused("community.closed", community=HERE)


def test_nothing_is_done_to_a_person_nobody_registered():
    commands: list[Command] = [
        CORRECT,
        CONSENT,
        WITHDRAW,
        NEEDS,
        RECLASSIFY,
        MOVE,
        IssueCertificate(person_id=ID, number=NUMBER),
        RenewCertificate(person_id=ID, number=NUMBER, issued=ISSUED),
        RecordCircumstances(person_id=ID, circumstances=Circumstances(low_income=True)),
    ]
    for command in commands:
        given(person).when(command, by=STAFF, facts=OPEN).refused("person.unknown")


def test_a_correction_holds_only_what_changed():
    both = changed(CORRECT, name="王秀兰")
    corrected = PersonCorrected(person_id=ID, phone="13900000000")
    given(person, REGISTERED).when(both, by=STAFF, facts=NO_FACTS).then(corrected)
    given(person, REGISTERED, corrected).when(both, by=STAFF, facts=NO_FACTS).unchanged()


def test_an_empty_phone_takes_the_phone_away():
    empty = CorrectPerson(person_id=ID, phone="")
    taken_away = PersonCorrected(person_id=ID, phone="")
    given(person, REGISTERED).when(empty, by=STAFF, facts=NO_FACTS).then(taken_away)
    given(person, REGISTERED, taken_away).when(empty, by=STAFF, facts=NO_FACTS).unchanged()
    given(person, REGISTERED, taken_away).when(changed(REGISTER, phone=None), by=STAFF, facts=OPEN).unchanged()


def test_a_disability_is_reclassified():
    reclassified = DisabilityReclassified.from_(RECLASSIFY, reassessment_until=date(2026, 12, 8))
    given(person, REGISTERED).when(RECLASSIFY, by=STAFF, facts=NO_FACTS).then(reclassified)
    given(person, REGISTERED, reclassified).when(RECLASSIFY, by=STAFF, facts=NO_FACTS).unchanged()


def test_circumstances_left_out_stay_as_they_were():
    low_income = CircumstancesRecorded(person_id=ID, circumstances=Circumstances(low_income=True))
    carer = RecordCircumstances(person_id=ID, circumstances=Circumstances(carer_name="李强"))
    both = CircumstancesRecorded(person_id=ID, circumstances=Circumstances(low_income=True, carer_name="李强"))
    given(person, REGISTERED, low_income).when(carer, by=STAFF, facts=NO_FACTS).then(both)
    given(person, REGISTERED, low_income, both).when(carer, by=STAFF, facts=NO_FACTS).unchanged()


def test_access_needs_replace_those_recorded_before():
    recorded = AccessNeedsRecorded.from_(NEEDS)
    other = changed(NEEDS, features=frozenset({AccessFeature.RAMP}))
    given(person, REGISTERED).when(NEEDS, by=THEMSELVES, facts=NO_FACTS).then(recorded)
    given(person, REGISTERED, recorded).when(NEEDS, by=THEMSELVES, facts=NO_FACTS).unchanged()
    given(person, REGISTERED, recorded).when(other, by=STAFF, facts=NO_FACTS).then(AccessNeedsRecorded.from_(other))


def test_consent_is_given_once_and_withdrawn_once():
    given(person, REGISTERED).when(CONSENT, by=THEMSELVES, facts=NO_FACTS).then(CONSENTED)
    given(person, REGISTERED, CONSENTED).when(CONSENT, by=THEMSELVES, facts=NO_FACTS).unchanged()
    given(person, REGISTERED, CONSENTED).when(WITHDRAW, by=THEMSELVES, facts=NO_FACTS).then(WITHDRAWN)
    given(person, REGISTERED, CONSENTED, WITHDRAWN).when(WITHDRAW, by=THEMSELVES, facts=NO_FACTS).refused(
        "person.no_consent", purpose=Purpose.VISITS
    )


def test_consent_for_one_purpose_is_none_for_another():
    other = WithdrawConsent(person_id=ID, purpose=Purpose.CONTACT)
    given(person, REGISTERED, CONSENTED).when(other, by=THEMSELVES, facts=NO_FACTS).refused("person.no_consent")


@pytest.mark.parametrize("command", [CORRECT, NEEDS, CONSENT, WITHDRAW])
def test_a_resident_acts_only_on_their_own_file(command: Command):
    given(person, REGISTERED, CONSENTED).when(command, by=SOMEBODY_ELSE, facts=NO_FACTS).refused("person.not_yours")


def test_a_grid_worker_who_is_a_resident_too_acts_for_others_only_where_they_work():
    here = Actor("worker_00000003", frozenset({Role.RESIDENT, Role.GRID_WORKER}), (HERE,))
    elsewhere = Actor("worker_00000003", frozenset({Role.RESIDENT, Role.GRID_WORKER}), (THERE,))
    given(person, REGISTERED).when(CONSENT, by=here, facts=NO_FACTS).then(CONSENTED)
    given(person, REGISTERED).when(CONSENT, by=elsewhere, facts=NO_FACTS).refused("person.not_yours")


def test_a_person_moves_with_what_the_new_community_must_know():
    given(person, REGISTERED).when(MOVE, by=STAFF, facts=OPEN).then(MOVED)
    given(person, REGISTERED, MOVED).when(MOVE, by=STAFF, facts=OPEN).unchanged()


def test_a_move_happens_in_the_new_community():
    assert community_of(MOVE) == THERE
    assert community_of(REGISTER) == HERE
    assert community_of(CORRECT) is None


def test_a_move_within_the_community_corrects_the_address():
    within = changed(MOVE, to=HERE)
    given(person, REGISTERED).when(within, by=STAFF, facts=OPEN).then(PersonCorrected(person_id=ID, address="九号楼"))


def test_nobody_moves_to_a_community_that_is_not_open():
    given(person, REGISTERED).when(MOVE, by=STAFF, facts=UNKNOWN).refused("community.unknown", community=THERE)
    given(person, REGISTERED).when(MOVE, by=STAFF, facts=CLOSED).refused("community.closed", community=THERE)


@pytest.mark.parametrize("field", ["name", "citizen_id", "phone", "address"])
def test_what_cannot_be_opened_is_neither_compared_nor_corrected(field: str):
    sealed = changed(REGISTERED, **{field: Sealed(about=ID, sealed="…")})
    for command in (REGISTER, CORRECT, MOVE, IssueCertificate(person_id=ID, number=NUMBER)):
        given(person, sealed).when(command, by=STAFF, facts=OPEN).refused("person.unreadable")


def test_consent_needs_no_personal_value():
    sealed = changed(REGISTERED, name=Sealed(about=ID, sealed="…"))
    given(person, sealed).when(CONSENT, by=STAFF, facts=NO_FACTS).then(CONSENTED)


def test_a_citizen_id_and_a_certificate_number_belong_to_one_person():
    assert [(c.kind, c.value, c.taken, c.release) for event in (REGISTERED, CERTIFIED) for c in claims(event)] == [
        ("citizen-id", CITIZEN_ID, "person.citizen_id_taken", False),
        ("certificate", NUMBER, "person.certificate_taken", False),
    ]


ERASE = ErasePerson(person_id=ID, ground=ErasureGround.REQUEST)
ERASED = PersonErased(person_id=ID, ground=ErasureGround.REQUEST, citizen_id=CITIZEN_ID, certificate=NUMBER)


def test_a_person_is_erased_once_and_their_numbers_are_free_again():
    given(person, REGISTERED, CERTIFIED).when(ERASE, by=STAFF).then(ERASED)
    given(person, REGISTERED, CERTIFIED, ERASED).when(ERASE, by=STAFF).unchanged()
    assert [(claim.kind, claim.value, claim.release) for claim in claims(ERASED)] == [
        ("citizen-id", CITIZEN_ID, True),
        ("certificate", NUMBER, True),
    ]


def test_nobody_is_erased_whom_nobody_registered():
    given(person).when(ERASE, by=STAFF).refused("person.unknown")


def test_a_person_nobody_can_read_any_more_can_still_be_erased():
    sealed = Sealed(about=ID, sealed="x")
    unreadable = REGISTERED.model_copy(update={"name": sealed, "citizen_id": sealed})
    erased = ERASED.model_copy(update={"citizen_id": sealed, "certificate": None})
    given(person, unreadable).when(ERASE, by=STAFF).then(erased)
    assert list(claims(erased)) == [], "what cannot be read cannot be given back"


@pytest.mark.parametrize(
    "command", [REGISTER, ENTRY, CORRECT, CONSENT, WITHDRAW, NEEDS, RECLASSIFY, MOVE], ids=lambda c: type(c).__name__
)
def test_nothing_may_happen_to_an_erased_person(command: Command):
    given(person, REGISTERED, ERASED).when(command, by=STAFF, facts=OPEN).refused("person.erased")
