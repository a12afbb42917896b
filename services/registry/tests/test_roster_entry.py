"""A row of the roster: registers, corrects exactly what differs, or changes nothing."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from services.registry.tests.people import (
    ANOTHER_CITIZEN_ID,
    CERTIFIED,
    CITIZEN_ID,
    CLOSED,
    ENTRY,
    HERE,
    ID,
    NUMBER,
    OPEN,
    REGISTERED,
    STAFF,
    THERE,
    UNKNOWN,
)

from canlian_chassis.decider import Given, Rejected
from canlian_chassis.testing.deciders import NOON, given
from canlian_events.personal import Sealed
from canlian_events.registry.person import (
    Certificate,
    CertificateIssued,
    CertificateRenewed,
    Circumstances,
    CircumstancesRecorded,
    DisabilityReclassified,
    PersonCorrected,
    PersonMoved,
    RecordRosterEntry,
)
from canlian_events.terms import DisabilityClass, Employment, Grade, Schooling
from canlian_registry.person.decider import person
from canlian_registry.person.file import Person
from canlian_registry.person.roster import merge

LOW_INCOME = Circumstances(low_income=True)


def changed(**fields: Any) -> RecordRosterEntry:
    return ENTRY.model_copy(update=fields)


def test_a_new_person_is_registered_with_their_certificate_and_circumstances():
    row = changed(circumstances=LOW_INCOME)
    known = CircumstancesRecorded(person_id=ID, circumstances=LOW_INCOME)
    given(person).when(row, by=STAFF, facts=OPEN).then(REGISTERED, CERTIFIED, known)
    given(person, REGISTERED, CERTIFIED, known).when(row, by=STAFF, facts=OPEN).unchanged()


def test_a_row_without_circumstances_records_none():
    given(person).when(ENTRY, by=STAFF, facts=OPEN).then(REGISTERED, CERTIFIED)


def test_only_what_differs_is_corrected():
    row = changed(name="王秀蓝", phone="13800000000", address="二号楼")
    given(person, REGISTERED, CERTIFIED).when(row, by=STAFF, facts=OPEN).then(
        PersonCorrected(person_id=ID, name="王秀蓝", address="二号楼")
    )


def test_a_blank_never_wipes_what_is_known():
    known = CircumstancesRecorded(person_id=ID, circumstances=LOW_INCOME)
    blank = changed(
        phone=None, address="", certificate=Certificate(number=NUMBER), circumstances=Circumstances(remark="")
    )
    given(person, REGISTERED, CERTIFIED, known).when(blank, by=STAFF, facts=OPEN).unchanged()


def test_a_row_in_another_community_moves_the_person():
    row = changed(community=THERE, address="九号楼")
    moved = PersonMoved.from_(REGISTERED, from_community=HERE, to_community=THERE, address="九号楼")
    given(person, REGISTERED, CERTIFIED).when(row, by=STAFF, facts=OPEN).then(moved)
    given(person, REGISTERED, CERTIFIED, moved).when(row, by=STAFF, facts=OPEN).unchanged()


def test_a_row_in_a_community_that_is_not_open_is_refused():
    for history in ([], [REGISTERED, CERTIFIED]):
        row = changed(community=THERE)
        given(person, *history).when(row, by=STAFF, facts=UNKNOWN).refused("community.unknown", community=THERE)
        given(person, *history).when(row, by=STAFF, facts=CLOSED).refused("community.closed", community=THERE)


def test_a_row_with_a_newer_number_renews_the_certificate():
    row = changed(certificate=Certificate(number=f"{NUMBER}B1", issued=date(2026, 1, 2)))
    renewed = CertificateRenewed(
        person_id=ID, number=f"{NUMBER}B1", issued=date(2026, 1, 2), expires=date(2036, 1, 2), replaces=NUMBER
    )
    given(person, REGISTERED, CERTIFIED).when(row, by=STAFF, facts=OPEN).then(renewed)
    given(person, REGISTERED, CERTIFIED, renewed).when(row, by=STAFF, facts=OPEN).unchanged()


def test_a_newer_number_without_a_day_of_issue_is_recorded_without():
    row = changed(certificate=Certificate(number=f"{NUMBER}B1"))
    issued = CertificateIssued(person_id=ID, number=f"{NUMBER}B1", replaces=NUMBER)
    given(person, REGISTERED, CERTIFIED).when(row, by=STAFF, facts=OPEN).then(issued)


def test_an_old_sheet_does_not_bring_back_an_old_certificate():
    renewed = CertificateRenewed(
        person_id=ID, number=f"{NUMBER}B1", issued=date(2026, 1, 2), expires=date(2036, 1, 2), replaces=NUMBER
    )
    given(person, REGISTERED, CERTIFIED, renewed).when(ENTRY, by=STAFF, facts=OPEN).refused(
        "person.certificate_not_newer"
    )


def test_a_row_with_another_class_reclassifies_and_renews():
    number = CITIZEN_ID + "71"
    row = changed(
        disability=DisabilityClass.MULTIPLE,
        grade=Grade.ONE,
        certificate=Certificate(number=number, issued=date(2026, 1, 2)),
    )
    given(person, REGISTERED, CERTIFIED).when(row, by=STAFF, facts=OPEN).then(
        DisabilityReclassified(person_id=ID, disability=DisabilityClass.MULTIPLE, grade=Grade.ONE),
        CertificateRenewed(
            person_id=ID, number=number, issued=date(2026, 1, 2), expires=date(2036, 1, 2), replaces=NUMBER
        ),
    )


def test_a_row_that_contradicts_itself_is_refused():
    for row, code in [
        (changed(citizen_id=ANOTHER_CITIZEN_ID), "person.certificate_of_another"),
        (changed(disability=DisabilityClass.VISUAL), "person.class_conflict"),
        (changed(grade=Grade.FOUR), "person.grade_conflict"),
        (changed(name=""), "person.no_name"),
        (changed(name="名" * 61), "person.name_too_long"),
        (changed(phone="12345"), "person.bad_phone"),
        (changed(citizen_id=CITIZEN_ID[:9]), "person.bad_citizen_id"),
        (changed(certificate=Certificate(number=NUMBER[:9])), "person.bad_certificate"),
        (changed(certificate=Certificate(number=NUMBER, issued=date(2030, 1, 1))), "person.bad_issue_date"),
    ]:
        given(person).when(row, by=STAFF, facts=OPEN).refused(code)


def test_a_row_does_not_make_one_person_another():
    row = changed(citizen_id=ANOTHER_CITIZEN_ID, certificate=Certificate(number=ANOTHER_CITIZEN_ID + "42"))
    given(person, REGISTERED, CERTIFIED).when(row, by=STAFF, facts=OPEN).refused("person.other_citizen_id")


def test_a_file_that_cannot_be_opened_is_not_corrected():
    for sealed in (
        CERTIFIED.model_copy(update={"number": Sealed(about=ID, sealed="…")}),
        CircumstancesRecorded(person_id=ID, circumstances=Circumstances(remark=Sealed(about=ID, sealed="…"))),
    ):
        given(person, REGISTERED, sealed).when(ENTRY, by=STAFF, facts=OPEN).refused("person.unreadable")


words = st.none() | st.sampled_from(["甲", "乙", ""])
phones = st.none() | st.sampled_from(["13800000000", "138 0000 0001", "0728-5550102", ""])
circumstances = st.builds(
    Circumstances,
    low_income=st.none() | st.booleans(),
    employment=st.none() | st.sampled_from(Employment),
    schooling=st.none() | st.sampled_from(Schooling),
    ethnicity=words,
    carer_name=words,
    carer_phone=words,
    remark=words,
)
rows = st.builds(
    lambda community, name, phone, address, suffix, issued, told: ENTRY.model_copy(
        update={
            "community": community,
            "name": name,
            "phone": phone,
            "address": address,
            "certificate": Certificate(number=NUMBER + suffix, issued=issued),
            "circumstances": told,
        }
    ),
    st.sampled_from([HERE, THERE]),
    st.sampled_from(["王秀兰", "王兰"]),
    phones,
    words,
    st.sampled_from(["", "B1", "B2"]),
    st.none() | st.dates(date(2010, 1, 1), date(2026, 11, 24)),
    circumstances,
)


@for_all(st.lists(rows, min_size=1, max_size=4))
def test_a_row_applied_twice_decides_nothing_the_second_time(several: list[RecordRosterEntry]):
    state: Person = None
    for row in several:
        state = person.fold(decided(row, state) or [], state)
        assert not decided(row, state)


def decided(row: RecordRosterEntry, state: Person) -> list[Any] | None:
    """The events; None where the row's certificate is older than the one held, which a random row's may be."""
    try:
        return list(person.decide(row, state, Given(STAFF, NOON, row.community, facts=OPEN)))
    except Rejected as rejected:
        if rejected.code != "person.certificate_not_newer":
            raise
        return None


@for_all(circumstances, circumstances)
def test_circumstances_that_do_not_contradict_each_other_merge_in_any_order(one: Circumstances, other: Circumstances):
    fields = Circumstances.model_fields
    agreeing = other.model_copy(update={name: None for name in fields if getattr(one, name) is not None})
    nothing = Circumstances()
    assert merge(merge(nothing, one), agreeing) == merge(merge(nothing, agreeing), one)


@for_all(circumstances, circumstances)
def test_circumstances_once_known_are_never_forgotten(known: Circumstances, said: Circumstances):
    before = merge(Circumstances(), known)
    after = merge(before, said)
    for name in Circumstances.model_fields:
        told = getattr(said, name)
        assert getattr(after, name) == (getattr(before, name) if told in (None, "") else told)


@pytest.mark.parametrize("field", ["carer_name", "remark"])
def test_a_sealed_value_in_a_sheet_says_nothing(field: str):
    said = Circumstances(**{field: Sealed(about=ID, sealed="…")})
    assert merge(Circumstances(**{field: "李强"}), said) == Circumstances(**{field: "李强"})
