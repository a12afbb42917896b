"""What happened to each worker: one row an event, for the history on their page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import DateTime
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import Projection
from canlian_events.meta import Meta
from canlian_events.registry.community import DirectorNamed, GridWorkerNamed, PostVacated, ResponsibleMemberNamed
from canlian_events.registry.training import AttendanceStruck, OnlineCoursePassed, TrainingAttended
from canlian_events.registry.worker import (
    RoleGranted,
    RoleRevoked,
    WorkerAssigned,
    WorkerCorrected,
    WorkerEnrolled,
    WorkerErased,
    WorkerReleased,
)
from canlian_federation.shared.rows import FederationRow

_Event = (
    WorkerEnrolled
    | WorkerCorrected
    | WorkerAssigned
    | WorkerReleased
    | RoleGranted
    | RoleRevoked
    | WorkerErased
    | DirectorNamed
    | GridWorkerNamed
    | ResponsibleMemberNamed
    | PostVacated
    | TrainingAttended
    | AttendanceStruck
    | OnlineCoursePassed
)
_EVENTS: tuple[type, ...] = _Event.__args__


class StepRow(FederationRow, table=True):
    """`place` is a community or a role's scope, `training_id` what was attended. Nothing personal."""

    __tablename__ = "worker_step"

    event_id: str = Field(primary_key=True)
    position: int
    worker_id: str = Field(index=True)
    type: str
    at: datetime = Field(sa_type=DateTime(timezone=True))
    actor: str
    place: str | None = None
    role: str | None = None
    training_id: str | None = None


def _step(_: StepRow | None, event: _Event, meta: Meta) -> StepRow:
    role = event.role.value if isinstance(event, RoleGranted | RoleRevoked) else None
    return StepRow(
        event_id=meta.id,
        position=meta.position,
        worker_id=event.worker_id,
        type=event.type,
        at=meta.said_at,
        actor=meta.actor,
        place=getattr(event, "community", None) or getattr(event, "scope", None),
        role=role,
        training_id=getattr(event, "training_id", None),
    )


steps = Projection("worker_steps", StepRow, frozenset(_EVENTS), key=lambda _: None, fold=_step, by=lambda meta: meta.id)


def history(db: Session, worker_id: str) -> Sequence[StepRow]:
    """The latest first."""
    query = select(StepRow).where(StepRow.worker_id == worker_id)
    return db.exec(query.order_by(col(StepRow.at).desc(), col(StepRow.position).desc())).all()
