"""What ids are called: who acted, and what a refusal speaks of."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlmodel import Session, col, select

from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.rows import OVERVIEW
from canlian_federation.team.views import WorkerRow, worker_names


def account_names(db: Session) -> dict[str, str]:
    """Id → name, of every worker whose name can be read and of every provider: whoever may act."""
    table = OVERVIEW.tables.provider
    return {row.provider_id: row.name for row in db.exec(select(table))} | worker_names(db)


def called(db: Session, ids: Collection[str], covers: Callable[[str], bool]) -> dict[str, str]:
    """Id → name, of those that are known here; of persons only those of communities that the reader covers."""
    place, provider, service = OVERVIEW.tables.community, OVERVIEW.tables.provider, OVERVIEW.tables.service
    found = {row.community: row.name for row in db.exec(select(place).where(col(place.community).in_(ids)))}
    found |= {row.provider_id: row.name for row in db.exec(select(provider).where(col(provider.provider_id).in_(ids)))}
    found |= {row.service_id: row.name for row in db.exec(select(service).where(col(service.service_id).in_(ids)))}
    workers = db.exec(select(WorkerRow).where(col(WorkerRow.worker_id).in_(ids)))
    found |= {row.worker_id: row.name for row in workers if row.name}
    people = db.exec(select(PersonEntry).where(col(PersonEntry.person_id).in_(ids)))
    return found | {row.person_id: row.name for row in people if row.name and covers(row.community)}
