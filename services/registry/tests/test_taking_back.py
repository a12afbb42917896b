"""What a row of an import did is undone: who was registered is withdrawn, who was changed is as before."""

from datetime import date
from typing import Any

from hypothesis import given as for_all
from hypothesis import strategies as st
from services.registry.tests.people import (
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
)

from canlian_chassis.testing.deciders import NOON, given
from canlian_events.registry.person import (
    Certificate,
    CertificateExpired,
    CertificateIssued,
    CertificateWithdrawn,
    Circumstances,
    CircumstancesRecorded,
    ConsentGiven,
    DisabilityReclassified,
    ErasePerson,
    GiveConsent,
    PersonCorrected,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
    RosterEntryTakenBack,
    SheetRow,
    TakeBackRosterEntry,
)
from canlian_events.terms import ErasureGround, Purpose
from canlian_registry.person.decider import claims, person
from canlian_registry.person.file import File
from canlian_registry.person.taking_back import Since

ROW, LATER = SheetRow(import_id="import_00000001", row=7), SheetRow(import_id="import_00000002", row=7)
BACK, BACK_LATER = (TakeBackRosterEntry(person_id=ID, sheet_row=row) for row in (ROW, LATER))
NOTHING_SINCE = Since(OPEN)


def brought(*before: Any, **changes: Any) -> tuple[Any, ...]:
    """The history after the entry, changed so, came in with the first import."""
    return (*before, *decided(before, ENTRY.model_copy(update={"sheet_row": ROW} | changes)))


def decided(history: tuple[Any, ...], command: Any, facts: Any = OPEN) -> tuple[Any, ...]:
    outcome = given(person, *history).when(command, by=STAFF, facts=facts)
    assert outcome.rejected is None, outcome.rejected
    return outcome.events


def test_every_event_of_a_row_says_which_row_of_which_import():
    changes = brought(circumstances=Circumstances(low_income=True))
    assert [type(event) for event in changes] == [PersonRegistered, CertificateIssued, CircumstancesRecorded]
    assert {event.sheet_row for event in changes} == {ROW}


def test_whoever_the_row_registered_is_withdrawn_and_their_numbers_are_free():
    withdrawn = RegistrationWithdrawn(person_id=ID, citizen_id=CITIZEN_ID, certificate=NUMBER, sheet_row=ROW)
    given(person, *brought()).when(BACK, by=STAFF, facts=NOTHING_SINCE).then(withdrawn)
    assert [(claim.value, claim.release) for claim in claims(withdrawn)] == [(CITIZEN_ID, True), (NUMBER, True)]


def test_who_was_withdrawn_is_unknown_may_be_registered_again_and_is_taken_back_once():
    gone = (*brought(), *decided(brought(), BACK, NOTHING_SINCE))
    given(person, *gone).when(GiveConsent(person_id=ID, purpose=Purpose.VISITS), by=STAFF).refused("person.unknown")
    given(person, *gone).when(BACK, by=STAFF, facts=NOTHING_SINCE).unchanged()
    given(person, *gone).when(ENTRY, by=STAFF, facts=OPEN).then(REGISTERED, CERTIFIED)
    erase = ErasePerson(person_id=ID, ground=ErasureGround.REQUEST)
    given(person, *gone).when(erase, by=STAFF).then(PersonErased.from_(erase))
    again = (*gone, *decided(gone, ENTRY.model_copy(update={"sheet_row": LATER})))
    given(person, *again).when(BACK, by=STAFF, facts=NOTHING_SINCE).refused("person.changed_since")
    assert isinstance(decided(again, BACK_LATER, NOTHING_SINCE)[0], RegistrationWithdrawn)


def test_nothing_is_taken_back_where_something_else_happened_since():
    consented = (*brought(), ConsentGiven(person_id=ID, purpose=Purpose.VISITS))
    given(person, *consented).when(BACK, by=STAFF, facts=NOTHING_SINCE).refused("person.changed_since")
    given(person, *brought()).when(BACK, by=STAFF, facts=Since(OPEN, acted_on=True)).refused("person.changed_since")
    given(person, REGISTERED).when(BACK, by=STAFF, facts=NOTHING_SINCE).refused("person.changed_since")


