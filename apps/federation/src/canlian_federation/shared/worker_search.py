"""Finding a worker by name, to nominate them."""

from __future__ import annotations

from sqlmodel import Session, col, select

from canlian_federation.people import name_matching
from canlian_federation.team.views import WorkerRow

FEW = 20
"""So many are offered; whoever wants another says more of the name."""


def workers_named(db: Session, text: str, limit: int = FEW) -> list[WorkerRow]:
    """Those whose name holds these characters, or sounds as these letters begin."""
    said = text.strip()
    if not said:
        return []
    rows = db.exec(select(WorkerRow).where(col(WorkerRow.name).is_not(None))).all()
    sound = name_matching.sound(said) if said.isascii() else ""

    def fits(name: str) -> bool:
        return said in name or bool(sound and name_matching.sound(name_matching.pinyin(name)).startswith(sound))

    return sorted((row for row in rows if fits(row.name or "")), key=lambda row: row.name or "")[:limit]
