"""What each row of an import did, and for whom somebody acted since: what undoing it needs to know."""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import Projection, projection
from canlian_events.core import Event
from canlian_events.language import EVENTS
from canlian_events.meta import Meta
from canlian_events.registry.duplicates import PERSON
from canlian_events.registry.person import (
    CertificateIssued,
    CertificateRenewed,
    CircumstancesRecorded,
    DisabilityReclassified,
    PersonCorrected,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
    RosterEntryTakenBack,
)
from canlian_events.registry.showing import SHOWING
from canlian_registry.rows import RegistryRow


class ActedOnRow(RegistryRow, table=True):
    """A person for whom somebody did something beside their file: undoing the registration would leave it hanging."""

    __tablename__ = "acted_on"

    person_id: str = Field(primary_key=True)


class SheetRowRow(RegistryRow, table=True):
    """What a row of an import did."""

    __tablename__ = "sheet_row"
    __table_args__ = (Index("sheet_row_in_order", "import_id", "row"),)

    import_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    row: int
    created: bool
    taken_back: bool = False


FromSheet = (
    PersonRegistered
    | PersonCorrected
    | PersonMoved
    | CertificateIssued
    | CertificateRenewed
    | DisabilityReclassified
    | CircumstancesRecorded
    | RegistrationWithdrawn
    | RosterEntryTakenBack
)


def _acted_on(row: ActedOnRow | None, event: Event, meta: Meta) -> ActedOnRow | None:
    """What a policy did follows from the registration, and ends with it."""
    person_id = _person_of(event)
    return row or (ActedOnRow(person_id=person_id) if person_id and meta.cause is None else None)


_NAMES = ("person_id", "member_id")


def _person_of(event: Event) -> str | None:
    named = next((event.__dict__[name] for name in _NAMES if name in event.__dict__), None)
    return named if named and named.startswith("person_") else None


ACTS = frozenset(
    kind
    for kind in EVENTS.values()
    if not kind.model_fields.keys().isdisjoint(_NAMES) and kind.aggregate not in (PERSON, SHOWING)
)
"""What is done for a person elsewhere than in their file. Looking at it does nothing."""

acts = Projection("acted_on", ActedOnRow, ACTS, _person_of, _acted_on)


def _of_import(event: FromSheet | RosterEntryTakenBack) -> tuple[str, str] | None:
    return (event.sheet_row.import_id, event.person_id) if event.sheet_row else None


@projection(SheetRowRow, key=_of_import)
def sheet_rows(row: SheetRowRow | None, event: FromSheet, _: Meta) -> SheetRowRow | None:
    assert event.sheet_row is not None, "without one it belongs to no row"
    if row is None:
        created = isinstance(event, PersonRegistered)
        said = event.sheet_row
        return SheetRowRow(import_id=said.import_id, person_id=event.person_id, row=said.row, created=created)
    if isinstance(event, RosterEntryTakenBack | RegistrationWithdrawn):
        return row.with_(taken_back=True)
    return row


def acted_on(session: Session, person_id: str) -> bool:
    """Whether anything was done for the person, beside what their own file tells."""
    return session.get(ActedOnRow, person_id) is not None


def rows_of(session: Session, import_id: str, after: int, limit: int) -> list[SheetRowRow]:
    """In the sheet's order."""
    table = SheetRowRow
    query = select(table).where(table.import_id == import_id, col(table.row) > after).order_by(col(table.row))
    return list(session.exec(query.limit(limit)))
