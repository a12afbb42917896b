"""Who works where, as what, with which roles; and what the team's pages ask of it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON
from sqlmodel import Field, Session, select

from canlian_chassis.projection import projection
from canlian_events.calendar import day_of
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.worker import (
    RoleGranted,
    RoleRevoked,
    WorkerAssigned,
    WorkerCorrected,
    WorkerEnrolled,
    WorkerErased,
    WorkerReleased,
)
from canlian_events.terms import WorkerKind
from canlian_federation.views.base import FederationRow


class WorkerRow(FederationRow, table=True):
    """`places` are the communities they are assigned to, `roles` pairs of a role and its scope.

    `released_on` is the day they left the last of their communities. Somebody erased keeps a row without a name.
    """

    __tablename__ = "worker"

    worker_id: str = Field(primary_key=True)
    kind: str
    name: str | None
    phone: str | None = None
    enrolled_on: date
    places: list[str] = Field(default_factory=list, sa_type=JSON)
    roles: list[list[str]] = Field(default_factory=list, sa_type=JSON)
    released_on: date | None = None
    erased: bool = False

    @property
    def works(self) -> bool:
        """Whether they have not been released from everything they were assigned to."""
        return self.released_on is None and not self.erased


_Event = WorkerEnrolled | WorkerCorrected | WorkerAssigned | WorkerReleased | RoleGranted | RoleRevoked | WorkerErased


@projection(WorkerRow, key=lambda event: event.worker_id)
def workers(row: WorkerRow | None, event: _Event, meta: Meta) -> WorkerRow | None:
    if isinstance(event, WorkerEnrolled):
        name, phone = opened(event.name), opened(event.phone)
        on = day_of(meta.said_at)
        return WorkerRow(worker_id=event.worker_id, kind=event.kind.value, name=name, phone=phone, enrolled_on=on)
    if row is None:
        return None
    match event:
        case WorkerCorrected():
            changed = row if event.name is None else row.with_(name=opened(event.name))
            return changed if event.phone is None else changed.with_(phone=opened(event.phone) or None)
        case WorkerAssigned():
            return row.with_(places=sorted({*row.places, event.community}), released_on=None)
        case WorkerReleased():
            places = [place for place in row.places if place != event.community]
            return row.with_(places=places, released_on=None if places else day_of(meta.said_at))
        case RoleGranted():
            return row.with_(roles=[*row.roles, [event.role.value, event.scope]])
        case RoleRevoked():
            return row.with_(roles=[held for held in row.roles if held != [event.role.value, event.scope]])
        case WorkerErased():
            return row.with_(name=None, phone=None, erased=True)


def worker_names(db: Session) -> dict[str, str]:
    """Id → name, of everybody enrolled whose name can be read."""
    return {row.worker_id: row.name for row in db.exec(select(WorkerRow)).all() if row.name}


def workers_of(db: Session, community: str, kind: WorkerKind) -> list[WorkerRow]:
    """Those of a kind who are assigned to the community, by name."""
    rows = db.exec(select(WorkerRow).where(WorkerRow.kind == kind.value)).all()
    return sorted((row for row in rows if community in row.places), key=lambda row: (row.name or "", row.worker_id))
