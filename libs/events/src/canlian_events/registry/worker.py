"""Those who do the work: staff, social workers, grid workers, directors, commissioners, volunteers."""

from __future__ import annotations

from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import CommunityCode, WorkerId
from canlian_events.personal import Personal
from canlian_events.terms import Role, WorkerKind

WORKER = aggregate("registry.worker")
_STAFF = {Role.STAFF, Role.OPERATOR}


class EnrolWorker(Command, to=WORKER, by=_STAFF):
    worker_id: WorkerId
    kind: WorkerKind
    name: str
    phone: str | None = None


class AssignWorker(Command, to=WORKER, by=_STAFF):
    worker_id: WorkerId
    community: CommunityCode


class ReleaseWorker(Command, to=WORKER, by=_STAFF):
    """Refused for a community's only grid worker until a successor is named."""

    worker_id: WorkerId
    community: CommunityCode


class GrantRole(Command, to=WORKER, by=_STAFF):
    """`scope` is a community's code, or the first 9 digits for the whole subdistrict."""

    worker_id: WorkerId
    role: Role
    scope: str


class RevokeRole(Command, to=WORKER, by=_STAFF):
    worker_id: WorkerId
    role: Role
    scope: str


class WorkerEnrolled(Event, type="registry.worker.enrolled", about="worker_id"):
    worker_id: WorkerId
    kind: WorkerKind
    name: Personal[str]
    phone: Personal[str] | None = None


class WorkerAssigned(Event, type="registry.worker.assigned"):
    worker_id: WorkerId
    community: CommunityCode


class WorkerReleased(Event, type="registry.worker.released"):
    worker_id: WorkerId
    community: CommunityCode


class RoleGranted(Event, type="registry.worker.role-granted"):
    worker_id: WorkerId
    role: Role
    scope: str


class RoleRevoked(Event, type="registry.worker.role-revoked"):
    worker_id: WorkerId
    role: Role
    scope: str


WorkerCommand = EnrolWorker | AssignWorker | ReleaseWorker | GrantRole | RevokeRole
WorkerEvent = WorkerEnrolled | WorkerAssigned | WorkerReleased | RoleGranted | RoleRevoked
