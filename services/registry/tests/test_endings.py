"""A person's death, their wish to be erased, and their dispute of how they were classified, as sentences."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st
from services.registry.tests.people import (
    ANOTHER_CITIZEN_ID,
    CERTIFIED,
    ENTRY,
    ID,
    ISSUED,
    NUMBER,
    OPEN,
    REGISTER,
    REGISTERED,
    SOMEBODY_ELSE,
    STAFF,
    THEMSELVES,
    THERE,
)

from canlian_chassis.policy import Cancel
from canlian_chassis.testing.deciders import given
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.personal import Sealed
from canlian_events.registry.person import (
    REASSESSMENT_WORKING_DAYS,
    AskReassessment,
    CertificateIssued,
    Circumstances,
    ConsentGiven,
    CorrectPerson,
    DeathWithdrawn,
    DeclineErasure,
    DisabilityReclassified,
    ErasePerson,
    ErasureDeclined,
    ErasureRequested,
    ErasureRequestWithdrawn,
    GiveConsent,
    IssueCertificate,
    MovePerson,
    PersonCorrected,
    PersonDied,
    PersonErased,
    ReassessmentAsked,
    ReclassifyDisability,
    RecordAccessNeeds,
    RecordCircumstances,
    RecordDeath,
    RenewCertificate,
    RequestErasure,
    WithdrawConsent,
    WithdrawDeath,
    WithdrawErasureRequest,
)
from canlian_events.terms import AccessFeature, DisabilityClass, ErasureGround, Grade, Purpose
from canlian_registry.person.classifying import reassessment_until
from canlian_registry.person.decider import person
from canlian_registry.person.working_days import working_days_after
from canlian_registry.policies.certificate_expiry import let_certificates_expire

DAY = date(2026, 11, 20)
DIE = RecordDeath(person_id=ID, on=DAY)
DIED = PersonDied(person_id=ID, on=DAY)
LIVES = WithdrawDeath(person_id=ID, why="同名误报")
LIVED = DeathWithdrawn(person_id=ID, why="同名误报")
CONSENTED = ConsentGiven(person_id=ID, purpose=Purpose.VISITS)


def test_a_death_is_recorded_once_and_its_day_may_be_corrected():
    other = RecordDeath(person_id=ID, on=date(2026, 11, 19))
    given(person, REGISTERED).when(DIE, by=STAFF).then(DIED)
    given(person, REGISTERED, DIED).when(DIE, by=STAFF).unchanged()
    given(person, REGISTERED, DIED).when(other, by=STAFF).then(PersonDied.from_(other))


def test_nobody_dies_in_the_future_or_before_their_birth():
    tomorrow, before = date(2026, 11, 25), date(1961, 3, 13)
    given(person, REGISTERED).when(RecordDeath(person_id=ID, on=tomorrow), by=STAFF).refused(
        "person.death_in_future", died_on=tomorrow
    )
    given(person, REGISTERED).when(RecordDeath(person_id=ID, on=before), by=STAFF).refused("person.death_before_birth")


def test_a_death_is_recorded_where_nothing_of_the_file_can_be_read():
    sealed = REGISTERED.model_copy(update={"citizen_id": Sealed(about=ID, sealed="…")})
    given(person, sealed).when(DIE, by=STAFF).then(DIED)
    early = RecordDeath(person_id=ID, on=date(1960, 12, 31))
    given(person, sealed).when(early, by=STAFF).refused("person.death_before_birth")


def test_a_death_recorded_in_error_is_taken_back():
    given(person, REGISTERED).when(LIVES, by=STAFF).refused("person.not_dead")
    given(person, REGISTERED, DIED).when(LIVES.model_copy(update={"why": ""}), by=STAFF).refused("person.no_reason")
    given(person, REGISTERED, DIED).when(LIVES, by=STAFF).then(LIVED)
    consent = GiveConsent(person_id=ID, purpose=Purpose.VISITS)
    given(person, REGISTERED, CONSENTED, DIED, LIVED).when(consent, by=STAFF).then(CONSENTED)


@pytest.mark.parametrize(
    "command",
    [
        ENTRY,
        IssueCertificate(person_id=ID, number=NUMBER),
        RenewCertificate(person_id=ID, number=NUMBER + "B1", issued=ISSUED),
        ReclassifyDisability(person_id=ID, disability=DisabilityClass.MULTIPLE, grade=Grade.ONE),
        AskReassessment(person_id=ID),
        RecordCircumstances(person_id=ID, circumstances=Circumstances(low_income=True)),
        RecordAccessNeeds(person_id=ID, features=frozenset({AccessFeature.RAMP})),
        GiveConsent(person_id=ID, purpose=Purpose.VISITS),
        WithdrawConsent(person_id=ID, purpose=Purpose.VISITS),
        MovePerson(person_id=ID, to=THERE),
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_makes_no_sense_for_the_dead_is_refused(command: Command):
    given(person, REGISTERED, CERTIFIED, CONSENTED, DIED).when(command, by=STAFF, facts=OPEN).refused(
        "person.dead", died_on=DAY
    )


def test_the_record_of_somebody_who_died_may_be_corrected_and_erased():
    correct = CorrectPerson(person_id=ID, name="王秀英")
    given(person, REGISTERED, DIED).when(correct, by=STAFF).then(PersonCorrected(person_id=ID, name="王秀英"))
    erase = ErasePerson(person_id=ID, ground=ErasureGround.PURPOSE_OVER)
    erased = PersonErased(person_id=ID, ground=ErasureGround.PURPOSE_OVER, citizen_id=REGISTERED.citizen_id)
    given(person, REGISTERED, DIED).when(erase, by=STAFF).then(erased)
    given(person, REGISTERED, DIED, erased).when(DIE, by=STAFF).refused("person.erased")


def test_a_certificate_of_somebody_who_died_does_not_expire():
    meta = Meta("11111111-event", 7, datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC), "staff:x",
                "429999001001", "command-1")  # fmt: skip
    assert let_certificates_expire.consequences(DIED, meta) == [Cancel(f"certificate-{ID}")]


ASK = RequestErasure(person_id=ID, words="不想再留资料")
ASKED = ErasureRequested(person_id=ID, words="不想再留资料")
TAKE_BACK = WithdrawErasureRequest(person_id=ID)
TAKEN_BACK = ErasureRequestWithdrawn(person_id=ID)
DECLINE = DeclineErasure(person_id=ID, why="正在领取补贴，须保留到停发")
DECLINED = ErasureDeclined(person_id=ID, why="正在领取补贴，须保留到停发")


def test_a_person_asks_to_be_erased_once_and_may_take_it_back():
    given(person, REGISTERED).when(ASK, by=THEMSELVES).then(ASKED)
    given(person, REGISTERED, ASKED).when(ASK, by=THEMSELVES).unchanged()
    given(person, REGISTERED, ASKED).when(TAKE_BACK, by=THEMSELVES).then(TAKEN_BACK)
    given(person, REGISTERED).when(TAKE_BACK, by=THEMSELVES).unchanged()
    given(person, REGISTERED).when(ASK, by=SOMEBODY_ELSE).refused("person.not_yours")


def test_a_request_is_declined_with_its_reason_and_may_be_made_again():
    given(person, REGISTERED, ASKED).when(DECLINE, by=STAFF).then(DECLINED)
    given(person, REGISTERED, ASKED, DECLINED).when(ASK, by=THEMSELVES).then(ASKED)
    given(person, REGISTERED).when(DECLINE, by=STAFF).refused("person.erasure_not_requested")
    wordless = DECLINE.model_copy(update={"why": ""})
    given(person, REGISTERED, ASKED).when(wordless, by=STAFF).refused("person.no_reason")


RECLASSIFY = ReclassifyDisability(person_id=ID, disability=DisabilityClass.PHYSICAL, grade=Grade.THREE)
RECLASSIFIED = DisabilityReclassified.from_(RECLASSIFY, reassessment_until=date(2026, 12, 8))
DISPUTE = AskReassessment(person_id=ID)
DISPUTED = ReassessmentAsked(person_id=ID)


def test_reassessment_is_asked_for_within_10_working_days():
    assert REASSESSMENT_WORKING_DAYS == 10
    at = datetime(2026, 12, 8, 15, 59, tzinfo=UTC)
    given(person, REGISTERED).when(RECLASSIFY, by=STAFF).then(RECLASSIFIED)
    given(person, REGISTERED, RECLASSIFIED).when(DISPUTE, by=THEMSELVES, at=at).then(DISPUTED)
    late = at.replace(hour=16)
    given(person, REGISTERED, RECLASSIFIED).when(DISPUTE, by=THEMSELVES, at=late).refused(
        "person.reassessment_too_late", until=date(2026, 12, 8)
    )


def test_without_a_known_result_there_is_nothing_to_reassess():
    given(person, REGISTERED, CERTIFIED).when(DISPUTE, by=THEMSELVES).refused("person.nothing_to_reassess")


def test_a_certificate_issued_just_now_may_be_disputed():
    issue = IssueCertificate(person_id=ID, number=NUMBER, issued=date(2026, 11, 16))
    issued = CertificateIssued(
        person_id=ID, number=NUMBER, issued=issue.issued, expires=date(2036, 11, 16),
        reassessment_until=date(2026, 11, 30),
    )  # fmt: skip
    given(person, REGISTERED).when(issue, by=STAFF).then(issued)
    given(person, REGISTERED, issued).when(DISPUTE, by=THEMSELVES).then(DISPUTED)


def test_a_reassessment_that_changes_nothing_is_an_answer_too():
    given(person, REGISTERED, RECLASSIFIED).when(RECLASSIFY, by=STAFF).unchanged()
    given(person, REGISTERED, RECLASSIFIED, DISPUTED).when(DISPUTE, by=THEMSELVES).unchanged()
    given(person, REGISTERED, RECLASSIFIED, DISPUTED).when(RECLASSIFY, by=STAFF).then(RECLASSIFIED)


def test_working_days_follow_chinas_official_calendar():
    # 1 to 7 October 2026 are a holiday; Saturday 10 October is worked for it
    assert working_days_after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert working_days_after(date(2026, 10, 8), 2) == date(2026, 10, 10)


@examples(st.dates(date(2020, 1, 1), date(2035, 12, 1)))
def test_ten_working_days_are_at_least_eleven_days_and_never_shrink(day: date):
    assert (reassessment_until(day) - day).days >= 11
    assert reassessment_until(day) <= reassessment_until(date.fromordinal(day.toordinal() + 1))


@pytest.mark.parametrize("suffix", ["B", "B0", "C1", "B1B", "b"])
def test_a_replaced_certificates_suffix_is_b_and_a_number(suffix: str):
    renew = RenewCertificate(person_id=ID, number=NUMBER + suffix, issued=date(2026, 1, 5))
    given(person, REGISTERED, CERTIFIED).when(renew, by=STAFF).refused("person.bad_certificate", why="bad_suffix")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (NUMBER[:19], "short"),
        (NUMBER[:17] + ("1" if NUMBER[17] != "1" else "2") + NUMBER[18:], "bad_check"),
        (NUMBER[:18] + "82", "bad_class"),
        (NUMBER[:18] + "45", "bad_grade"),
        (NUMBER + "1", "long"),
    ],
)
def test_an_impossible_certificate_number_is_refused_with_the_reason(number: str, why: str):
    issue = IssueCertificate(person_id=ID, number=number)
    given(person, REGISTERED).when(issue, by=STAFF).refused("person.bad_certificate", why=why)


def test_anothers_certificate_is_refused():
    issue = IssueCertificate(person_id=ID, number=ANOTHER_CITIZEN_ID + "42")
    given(person, REGISTERED).when(issue, by=STAFF).refused("person.certificate_of_another")
    assert REGISTER.person_id == ID
