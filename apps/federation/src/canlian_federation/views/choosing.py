"""Finding somebody by name, to nominate or admit them: a few, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, or_, select

from canlian_federation import names
from canlian_federation.views.people import PersonEntry, known, within
from canlian_federation.views.workers import WorkerRow

FEW = 20
"""So many are offered; whoever wants another says more of the name."""


def persons_named(db: Session, scopes: Sequence[str], text: str, limit: int = FEW) -> list[PersonEntry]:
    """The living whose name holds these characters, or sounds or begins like these letters."""
    said = text.strip()
    if not said:
        return []
    like = [col(PersonEntry.name).contains(said, autoescape=True)]
    if said.isascii():
        sound = names.sound(said)
        like += [col(PersonEntry.sound).startswith(sound, autoescape=True)] if sound else []
        like += [col(PersonEntry.initials).startswith(said.lower(), autoescape=True)]
    query = select(PersonEntry).where(within(scopes), *known(), col(PersonEntry.died_on).is_(None), or_(*like))
    return list(db.exec(query.order_by(col(PersonEntry.sound), col(PersonEntry.person_id)).limit(limit)))


def workers_named(db: Session, text: str, limit: int = FEW) -> list[WorkerRow]:
    said = text.strip()
    if not said:
        return []
    rows = db.exec(select(WorkerRow).where(col(WorkerRow.name).is_not(None))).all()
    sound = names.sound(said) if said.isascii() else ""

    def fits(name: str) -> bool:
        return said in name or bool(sound and names.sound(names.pinyin(name)).startswith(sound))

    return sorted((row for row in rows if fits(row.name or "")), key=lambda row: row.name or "")[:limit]
