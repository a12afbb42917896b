"""Who works where: for assigning needs and visits, and for saying who did what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import JSON
from sqlmodel import Field, Session, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded
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
from canlian_events.terms import Role, WorkerKind
from canlian_social_worker.shared.columns import SocialWorkerRow

NEED_HOLDERS = frozenset({WorkerKind.SOCIAL_WORKER, WorkerKind.GRID_WORKER, WorkerKind.STAFF, WorkerKind.DIRECTOR})
"""Who may hold a need."""
VISITORS = frozenset({WorkerKind.SOCIAL_WORKER, WorkerKind.GRID_WORKER, WorkerKind.VOLUNTEER, WorkerKind.STAFF})
"""Who may be sent on a visit."""


class WorkerRow(SocialWorkerRow, table=True):
    """`places` are the communities they are assigned to, `roles` pairs of a role and its scope."""

    __tablename__ = "worker"

    worker_id: str = Field(primary_key=True)
    kind: WorkerKind = coded(WorkerKind)
    name: str | None
    places: list[str] = Field(default_factory=list, sa_type=JSON)
    roles: list[list[str]] = Field(default_factory=list, sa_type=JSON)

    def works_in(self, community: str) -> bool:
        scopes = [*self.places, *(scope for role, scope in self.roles if role != Role.RESIDENT)]
        return any(community.startswith(scope) for scope in scopes)


@projection(WorkerRow, key=lambda event: event.worker_id)
def workers(
    row: WorkerRow | None,
    event: WorkerEnrolled
    | WorkerCorrected
    | WorkerAssigned
    | WorkerReleased
    | RoleGranted
    | RoleRevoked
    | WorkerErased,
    _: Meta,
) -> WorkerRow | None:
    match event, row:
        case WorkerEnrolled(), _:
            return WorkerRow(worker_id=event.worker_id, kind=event.kind, name=opened(event.name))
        case WorkerCorrected(), WorkerRow():
            return row if event.name is None else row.with_(name=opened(event.name))
        case WorkerErased(), WorkerRow():
            return row.with_(name=None)
        case WorkerAssigned(), WorkerRow():
            return row.with_(places=sorted({*row.places, event.community}))
        case WorkerReleased(), WorkerRow():
            return row.with_(places=[place for place in row.places if place != event.community])
        case RoleGranted(), WorkerRow():
            return row.with_(roles=[*row.roles, [event.role.value, event.scope]])
        case RoleRevoked(), WorkerRow():
            return row.with_(roles=[held for held in row.roles if held != [event.role.value, event.scope]])
        case _:
            return row


def workers_of(db: Session, community: str, kinds: Iterable[WorkerKind]) -> list[WorkerRow]:
    """Those of these kinds who work in the community, by kind and name."""
    wanted = set(kinds)
    found = [w for w in db.exec(select(WorkerRow)).all() if w.kind in wanted and w.works_in(community)]
    return sorted(found, key=lambda worker: (list(WorkerKind).index(worker.kind), worker.name or "", worker.worker_id))


def worker_names(db: Session) -> dict[str, str]:
    """Id → name, of everybody enrolled whose name can be read."""
    rows: Sequence[WorkerRow] = db.exec(select(WorkerRow)).all()
    return {row.worker_id: row.name for row in rows if row.name}
