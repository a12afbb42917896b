"""In which kinds of hardship people's households are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session, col, select

from canlian_events.terms import Hardship
from canlian_federation.households.views import HOMES


def households_in(kind: Hardship) -> Any:
    """A query for the ids of the households of this kind."""
    row = HOMES.household
    return select(row.household_id).where(col(getattr(row, kind.value)))


def hardships_of(db: Session, households: Iterable[str | None]) -> dict[str, list[Hardship]]:
    """Household → its kinds, in the order of their table."""
    row = HOMES.household
    wanted = sorted({household for household in households if household})
    found: dict[str, list[Hardship]] = {}
    for start in range(0, len(wanted), 500):
        query = select(row).where(col(row.household_id).in_(wanted[start : start + 500]))
        found |= {one.household_id: one.kinds for one in db.exec(query)}
    return found
