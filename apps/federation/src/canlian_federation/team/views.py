"""Who works where, as what, with which roles; and what the team's pages ask of it."""

from __future__ import annotations

from collections.abc import Sequence
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
from canlian_events.terms import Role, WorkerKind
from canlian_federation.shared.rows import FederationRow

_SUBDISTRICT = 9
"""Digits of a subdistrict's code."""


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

    @property
    def is_fixed(self) -> bool:
        """Whether they hold the staff's role for a whole subdistrict."""
        return any(role == Role.STAFF and len(scope) == _SUBDISTRICT for role, scope in self.roles)

    def is_of(self, scopes: Sequence[str]) -> bool:
        """Whether they work or hold a role in one of these places, or have none yet."""
        own = [*self.places, *(scope for _, scope in self.roles)]
        return not own or any(place.startswith(tuple(scopes)) for place in own)


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
    return sorted((row for row in rows if community in row.places), key=_by_name)


def team(db: Session, scopes: Sequence[str]) -> list[WorkerRow]:
    """Everybody who works, or holds a role, in these places, and who has no place yet; by kind and name."""
    rows = [row for row in db.exec(select(WorkerRow)).all() if not row.erased and row.is_of(scopes)]
    return sorted(rows, key=lambda row: (list(WorkerKind).index(WorkerKind(row.kind)), *_by_name(row)))


def working(db: Session, scopes: Sequence[str]) -> list[WorkerRow]:
    return [row for row in team(db, scopes) if row.works]


def worker_called(db: Session, worker_id: str, scopes: Sequence[str]) -> WorkerRow | None:
    row = db.get(WorkerRow, worker_id)
    return row if row and row.is_of(scopes) else None


def fixed_workers(db: Session, scopes: Sequence[str]) -> list[WorkerRow]:
    """The federation staff who hold that role for a whole subdistrict of these."""
    return [row for row in team(db, scopes) if row.kind == WorkerKind.STAFF and row.is_fixed]


def _by_name(row: WorkerRow) -> tuple[str, str]:
    return row.name or "", row.worker_id
