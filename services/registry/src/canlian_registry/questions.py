"""What the registry answers without changing anything."""

from __future__ import annotations

from sqlmodel import Session

from canlian_chassis.service import question
from canlian_events.meta import Actor
from canlian_events.registry.roster_import import RowsTold, RowTold, TellRows
from canlian_registry import imported


@question(TellRows)
def tell_rows(session: Session, query: TellRows, _: Actor) -> RowsTold:
    """Ids and row numbers: whose they are is told by their files, to those who may see them."""
    found = imported.rows_of(session, query.import_id, query.after, query.limit)
    return RowsTold(
        rows=tuple(
            RowTold(row=row.row, person_id=row.person_id, created=row.created, taken_back=row.taken_back)
            for row in found
        )
    )
