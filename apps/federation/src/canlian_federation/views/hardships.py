"""Which households are in special hardship, and of which kinds; their members say in which household they are."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_events.meta import Meta
from canlian_events.registry.household import HardshipCleared, HardshipRecognised, HouseholdDissolved
from canlian_events.terms import Hardship
from canlian_federation.views.base import FederationRow
from canlian_federation.views.codes import codes


class HardshipEntry(FederationRow, table=True):
    __tablename__ = "hardship_entry"

    household_id: str = Field(primary_key=True)
    kinds: list[str] = codes()


@projection(HardshipEntry, key=lambda event: event.household_id)
def hardships(
    row: HardshipEntry | None, event: HardshipRecognised | HardshipCleared | HouseholdDissolved, _: Meta
) -> HardshipEntry | None:
    kinds = set(row.kinds if row else [])
    match event:
        case HardshipRecognised():
            kinds.add(event.kind.value)
        case HardshipCleared():
            kinds.discard(event.kind.value)
        case HouseholdDissolved():
            return None
    return HardshipEntry(household_id=event.household_id, kinds=sorted(kinds)) if kinds else None


def hardships_of(db: Session, households: Iterable[str | None]) -> dict[str, list[Hardship]]:
    """Household → its kinds, in the order of their table."""
    wanted = sorted({household for household in households if household})
    found: dict[str, list[Hardship]] = {}
    for start in range(0, len(wanted), 500):
        query = select(HardshipEntry).where(col(HardshipEntry.household_id).in_(wanted[start : start + 500]))
        for row in db.exec(query):
            found[row.household_id] = [kind for kind in Hardship if kind in row.kinds]
    return found
