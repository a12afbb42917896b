"""Disability certificates (残疾人证): what a number must agree with, when one expires, which of two is newer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from canlian_chassis.decider import Given, Rejected
from canlian_events.calendar import day_of
from canlian_events.numbers import BadNumber, CertificateNumber, CitizenId
from canlian_events.personal import Sealed, opened
from canlian_events.registry.person import (
    CERTIFICATE_YEARS,
    CertificateExpired,
    CertificateExpiring,
    CertificateIssued,
    CertificateRenewed,
    DisabilityReclassified,
    ExpireCertificate,
    IssueCertificate,
    PersonEvent,
    RemindOfExpiry,
    RenewCertificate,
    SheetRow,
)
from canlian_events.terms import DisabilityClass, Grade
from canlian_registry.person.classifying import reassessment_until
from canlian_registry.person.file import File, Held

_BASE = 20
"""The characters before a replaced certificate's suffix."""


def expires(issued: date) -> date:
    """The same day ten years on; 29 February, which that year never has, becomes the 28th."""
    year = issued.year + CERTIFICATE_YEARS
    if (issued.month, issued.day) == (2, 29):
        return date(year, 2, 28)
    return issued.replace(year=year)


def read_citizen_id(text: str, at: datetime) -> CitizenId:
    """Raises `person.bad_citizen_id` with why."""
    try:
        return CitizenId.read(text, today=day_of(at))
    except BadNumber as bad:
        raise Rejected("person.bad_citizen_id", why=bad.code, **_without_number(bad)) from None


def read_certificate(text: str | None, at: datetime) -> CertificateNumber:
    """Raises `person.bad_certificate` with why."""
    try:
        return CertificateNumber.read(text or "", today=day_of(at))
    except BadNumber as bad:
        raise Rejected("person.bad_certificate", why=bad.code, **_without_number(bad)) from None


def must_agree(
    number: CertificateNumber, citizen_id: str | None, disability: DisabilityClass, grade: Grade | None
) -> None:
    """A certificate number holds its bearer's citizen ID, class and grade; what is beside it must agree."""
    if number.citizen_id.number != citizen_id:
        raise Rejected("person.certificate_of_another")
    if number.disability != disability:
        raise Rejected(
            "person.class_conflict", recorded=disability.zh, certificate=DisabilityClass(number.disability).zh
        )
    if grade is not None and number.grade != grade:
        raise Rejected("person.grade_conflict", recorded=grade.zh, certificate=Grade(number.grade).zh)


def check_issued(number: CertificateNumber, issued: date | None, at: datetime) -> None:
    """Raises `person.bad_issue_date` for a day in the future, or before the bearer's birth."""
    if issued is not None and not number.birth_date <= issued <= day_of(at):
        raise Rejected("person.bad_issue_date", issued=issued)


def issue(command: IssueCertificate, person: File, given: Given) -> Sequence[PersonEvent]:
    number = read_certificate(command.number, given.at)
    must_agree(number, opened(person.citizen_id), person.disability, person.grade)
    check_issued(number, command.issued, given.at)
    if person.certificate and person.certificate.number != number.number:
        raise Rejected("person.certified_already")
    if person.certificate and command.issued in (None, person.certificate.issued):
        return []
    graded: list[PersonEvent] = []
    if person.grade is None:
        graded = [
            DisabilityReclassified(person_id=command.person_id, disability=person.disability, grade=Grade(number.grade))
        ]
    until = reassessment_until(command.issued) if command.issued else None
    current = until if until and until >= day_of(given.at) else None
    return [*graded, issued_for(command.person_id, number.number, command.issued, None, None, current)]


def renew(command: RenewCertificate, person: File, given: Given) -> Sequence[PersonEvent]:
    """Newer than the one held: by its issue date, or on the same day by its suffix."""
    number = read_certificate(command.number, given.at)
    must_agree(number, opened(person.citizen_id), person.disability, person.grade)
    check_issued(number, command.issued, given.at)
    held, new = person.certificate, Held(number.number, command.issued)
    if held is None:
        raise Rejected("person.no_certificate")
    if new == held:
        return []
    if is_older(new, held) or (new.issued == held.issued and not is_older(held, new)):
        raise Rejected("person.certificate_not_newer", held=held.issued, issued=new.issued)
    return [_renewed(command.person_id, number.number, command.issued, held)]


def record(
    person_id: str, number: CertificateNumber, issued: date | None, held: Held | None, row: SheetRow | None = None
) -> list[PersonEvent]:
    """What follows when a paper or a sheet says that this is the person's certificate.

    A blank issue date says nothing. Raises `person.certificate_not_newer` where a newer one is held.
    """
    new = Held(number.number, issued)
    if held is None or held.number == new.number:
        if held and issued in (None, held.issued):
            return []
        return [issued_for(person_id, number.number, issued, None, row)]
    if is_older(new, held):
        raise Rejected("person.certificate_not_newer", held=held.issued, issued=issued)
    if issued is None:
        return [issued_for(person_id, number.number, None, held, row)]
    return [_renewed(person_id, number.number, issued, held, row)]


def is_older(one: Held, other: Held) -> bool:
    """By the days of issue where both are known and differ, else by the suffixes."""
    if one.issued and other.issued and one.issued != other.issued:
        return one.issued < other.issued
    return _suffix(one) < _suffix(other)


def _suffix(held: Held) -> int:
    """0 for none, 2 for B2."""
    return int((opened(held.number) or "")[_BASE + 1 :] or 0)


def run_out(command: RemindOfExpiry | ExpireCertificate, person: File) -> Sequence[PersonEvent]:
    """What a timer says matters only for the certificate it was set for, and once."""
    held = person.certificate
    if held is None or held.issued is None or expires(held.issued) != command.expires:
        return []
    match command, person.running_out:
        case RemindOfExpiry(), None:
            return [CertificateExpiring.from_(command)]
        case ExpireCertificate(), None | "expiring":
            return [CertificateExpired.from_(command)]
        case _:
            return []


def issued_for(
    person_id: str,
    number: str | Sealed,
    issued: date | None,
    held: Held | None,
    row: SheetRow | None = None,
    reassessment: date | None = None,
) -> CertificateIssued:
    return CertificateIssued(
        person_id=person_id,
        number=number,
        issued=issued,
        expires=expires(issued) if issued else None,
        replaces=held.number if held else None,
        reassessment_until=reassessment,
        sheet_row=row,
    )


def _renewed(person_id: str, number: str, issued: date, held: Held, row: SheetRow | None = None) -> CertificateRenewed:
    return CertificateRenewed(
        person_id=person_id,
        number=number,
        issued=issued,
        expires=expires(issued),
        replaces=held.number if held.number != number else None,
        sheet_row=row,
    )


def _without_number(bad: BadNumber) -> dict[str, str | int]:
    """The facts that say what is wrong; the number itself is personal, and the one who typed it knows it."""
    return {name: fact for name, fact in bad.facts.items() if name != "number"}
