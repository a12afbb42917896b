"""The rules of a worker: enrolled once, assigned to communities, given roles of their kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never, get_args

from canlian_chassis.decider import Decider, Given, Rejected
from canlian_events.personal import Sealed
from canlian_events.registry.worker import (
    WORKER,
    AssignWorker,
    EnrolWorker,
    GrantRole,
    ReleaseWorker,
    RevokeRole,
    RoleGranted,
    RoleRevoked,
    WorkerAssigned,
    WorkerCommand,
    WorkerEnrolled,
    WorkerEvent,
    WorkerReleased,
)
from canlian_events.terms import Role, WorkerKind
from canlian_registry.views import Place, place

if TYPE_CHECKING:
    from sqlmodel import Session

ROLES_OF: dict[WorkerKind, frozenset[Role]] = {
    WorkerKind.STAFF: frozenset({Role.STAFF, Role.COMMISSIONER, Role.LEADER, Role.OPERATOR}),
    WorkerKind.COMMISSIONER: frozenset({Role.COMMISSIONER, Role.VOLUNTEER}),
    WorkerKind.SOCIAL_WORKER: frozenset({Role.SOCIAL_WORKER, Role.VOLUNTEER}),
    WorkerKind.GRID_WORKER: frozenset({Role.GRID_WORKER, Role.VOLUNTEER}),
    WorkerKind.DIRECTOR: frozenset({Role.DIRECTOR, Role.LEADER}),
    WorkerKind.VOLUNTEER: frozenset({Role.VOLUNTEER}),
}
"""Which roles a worker of each kind may be given. A volunteer sees the least (domain.md), so is given nothing else."""

_SCOPE = re.compile(r"\d{9}|\d{9}(?!000)\d{3}")
"""A whole subdistrict by its first 9 digits, or one community by all 12."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    kind: WorkerKind
    name: str | Sealed
    phone: str | Sealed | None = None
    communities: frozenset[str] = frozenset()
    roles: frozenset[tuple[Role, str]] = frozenset()
    """Each with its scope."""


Worker = Enrolled | None


def decide(command: WorkerCommand, worker: Worker, given: Given) -> Sequence[WorkerEvent]:
    match command, worker:
        case EnrolWorker(), None:
            return _enrol(command)
        case EnrolWorker(), Enrolled():
            return _enrol_again(command, worker)
        case _, None:
            raise Rejected("worker.unknown")
        case AssignWorker(), Enrolled(communities=communities):
            if command.community in communities:
                return []
            _must_be_open(command.community, given.facts)
            return [WorkerAssigned.from_(command)]
        case ReleaseWorker(), Enrolled(communities=communities):
            if given.facts.grid_worker == command.worker_id:
                raise Rejected("worker.only_grid_worker", community=command.community)
            return [WorkerReleased.from_(command)] if command.community in communities else []
        case GrantRole(), Enrolled():
            return _grant(command, worker, given.facts)
        case RevokeRole(), Enrolled(roles=roles):
            return [RoleRevoked.from_(command)] if (command.role, command.scope) in roles else []
        case _:
            raise AssertionError(f"{type(command).__name__} is not decided")


def _enrol(command: EnrolWorker) -> Sequence[WorkerEvent]:
    if not command.name:
        raise Rejected("worker.no_name")
    return [WorkerEnrolled.from_(command, phone=command.phone or None)]


def _enrol_again(command: EnrolWorker, worker: Enrolled) -> Sequence[WorkerEvent]:
    if isinstance(worker.name, Sealed) or isinstance(worker.phone, Sealed):
        raise Rejected("worker.unreadable")
    if (command.kind, command.name, command.phone or None) != (worker.kind, worker.name, worker.phone):
        raise Rejected("worker.already_enrolled", kind=worker.kind)
    return []


def _grant(command: GrantRole, worker: Enrolled, facts: Place) -> Sequence[WorkerEvent]:
    if (command.role, command.scope) in worker.roles:
        return []
    if command.role not in ROLES_OF[worker.kind]:
        allowed = sorted(ROLES_OF[worker.kind])
        raise Rejected("worker.role_outside_kind", role=command.role, kind=worker.kind, roles=allowed)
    if not _SCOPE.fullmatch(command.scope):
        raise Rejected("worker.bad_scope", scope=command.scope)
    if _is_community(command.scope):
        _must_be_open(command.scope, facts)
    return [RoleGranted.from_(command)]


def _is_community(scope: str) -> bool:
    return len(scope) == 12


def _must_be_open(community: str, facts: Place) -> None:
    match facts.standing:
        case None:
            raise Rejected("community.unknown", community=community)
        case "closed":
            raise Rejected("community.closed", community=community)


def evolve(worker: Worker, event: WorkerEvent) -> Worker:
    if isinstance(event, WorkerEnrolled):
        return Enrolled(event.kind, event.name, event.phone)
    assert worker, f"{type(event).__name__} cannot have happened to nobody"
    match event:
        case WorkerAssigned():
            return replace(worker, communities=worker.communities | {event.community})
        case WorkerReleased():
            return replace(worker, communities=worker.communities - {event.community})
        case RoleGranted():
            return replace(worker, roles=worker.roles | {(event.role, event.scope)})
        case RoleRevoked():
            return replace(worker, roles=worker.roles - {(event.role, event.scope)})
        case _:
            assert_never(event)


def find_facts(session: Session, command: WorkerCommand, _: Worker) -> Place:
    match command:
        case AssignWorker() | ReleaseWorker():
            return place(session, command.community)
        case GrantRole() if _is_community(command.scope):
            return place(session, command.scope)
        case _:
            return Place()


worker: Decider[WorkerCommand, Worker, WorkerEvent] = Decider(
    WORKER, get_args(WorkerCommand), decide, evolve, initial=None, facts=find_facts
)
