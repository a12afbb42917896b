"""Those who do the work: staff, social workers, grid workers, directors, commissioners, volunteers."""

from __future__ import annotations

from collections.abc import Mapping

from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import CommunityCode, WorkerId
from canlian_events.personal import Personal
from canlian_events.terms import Role, WorkerKind

WORKER = aggregate("registry.worker")
_STAFF = {Role.STAFF, Role.OPERATOR}

FIXED_WORKERS_AT_LEAST = 1
"""Fixed workers of the subdistrict: federation staff who hold that role for all of it. Source: domain.md, rules."""

ROLES_OF: Mapping[WorkerKind, frozenset[Role]] = {
    WorkerKind.STAFF: frozenset({Role.STAFF, Role.COMMISSIONER, Role.LEADER, Role.OPERATOR}),
    WorkerKind.COMMISSIONER: frozenset({Role.COMMISSIONER, Role.VOLUNTEER}),
    WorkerKind.SOCIAL_WORKER: frozenset({Role.SOCIAL_WORKER, Role.VOLUNTEER}),
    WorkerKind.GRID_WORKER: frozenset({Role.GRID_WORKER, Role.VOLUNTEER}),
    WorkerKind.DIRECTOR: frozenset({Role.DIRECTOR, Role.LEADER}),
    WorkerKind.VOLUNTEER: frozenset({Role.VOLUNTEER}),
}
"""Which roles a worker of each kind may be given. A volunteer sees the least (domain.md), so is given nothing else."""


class EnrolWorker(Command, to=WORKER, by=_STAFF):
    worker_id: WorkerId
    kind: WorkerKind
    name: str
    phone: str | None = None


class AssignWorker(Command, to=WORKER, by=_STAFF):
    worker_id: WorkerId
    community: CommunityCode


class CorrectWorker(Command, to=WORKER, by=_STAFF):
    """What is given replaces what was recorded; what is left out stays. An empty phone means that there is none."""

    worker_id: WorkerId
    name: str | None = None
    phone: str | None = None


class ReleaseWorker(Command, to=WORKER, by=_STAFF):
    """Refused for a community's only grid worker unless a successor, of the same kind, is named.

    The successor takes over every post that the worker held in the community, and is assigned to it. Without one the
    posts of director and responsible member fall vacant. Roles held for this community alone end with it.
    """

    worker_id: WorkerId
    community: CommunityCode
    successor: WorkerId | None = None


class EraseWorker(Command, to=WORKER, by=_STAFF):
    """Destroys the key of somebody who works here no more: refused while they have a community or a role."""

    worker_id: WorkerId


class GrantRole(Command, to=WORKER, by=_STAFF):
    """`scope` is a community's code, or the first 9 digits for the whole subdistrict.

    Nobody gives a role to themselves, nor for places that they do not act in; an operator's is given by operators.
    """

    worker_id: WorkerId
    role: Role
    scope: str


class RevokeRole(Command, to=WORKER, by=_STAFF):
    """Refused for the subdistrict's last fixed worker."""

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


class WorkerCorrected(Event, type="registry.worker.corrected", about="worker_id"):
    """None: as it was. An empty phone: there is none."""

    worker_id: WorkerId
    name: Personal[str] | None = None
    phone: Personal[str] | None = None


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


class WorkerErased(Event, type="registry.worker.erased", about="worker_id", erases=True):
    """Nothing may happen to the worker after it; what they did stays, under their id."""

    worker_id: WorkerId


WorkerCommand = EnrolWorker | CorrectWorker | AssignWorker | ReleaseWorker | EraseWorker | GrantRole | RevokeRole
WorkerEvent = (
    WorkerEnrolled | WorkerCorrected | WorkerAssigned | WorkerReleased | RoleGranted | RoleRevoked | WorkerErased
)
