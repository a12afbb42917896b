"""The imports of rosters there were: each one batch, with what it came to, and whether it was undone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_events.meta import Meta
from canlian_events.registry.roster_import import ImportFinished, ImportStarted, ImportUndone, ImportUndoStarted
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.rows import FederationRow

SHOWN = 50


class ImportRow(FederationRow, table=True):
    """`stage` is begun, finished, undoing or undone; `counts` and `undone` are the figures of the events."""

    __tablename__ = "import"

    import_id: str = Field(primary_key=True)
    actor: str
    begun_at: datetime
    rows: int
    columns: list[str] = Field(default_factory=list, sa_type=JSON)
    stage: str = "begun"
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    undone: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


ImportNews = ImportStarted | ImportFinished | ImportUndoStarted | ImportUndone


@projection(ImportRow, key=lambda event: event.import_id)
def imports(row: ImportRow | None, event: ImportNews, meta: Meta) -> ImportRow | None:
    if isinstance(event, ImportStarted):
        return ImportRow(
            import_id=event.import_id,
            actor=meta.actor,
            begun_at=meta.said_at,
            rows=event.rows,
            columns=list(event.columns),
        )
    if row is None:
        return None
    match event:
        case ImportFinished():
            told = {name: getattr(event, name) for name in ("created", "updated", "unchanged")}
            return row.with_(stage="finished", counts=told | {"refused": dict(event.refused)})
        case ImportUndoStarted():
            return row.with_(stage="undoing")
        case ImportUndone():
            told = {"withdrawn": event.withdrawn, "restored": event.restored, "kept": dict(event.kept)}
            return row.with_(stage="undone", undone=told)


def all_imports(db: Session) -> list[ImportRow]:
    """The latest first."""
    return list(db.exec(select(ImportRow).order_by(col(ImportRow.begun_at).desc()).limit(SHOWN)))


def one_import(db: Session, import_id: str) -> ImportRow | None:
    return db.get(ImportRow, import_id)


def names_of(db: Session, person_ids: Iterable[str]) -> dict[str, str]:
    rows = db.exec(select(PersonEntry).where(col(PersonEntry.person_id).in_(set(person_ids))))
    return {row.person_id: row.name for row in rows if row.name}
