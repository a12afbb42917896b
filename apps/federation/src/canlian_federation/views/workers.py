"""Who works where: for saying who directs a community and who is its grid worker."""

from __future__ import annotations

from sqlalchemy import JSON
from sqlmodel import Field, Session, select

from canlian_chassis.projection import projection
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.worker import WorkerAssigned, WorkerEnrolled, WorkerReleased
from canlian_events.terms import WorkerKind
from canlian_federation.views.base import FederationRow


class WorkerRow(FederationRow, table=True):
    """`places` are the communities they are assigned to."""

    __tablename__ = "worker"

    worker_id: str = Field(primary_key=True)
    kind: str
    name: str | None
    places: list[str] = Field(default_factory=list, sa_type=JSON)


@projection(WorkerRow, key=lambda event: event.worker_id)
def workers(
    row: WorkerRow | None, event: WorkerEnrolled | WorkerAssigned | WorkerReleased, _: Meta
) -> WorkerRow | None:
    match event, row:
        case WorkerEnrolled(), _:
            return WorkerRow(worker_id=event.worker_id, kind=event.kind.value, name=opened(event.name))
        case WorkerAssigned(), WorkerRow():
            return row.with_(places=sorted({*row.places, event.community}))
        case WorkerReleased(), WorkerRow():
            return row.with_(places=[place for place in row.places if place != event.community])
        case _:
            return row


def worker_names(db: Session) -> dict[str, str]:
    """Id → name, of everybody enrolled whose name can be read."""
    return {row.worker_id: row.name for row in db.exec(select(WorkerRow)).all() if row.name}


def workers_of(db: Session, community: str, kind: WorkerKind) -> list[WorkerRow]:
    """Those of a kind who are assigned to the community, by name."""
    rows = db.exec(select(WorkerRow).where(WorkerRow.kind == kind.value)).all()
    return sorted((row for row in rows if community in row.places), key=lambda row: (row.name or "", row.worker_id))
