"""One row of the roster (花名册): register whom it names, correct exactly what differs, or change nothing.

A blank in the sheet says nothing: it never wipes what is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from canlian_chassis.decider import Given, Rejected
from canlian_events.numbers import CertificateNumber
from canlian_events.personal import map_personal, opened
from canlian_events.registry.person import (
    Circumstances,
    CircumstancesRecorded,
    DisabilityReclassified,
    PersonCorrected,
    PersonEvent,
    PersonMoved,
    PersonRegistered,
    RecordRosterEntry,
    SheetRow,
)
from canlian_events.terms import Sex
from canlian_registry.calling import must_be_a_name, phone_of
from canlian_registry.person import certificates
from canlian_registry.person.file import NOTHING_KNOWN, File, must_be_readable
from canlian_registry.views import Place


def record_entry(command: RecordRosterEntry, person: File | None, given: Given) -> Sequence[PersonEvent]:
    citizen_id = certificates.read_citizen_id(command.citizen_id, given.at)
    number = certificates.read_certificate(opened(command.certificate.number), given.at)
    certificates.must_agree(number, citizen_id.number, command.disability, command.grade)
    certificates.check_issued(number, command.certificate.issued, given.at)
    must_be_a_name("person.", command.name)
    command = command.model_copy(update={"phone": phone_of("person.", command.phone)})
    if person is None:
        must_be_open(command.community, given.facts)
        return list(_register(command, number))
    must_be_readable(person)
    if person.citizen_id != citizen_id.number:
        raise Rejected("person.other_citizen_id")
    return list(_correct(command, number, person, given))


def _register(command: RecordRosterEntry, number: CertificateNumber) -> Iterator[PersonEvent]:
    born = number.citizen_id
    yield PersonRegistered.from_(
        command,
        citizen_id=born.number,
        birth_year=born.birth_date.year,
        sex=Sex(born.sex),
        phone=command.phone or None,
        address=command.address or None,
    )
    yield from certificates.record(command.person_id, number, command.certificate.issued, None, command.sheet_row)
    yield from record_circumstances(command.person_id, NOTHING_KNOWN, command.circumstances, command.sheet_row)


def _correct(
    command: RecordRosterEntry, number: CertificateNumber, person: File, given: Given
) -> Iterator[PersonEvent]:
    row = command.sheet_row
    moves = command.community != person.community
    if moves:
        must_be_open(command.community, given.facts)
        yield moved(command.person_id, person, command.community, command.address, row)
    yield from correct(
        command.person_id, person, command.name, command.phone or None, None if moves else command.address or None, row
    )
    if (command.disability, command.grade) != (person.disability, person.grade):
        yield DisabilityReclassified.from_(command)
    yield from certificates.record(command.person_id, number, command.certificate.issued, person.certificate, row)
    yield from record_circumstances(command.person_id, person.circumstances, command.circumstances, row)


def correct(
    person_id: str,
    person: File,
    name: str | None,
    phone: str | None,
    address: str | None,
    row: SheetRow | None = None,
) -> Iterator[PersonEvent]:
    """The fields that are given and differ; None is not given, an empty phone or address takes away what was there."""
    given = {"name": name, "phone": phone, "address": address}
    changed = {
        field: value for field, value in given.items() if value is not None and value != (getattr(person, field) or "")
    }
    if changed:
        yield PersonCorrected(person_id=person_id, sheet_row=row, **changed)


def moved(person_id: str, person: File, to: str, address: str | None, row: SheetRow | None = None) -> PersonMoved:
    """With what the new community's reader needs to begin from."""
    return PersonMoved(
        person_id=person_id,
        from_community=person.community,
        to_community=to,
        name=person.name,
        phone=person.phone,
        address=address or person.address,
        birth_year=person.birth_year,
        sex=person.sex,
        disability=person.disability,
        grade=person.grade,
        sheet_row=row,
    )


def record_circumstances(
    person_id: str, known: Circumstances, said: Circumstances, row: SheetRow | None = None
) -> Iterator[PersonEvent]:
    whole = merge(known, said)
    if whole != known:
        yield CircumstancesRecorded(person_id=person_id, circumstances=whole, sheet_row=row)


def merge(known: Circumstances, said: Circumstances) -> Circumstances:
    """What is known now: what was said, and where nothing was, what was known."""

    def plain(_path: str, value: Any) -> Any:
        return opened(value) or None

    said = map_personal(said, plain)
    fresh = {name: value for name in Circumstances.model_fields if (value := getattr(said, name)) not in (None, "")}
    return known.model_copy(update=fresh)


def must_be_open(community: str, facts: Place) -> None:
    """Raises `community.unknown` or `community.closed`."""
    match facts.standing:
        case None:
            raise Rejected("community.unknown", community=community)
        case "closed":
            raise Rejected("community.closed", community=community)
