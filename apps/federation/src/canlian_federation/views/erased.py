"""Whose data was erased, as far as that is still known: which file, where, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from canlian_federation.views.base import OVERVIEW
from canlian_overview.rows import PersonRow


def erased_persons(db: Session, scopes: Sequence[str]) -> list[PersonRow]:
    """The latest first."""
    table = OVERVIEW.tables.person
    query = select(table).where(col(table.erased_on).is_not(None)).order_by(col(table.erased_on).desc())
    return [row for row in db.exec(query) if row.community.startswith(tuple(scopes))]


def one_person(db: Session, person_id: str) -> PersonRow | None:
    return db.get(OVERVIEW.tables.person, person_id)


def erased_since(db: Session, since: date) -> dict[str, date]:
    """Person → when."""
    table = OVERVIEW.tables.person
    rows = db.exec(select(table).where(col(table.erased_on) >= since))
    return {row.person_id: row.erased_on for row in rows if row.erased_on}
