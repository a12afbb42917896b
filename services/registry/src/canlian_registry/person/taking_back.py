"""Undoing what an import's row did: the events that set a person's file back to what it was before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from canlian_chassis.decider import Given, Rejected
from canlian_events.personal import opened
from canlian_events.registry.person import (
    CertificateWithdrawn,
    CircumstancesRecorded,
    DisabilityReclassified,
    PersonCorrected,
    PersonEvent,
    RegistrationWithdrawn,
    RosterEntryTakenBack,
    SheetRow,
    TakeBackRosterEntry,
)
from canlian_registry.person import certificates
from canlian_registry.person.file import File, Withdrawn, must_be_readable
from canlian_registry.person.roster import moved, must_be_open
from canlian_registry.views import Place


class Since(NamedTuple):
    """What others know: of where the person lived before, and whether anything was done for them since."""

    home: Place = Place()
    acted_on: bool = False


def take_back(command: TakeBackRosterEntry, person: File | Withdrawn | None, given: Given) -> Sequence[PersonEvent]:
    """Nothing where nothing is left to undo. Raises `person.changed_since`."""
    if not isinstance(person, File):
        return []
    since: Since = given.facts
    brought = person.brought
    if brought is None or brought.import_id != command.sheet_row.import_id:
        raise Rejected("person.changed_since")
    must_be_readable(person)
    row = command.sheet_row
    if brought.before:
        must_be_readable(brought.before)
        return list(_restored(command.person_id, person, brought.before, row, since.home))
    if since.acted_on:
        raise Rejected("person.changed_since")
    number = person.certificate.number if person.certificate else None
    return [
        RegistrationWithdrawn(
            person_id=command.person_id, citizen_id=person.citizen_id, certificate=number, sheet_row=row
        )
    ]


def _restored(person_id: str, now: File, before: File, row: SheetRow, home: Place) -> Iterator[PersonEvent]:
    moves = now.community != before.community
    if moves:
        must_be_open(before.community, home)
        back = moved(person_id, now, before.community, opened(before.address) or "", row)
        yield back.model_copy(update={"back": True, "address": opened(before.address) or ""})
    fields = ("name", "phone") if moves else ("name", "phone", "address")
    changed = {
        field: getattr(before, field) or ""
        for field in fields
        if (getattr(before, field) or "") != (getattr(now, field) or "")
    }
    if changed:
        yield PersonCorrected(person_id=person_id, sheet_row=row, **changed)
    if (now.disability, now.grade) != (before.disability, before.grade):
        grade = before.grade or now.grade
        if grade and (now.disability, now.grade) != (before.disability, grade):
            yield DisabilityReclassified(person_id=person_id, disability=before.disability, grade=grade, sheet_row=row)
    yield from _certificate(person_id, now, before, row)
    if now.circumstances != before.circumstances:
        yield CircumstancesRecorded(person_id=person_id, circumstances=before.circumstances, sheet_row=row)
    yield RosterEntryTakenBack(person_id=person_id, sheet_row=row)


def _certificate(person_id: str, now: File, before: File, row: SheetRow) -> Iterator[PersonEvent]:
    """A grade that only the certificate told goes with it."""
    held, earlier = now.certificate, before.certificate
    if held is None or held == earlier:
        return
    if earlier is None:
        yield CertificateWithdrawn(person_id=person_id, number=held.number, grade=before.grade, sheet_row=row)
        return
    replaced = held if held.number != earlier.number else None
    yield certificates.issued_for(person_id, earlier.number, earlier.issued, replaced, row)
