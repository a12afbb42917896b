"""Certificates: what a number must agree with, when one expires, and which replaces which."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from services.registry.tests.people import (
    ANOTHER_CITIZEN_ID,
    CERTIFIED,
    CITIZEN_ID,
    HERE,
    ID,
    ISSUED,
    NO_FACTS,
    NUMBER,
    REGISTERED,
    STAFF,
)

from canlian_chassis.policy import Cancel, Later
from canlian_chassis.testing.deciders import NOON, given
from canlian_events.calendar import begin_of
from canlian_events.meta import Actor, Meta
from canlian_events.registry.person import (
    CERTIFICATE_YEARS,
    REMINDER_DAYS,
    CertificateExpired,
    CertificateExpiring,
    CertificateIssued,
    CertificateRenewed,
    DisabilityReclassified,
    ExpireCertificate,
    IssueCertificate,
    RemindOfExpiry,
    RenewCertificate,
)
from canlian_events.terms import DisabilityClass, Grade, Role
from canlian_registry.person.certificates import expires
from canlian_registry.person.decider import claims, person
from canlian_registry.policies.certificate_expiry import let_certificates_expire

POLICY = Actor("policy:registry", frozenset({Role.POLICY}))
ISSUE = IssueCertificate(person_id=ID, number=NUMBER, issued=ISSUED)
RENEWED_ON = date(2026, 5, 6)
RENEW = RenewCertificate(person_id=ID, number=f"{NUMBER}B1", issued=RENEWED_ON)
RENEWED = CertificateRenewed(
    person_id=ID, number=f"{NUMBER}B1", issued=RENEWED_ON, expires=date(2036, 5, 6), replaces=NUMBER
)


def changed(command: Any, **fields: Any) -> Any:
    return command.model_copy(update=fields)


def test_a_certificate_is_good_for_10_years():
    assert CERTIFICATE_YEARS == 10
    assert expires(date(2020, 5, 6)) == date(2030, 5, 6)


@for_all(st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_a_certificate_expires_on_the_same_day_ten_years_on(issued: date):
    end = expires(issued)
    assert end.year == issued.year + CERTIFICATE_YEARS
    if (issued.month, issued.day) == (2, 29):
        assert (end.month, end.day) == (2, 28)
    else:
        assert (end.month, end.day) == (issued.month, issued.day)


def test_a_certificate_of_a_leap_day_expires_on_the_28th():
    assert expires(date(2024, 2, 29)) == date(2034, 2, 28)


def test_a_certificate_is_issued():
    given(person, REGISTERED).when(ISSUE, by=STAFF, facts=NO_FACTS).then(CERTIFIED)
    given(person, REGISTERED, CERTIFIED).when(ISSUE, by=STAFF, facts=NO_FACTS).unchanged()


def test_an_expired_certificate_is_recorded_with_the_day_it_expired():
    old = changed(ISSUE, issued=date(2009, 5, 6))
    recorded = CertificateIssued(person_id=ID, number=NUMBER, issued=date(2009, 5, 6), expires=date(2019, 5, 6))
    given(person, REGISTERED).when(old, by=STAFF, facts=NO_FACTS).then(recorded)


def test_a_certificate_without_a_day_of_issue_gets_it_later():
    undated = changed(ISSUE, issued=None)
    issued = CertificateIssued(person_id=ID, number=NUMBER)
    given(person, REGISTERED).when(undated, by=STAFF, facts=NO_FACTS).then(issued)
    given(person, REGISTERED, issued).when(ISSUE, by=STAFF, facts=NO_FACTS).then(CERTIFIED)
    given(person, REGISTERED, CERTIFIED).when(undated, by=STAFF, facts=NO_FACTS).unchanged()


def test_a_certificate_gives_a_grade_to_whom_had_none():
    ungraded = changed(REGISTERED, grade=None)
    graded = DisabilityReclassified(person_id=ID, disability=DisabilityClass.PHYSICAL, grade=Grade.TWO)
    given(person, ungraded).when(ISSUE, by=STAFF, facts=NO_FACTS).then(graded, CERTIFIED)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (NUMBER[:19], "short"),
        (CITIZEN_ID + "82", "bad_class"),
        (CITIZEN_ID + "45", "bad_grade"),
        (NUMBER + "C1", "bad_suffix"),
        (NUMBER[:17] + ("0" if NUMBER[17] != "0" else "1") + "42", "bad_check"),
    ],
)
def test_an_impossible_certificate_number_is_refused_with_the_reason(number: str, why: str):
    given(person, REGISTERED).when(changed(ISSUE, number=number), by=STAFF, facts=NO_FACTS).refused(
        "person.bad_certificate", why=why
    )


@pytest.mark.parametrize("command", [ISSUE, RENEW])
def test_a_certificate_agrees_with_the_file(command: Any):
    scene = given(person, REGISTERED, CERTIFIED)
    refusals = {
        ANOTHER_CITIZEN_ID + "42": "person.certificate_of_another",
        CITIZEN_ID + "52": "person.class_conflict",
        CITIZEN_ID + "41": "person.grade_conflict",
    }
    for number, code in refusals.items():
        scene.when(changed(command, number=number), by=STAFF, facts=NO_FACTS).refused(code)


@pytest.mark.parametrize("issued", [date(2026, 11, 25), date(1961, 3, 13)])
def test_a_certificate_is_issued_between_birth_and_today(issued: date):
    assert NOON.date() < date(2026, 11, 25)
    command = changed(ISSUE, issued=issued)
    given(person, REGISTERED).when(command, by=STAFF, facts=NO_FACTS).refused("person.bad_issue_date", issued=issued)


def test_a_second_certificate_is_not_issued_but_renewed():
    second = changed(ISSUE, number=f"{NUMBER}B1")
    given(person, REGISTERED, CERTIFIED).when(second, by=STAFF, facts=NO_FACTS).refused("person.certified_already")


def test_a_certificate_is_renewed():
    given(person, REGISTERED, CERTIFIED).when(RENEW, by=STAFF, facts=NO_FACTS).then(RENEWED)
    given(person, REGISTERED, CERTIFIED, RENEWED).when(RENEW, by=STAFF, facts=NO_FACTS).unchanged()


def test_what_was_never_issued_is_not_renewed():
    given(person, REGISTERED).when(RENEW, by=STAFF, facts=NO_FACTS).refused("person.no_certificate")


@pytest.mark.parametrize(
    ("number", "issued"),
    [
        (NUMBER, RENEWED_ON),
        (f"{NUMBER}B1", date(2026, 5, 5)),
        (f"{NUMBER}B2", date(2019, 1, 1)),
    ],
)
def test_a_renewed_certificate_is_newer(number: str, issued: date):
    command = changed(RENEW, number=number, issued=issued)
    given(person, REGISTERED, CERTIFIED, RENEWED).when(command, by=STAFF, facts=NO_FACTS).refused(
        "person.certificate_not_newer", held=RENEWED_ON
    )


def test_after_ten_years_the_same_number_is_issued_anew():
    command = changed(RENEW, number=NUMBER)
    renewed = CertificateRenewed(person_id=ID, number=NUMBER, issued=RENEWED_ON, expires=date(2036, 5, 6))
    given(person, REGISTERED, CERTIFIED).when(command, by=STAFF, facts=NO_FACTS).then(renewed)
    assert [(claim.value, claim.release) for claim in claims(renewed)] == [(NUMBER, False)]


def test_a_replaced_number_is_given_back_and_the_new_one_taken():
    assert [(claim.value, claim.release) for claim in claims(RENEWED)] == [(NUMBER, True), (f"{NUMBER}B1", False)]


EXPIRES = date(2030, 5, 6)
REMIND, EXPIRE = RemindOfExpiry(person_id=ID, expires=EXPIRES), ExpireCertificate(person_id=ID, expires=EXPIRES)
EXPIRING, EXPIRED = (
    CertificateExpiring(person_id=ID, expires=EXPIRES),
    CertificateExpired(person_id=ID, expires=EXPIRES),
)


def test_the_bearer_is_reminded_once_and_the_certificate_expires_once():
    given(person, REGISTERED, CERTIFIED).when(REMIND, by=POLICY).then(EXPIRING)
    given(person, REGISTERED, CERTIFIED, EXPIRING).when(REMIND, by=POLICY).unchanged()
    given(person, REGISTERED, CERTIFIED, EXPIRING).when(EXPIRE, by=POLICY).then(EXPIRED)
    given(person, REGISTERED, CERTIFIED).when(EXPIRE, by=POLICY).then(EXPIRED)
    for late in (REMIND, EXPIRE):
        given(person, REGISTERED, CERTIFIED, EXPIRED).when(late, by=POLICY).unchanged()


def test_the_timer_of_a_certificate_that_was_replaced_does_nothing():
    renewed = CertificateRenewed(person_id=ID, number=f"{NUMBER}B1", issued=RENEWED_ON, expires=date(2036, 5, 6))
    for timer in (REMIND, EXPIRE):
        given(person, REGISTERED, CERTIFIED, EXPIRING, renewed).when(timer, by=POLICY).unchanged()
        given(person, REGISTERED).when(timer, by=POLICY).unchanged()


def test_the_reminder_waits_first_and_then_the_expiry_and_one_out_of_date_expires_at_once():
    at = datetime(2026, 11, 24, 4, tzinfo=UTC)
    meta = Meta("event-1", 1, at, at, "x", HERE, "c-1")
    follows = let_certificates_expire.consequences
    key = f"certificate-{ID}"
    assert follows(CERTIFIED, meta) == [Later(REMIND, begin_of(EXPIRES - timedelta(days=REMINDER_DAYS)), key)]
    assert follows(EXPIRING, meta) == [Later(EXPIRE, begin_of(EXPIRES + timedelta(days=1)), key)]
    long_ago = CERTIFIED.model_copy(update={"expires": date(2026, 11, 23)})
    [now] = follows(long_ago, meta)
    assert isinstance(now, Later)
    assert isinstance(now.command, ExpireCertificate)
    assert now.at == begin_of(date(2026, 11, 24))
    assert follows(CERTIFIED.model_copy(update={"expires": None}), meta) == [Cancel(key)]
