"""What a decision needs to know beyond its own aggregate: which communities, residents and workers there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import MetaData
from sqlmodel import Field, Session, func, select

from canlian_chassis.projection import projection
from canlian_chassis.row import Row
from canlian_chassis.views.runner import Views
from canlian_events.meta import Meta
from canlian_events.registry.community import CommunityClosed, CommunityOpened, GridWorkerNamed
from canlian_events.registry.person import PersonErased, PersonMoved, PersonRegistered
from canlian_events.registry.worker import WorkerEnrolled
from canlian_events.terms import WorkerKind

Standing = Literal["open", "closed"] | None
"""Whether a community works; None where there was never one."""


class RegistryRow(Row):
    metadata = MetaData()


class CommunityRow(RegistryRow, table=True):
    __tablename__ = "community"

    community: str = Field(primary_key=True)
    is_open: bool = True
    grid_worker: str | None = None


class ResidentRow(RegistryRow, table=True):
    __tablename__ = "resident"

    person_id: str = Field(primary_key=True)
    community: str = Field(index=True)


class WorkerRow(RegistryRow, table=True):
    __tablename__ = "worker"

    worker_id: str = Field(primary_key=True)
    kind: str


@projection(CommunityRow, key=lambda event: event.community)
def communities(
    row: CommunityRow | None, event: CommunityOpened | GridWorkerNamed | CommunityClosed, _: Meta
) -> CommunityRow | None:
    match event, row:
        case CommunityOpened(), _:
            return CommunityRow(community=event.community)
        case GridWorkerNamed(), CommunityRow():
            return row.with_(grid_worker=event.worker_id)
        case CommunityClosed(), CommunityRow():
            return row.with_(is_open=False, grid_worker=None)
        case _:
            return row


@projection(ResidentRow, key=lambda event: event.person_id)
def residents(
    row: ResidentRow | None, event: PersonRegistered | PersonMoved | PersonErased, _: Meta
) -> ResidentRow | None:
    match event:
        case PersonRegistered():
            return ResidentRow(person_id=event.person_id, community=event.community)
        case PersonMoved():
            return ResidentRow(person_id=event.person_id, community=event.to_community)
        case PersonErased():
            return None


@projection(WorkerRow, key=lambda event: event.worker_id)
def workers(row: WorkerRow | None, event: WorkerEnrolled, _: Meta) -> WorkerRow | None:
    return WorkerRow(worker_id=event.worker_id, kind=event.kind)


views = Views("registry", version=2, rows=RegistryRow, projections=[communities, residents, workers])


@dataclass(frozen=True, slots=True)
class Place:
    """A community as others see it."""

    standing: Standing = None
    grid_worker: str | None = None


def place(session: Session, community: str) -> Place:
    row = session.get(CommunityRow, community)
    return Place("open" if row.is_open else "closed", row.grid_worker) if row else Place()


def residents_of(session: Session, community: str) -> int:
    return session.exec(select(func.count()).select_from(ResidentRow).where(ResidentRow.community == community)).one()


def kind_of(session: Session, worker_id: str) -> WorkerKind | None:
    row = session.get(WorkerRow, worker_id)
    return WorkerKind(row.kind) if row else None
