"""Whose data was erased, as far as that is still known: which file, where, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlmodel import Session, col, select

from canlian_events.registry.person import PersonErased
from canlian_federation.shared.rows import OVERVIEW, TRAIL
from canlian_overview.rows import PersonRow


def erased_persons(db: Session, scopes: Sequence[str]) -> list[PersonRow]:
    """The latest first."""
    table = OVERVIEW.tables.person
    query = select(table).where(col(table.erased_on).is_not(None)).order_by(col(table.erased_on).desc())
    return [row for row in db.exec(query) if row.community.startswith(tuple(scopes))]


def one_person(db: Session, person_id: str) -> PersonRow | None:
    return db.get(OVERVIEW.tables.person, person_id)


def erased_since(db: Session, since: date) -> dict[str, datetime]:
    """Person → the moment of it."""
    table, trail = OVERVIEW.tables.person, TRAIL.table
    people = db.exec(select(table.person_id).where(col(table.erased_on) >= since)).all()
    events = select(trail).where(col(trail.aggregate_id).in_(people), trail.type == PersonErased.type)
    return {event.aggregate_id: event.at.replace(tzinfo=event.at.tzinfo or UTC) for event in db.exec(events)}