def test_a_certificate_that_ran_out_by_itself_is_nobodys_act():
    expired = CertificateExpired(person_id=ID, expires=date(2030, 5, 6))
    (gone,) = decided((*brought(), expired), BACK, NOTHING_SINCE)
    assert isinstance(gone, RegistrationWithdrawn)


def test_who_was_registered_by_hand_is_as_before():
    before = (REGISTERED.model_copy(update={"phone": None, "grade": None}),)
    changes = brought(*before, name="王秀蓝", phone="13900000000", circumstances=Circumstances(low_income=True))
    given(person, *changes).when(BACK, by=STAFF, facts=NOTHING_SINCE).then(
        PersonCorrected(person_id=ID, name="王秀兰", phone="", sheet_row=ROW),
        CertificateWithdrawn(person_id=ID, number=NUMBER, grade=None, sheet_row=ROW),
        CircumstancesRecorded(person_id=ID, circumstances=Circumstances(), sheet_row=ROW),
        RosterEntryTakenBack(person_id=ID, sheet_row=ROW),
    )
    assert DisabilityReclassified in {type(event) for event in changes}


def test_who_moved_moves_back_as_if_it_had_never_been_unless_the_community_is_closed():
    moved = brought(REGISTERED, CERTIFIED, community=THERE, address="九号楼")
    given(person, *moved).when(BACK, by=STAFF, facts=NOTHING_SINCE).then(
        PersonMoved.from_(
            REGISTERED, from_community=THERE, to_community=HERE, address="一号楼", back=True, sheet_row=ROW
        ),
        RosterEntryTakenBack(person_id=ID, sheet_row=ROW),
    )
    given(person, *moved).when(BACK, by=STAFF, facts=Since(CLOSED)).refused("community.closed")


def test_a_newer_certificate_gives_way_to_the_one_before_and_frees_its_number():
    newer = brought(REGISTERED, CERTIFIED, certificate=Certificate(number=NUMBER + "B1", issued=date(2024, 1, 2)))
    back, _ = decided(newer, BACK, NOTHING_SINCE)
    assert back == CERTIFIED.model_copy(update={"replaces": NUMBER + "B1", "sheet_row": ROW})


def test_imports_are_undone_one_after_the_other_the_last_first():
    first = brought(REGISTERED, name="王秀蓝")
    second = (*first, *decided(first, ENTRY.model_copy(update={"sheet_row": LATER, "phone": "13700000000"})))
    given(person, *second).when(BACK, by=STAFF, facts=NOTHING_SINCE).refused("person.changed_since")
    undone = (*second, *decided(second, BACK_LATER, NOTHING_SINCE))
    assert person.fold(undone) == person.fold(first)
    undone = (*undone, *decided(undone, BACK, NOTHING_SINCE))
    assert person.fold(undone) == person.fold((REGISTERED,))


SAID = st.fixed_dictionaries(
    {
        "community": st.sampled_from([HERE, THERE]),
        "name": st.sampled_from(["王秀兰", "王秀蓝"]),
        "phone": st.sampled_from([None, "13800000000", "13900000000"]),
        "address": st.sampled_from([None, "一号楼", "九号楼"]),
        "certificate": st.sampled_from(
            [Certificate(number=NUMBER), Certificate(number=NUMBER + "B1", issued=date(2024, 1, 2))]
        ),
        "circumstances": st.sampled_from([Circumstances(), Circumstances(low_income=False, remark="独居")]),
    }
)


@for_all(SAID, st.sampled_from([(), (REGISTERED,), (REGISTERED, CERTIFIED)]))
def test_whatever_the_row_said_taking_it_back_leaves_what_was(said: dict[str, Any], before: tuple[Any, ...]):
    after = brought(*before, **said)
    if len(after) == len(before):
        return
    undone = person.fold((*after, *decided(after, BACK, NOTHING_SINCE)))
    assert (undone if isinstance(undone, File) else None) == person.fold(before)
    given(person, *after, *decided(after, BACK, NOTHING_SINCE)).when(BACK, by=STAFF, at=NOON, facts=NOTHING_SINCE)
