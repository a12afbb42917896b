"""How events become the rows of persons: where they are registered, since when, and what is certified."""

from __future__ import annotations

from datetime import date

from canlian_chassis.projection import Projection, projection
from canlian_events.calendar import day_of
from canlian_events.meta import Meta
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.person import (
    CertificateIssued,
    CertificateRenewed,
    CertificateWithdrawn,
    CircumstancesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    DeathWithdrawn,
    DisabilityReclassified,
    PersonDied,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_overview.rows import PersonRow


def persons(table: type[PersonRow]) -> Projection:
    @projection(table, key=lambda event: event.person_id)
    def overview_persons(
        row: PersonRow | None,
        event: PersonRegistered
        | PersonMoved
        | CertificateIssued
        | CertificateRenewed
        | CertificateWithdrawn
        | DisabilityReclassified
        | CircumstancesRecorded
        | ConsentGiven
        | ConsentWithdrawn
        | PersonDied
        | DeathWithdrawn
        | MergedInto
        | MergedIntoUndone
        | RegistrationWithdrawn
        | PersonErased,
        meta: Meta,
    ) -> PersonRow | None:
        if isinstance(event, PersonRegistered):
            return _registered(table, event, meta)
        if row is None:
            return None
        match event:
            case RegistrationWithdrawn():
                return None
            case PersonMoved(back=True):
                return _moved_back(row)
            case PersonMoved():
                return _moved(row, event, meta)
            case CertificateIssued() | CertificateRenewed():
                return row.with_(certified=True, certificate_expires=event.expires)
            case CertificateWithdrawn():
                return row.with_(certified=False, certificate_expires=None, grade=event.grade)
            case DisabilityReclassified():
                return row.with_(disability=event.disability, grade=event.grade)
            case CircumstancesRecorded():
                return row.with_(low_income=event.circumstances.low_income)
            case ConsentGiven():
                return row.with_(consents=sorted({*row.consents, event.purpose.value}))
            case ConsentWithdrawn():
                return row.with_(consents=sorted({*row.consents} - {event.purpose.value}))
            case PersonDied():
                return row.with_(died_on=event.on, consents=[])
            case DeathWithdrawn():
                return row.with_(died_on=None)
            case MergedInto():
                return row.with_(merged_into=event.into)
            case MergedIntoUndone():
                return row.with_(merged_into=None)
            case PersonErased():
                # there is nobody left to remind of a certificate
                return row.with_(erased_on=day_of(meta.said_at), certificate_expires=None)

    return overview_persons


def _registered(table: type[PersonRow], event: PersonRegistered, meta: Meta) -> PersonRow:
    return table(
        person_id=event.person_id,
        community=event.community,
        registered_on=day_of(meta.said_at),
        since=day_of(meta.said_at),
        disability=event.disability,
        grade=event.grade,
        sex=event.sex,
        birth_year=event.birth_year,
        event_id=meta.id,
        position=meta.position,
    )


def _moved(row: PersonRow, event: PersonMoved, meta: Meta) -> PersonRow:
    stay = {
        "community": row.community,
        "since": row.since.isoformat(),
        "event_id": row.event_id,
        "position": str(row.position),
    }
    return row.with_(
        community=event.to_community,
        since=day_of(meta.said_at),
        earlier=[*row.earlier, stay],
        event_id=meta.id,
        position=meta.position,
    )


def _moved_back(row: PersonRow) -> PersonRow:
    """The last move is as if it had never been."""
    *earlier, stay = row.earlier
    return row.with_(
        community=stay["community"],
        since=date.fromisoformat(stay["since"]),
        earlier=earlier,
        event_id=stay["event_id"],
        position=int(stay["position"]),
    )
