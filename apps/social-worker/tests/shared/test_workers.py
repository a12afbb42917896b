"""Who may be sent where."""

from __future__ import annotations

from sqlmodel import Session
from tests.support.social_worker_folds import (
    HERE,
    THERE,
    WORKER,
    put,
    rows,
)

from canlian_events.registry.worker import RoleGranted, RoleRevoked, WorkerAssigned, WorkerEnrolled
from canlian_events.terms import (
    Role,
    WorkerKind,
)
from canlian_social_worker.shared.workers import VISITORS, WorkerRow, workers_of


def test_a_worker_may_be_sent_where_they_are_assigned_or_hold_a_role(db: Session):
    enrolled = WorkerEnrolled(worker_id=WORKER, kind=WorkerKind.VOLUNTEER, name="周敏")
    put(db, enrolled, WorkerAssigned(worker_id=WORKER, community=HERE))
    assert [worker.name for worker in workers_of(db, HERE, VISITORS)] == ["周敏"]
    assert workers_of(db, THERE, VISITORS) == []
    put(db, enrolled, RoleGranted(worker_id=WORKER, role=Role.VOLUNTEER, scope="429999001"))
    assert [worker.name for worker in workers_of(db, THERE, VISITORS)] == ["周敏"]
    revoked = RoleRevoked(worker_id=WORKER, role=Role.VOLUNTEER, scope="429999001")
    granted = RoleGranted(worker_id=WORKER, role=Role.VOLUNTEER, scope="429999001")
    assert not rows(enrolled, granted, revoked)[WorkerRow][WORKER].works_in(THERE)  # type: ignore[attr-defined]
