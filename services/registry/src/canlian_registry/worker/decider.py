"""The rules of a worker: enrolled once, assigned to communities, given roles of their kind, released, erased."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from canlian_chassis.decider import Decider, Given, Ref, Rejected
from canlian_events.personal import Sealed
from canlian_events.registry.worker import (
    FIXED_WORKERS_AT_LEAST,
    ROLES_OF,
    WORKER,
    AssignWorker,
    CorrectWorker,
    EnrolWorker,
    EraseWorker,
    GrantRole,
    ReleaseWorker,
    RevokeRole,
    RoleGranted,
    RoleRevoked,
    WorkerAssigned,
    WorkerCommand,
    WorkerCorrected,
    WorkerEnrolled,
    WorkerErased,
    WorkerEvent,
)
from canlian_events.terms import Role
from canlian_registry.calling import must_be_a_name, phone_of
from canlian_registry.views import Place, fixed_workers, place
from canlian_registry.worker import leaving
from canlian_registry.worker.states import Enrolled, Worker, evolve

if TYPE_CHECKING:
    from sqlmodel import Session

_SCOPE = re.compile(r"\d{9}|\d{9}(?!000)\d{3}")
"""A whole subdistrict by its first 9 digits, or one community by all 12."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`place` is the community a command names. `fixed_workers` are those of the subdistrict it names."""

    place: Place = field(default_factory=Place)
    fixed_workers: frozenset[str] = frozenset()


def decide(command: WorkerCommand, worker: Worker, given: Given) -> Sequence[WorkerEvent | leaving.Decided]:
    match command, worker:
        case EraseWorker(), Enrolled(erased=True):
            return []
        case _, Enrolled(erased=True):
            raise Rejected("worker.erased")
        case EnrolWorker(), None:
            return _enrol(command)
        case EnrolWorker(), Enrolled():
            return _enrol_again(command, worker)
        case _, None:
            raise Rejected("worker.unknown")
        case CorrectWorker(), Enrolled():
            return _correct(command, worker)
        case AssignWorker(), Enrolled(communities=communities):
            if command.community in communities:
                return []
            _must_be_open(command.community, given.facts.place)
            return [WorkerAssigned.from_(command)]
        case ReleaseWorker(), Enrolled():
            return leaving.release(command, worker, given)
        case GrantRole(), Enrolled():
            return _grant(command, worker, given)
        case RevokeRole(), Enrolled():
            return _revoke(command, worker, given.facts)
        case EraseWorker(), Enrolled():
            if worker.communities or worker.roles:
                raise Rejected("worker.still_working")
            return [WorkerErased.from_(command)]
        case _:
            raise AssertionError(f"{type(command).__name__} is not decided")


def _enrol(command: EnrolWorker) -> Sequence[WorkerEvent]:
    must_be_a_name("worker.", command.name)
    return [WorkerEnrolled.from_(command, phone=phone_of("worker.", command.phone) or None)]


def _enrol_again(command: EnrolWorker, worker: Enrolled) -> Sequence[WorkerEvent]:
    if isinstance(worker.name, Sealed) or isinstance(worker.phone, Sealed):
        raise Rejected("worker.unreadable")
    phone = phone_of("worker.", command.phone) or None
    if (command.kind, command.name, phone) != (worker.kind, worker.name, worker.phone):
        raise Rejected("worker.already_enrolled", kind=worker.kind)
    return []


def _correct(command: CorrectWorker, worker: Enrolled) -> Sequence[WorkerEvent]:
    if command.name is not None:
        must_be_a_name("worker.", command.name)
    name = None if command.name == worker.name else command.name
    said = phone_of("worker.", command.phone)
    phone = None if said == (worker.phone or "") else said
    return [] if name is None and phone is None else [WorkerCorrected.from_(command, name=name, phone=phone)]


def _grant(command: GrantRole, worker: Enrolled, given: Given) -> Sequence[WorkerEvent]:
    if (command.role, command.scope) in worker.roles:
        return []
    if command.role not in ROLES_OF[worker.kind]:
        allowed = sorted(ROLES_OF[worker.kind])
        raise Rejected("worker.role_outside_kind", role=command.role, kind=worker.kind, roles=allowed)
    if not _SCOPE.fullmatch(command.scope):
        raise Rejected("worker.bad_scope", scope=command.scope)
    if not given.by.holds(Role.OPERATOR):
        _must_be_theirs_to_give(command, given)
    if _is_community(command.scope):
        _must_be_open(command.scope, given.facts.place)
    return [RoleGranted.from_(command)]


def _must_be_theirs_to_give(command: GrantRole, given: Given) -> None:
    if given.by.id == command.worker_id:
        raise Rejected("worker.own_role")
    if command.role is Role.OPERATOR:
        raise Rejected("worker.operators_role")
    if not given.by.covers(command.scope):
        raise Rejected("worker.scope_not_yours", scope=command.scope)


def _revoke(command: RevokeRole, worker: Enrolled, facts: Facts) -> Sequence[WorkerEvent]:
    if (command.role, command.scope) not in worker.roles:
        return []
    left = facts.fixed_workers - {command.worker_id}
    if command.worker_id in facts.fixed_workers and len(left) < FIXED_WORKERS_AT_LEAST:
        raise Rejected("worker.only_fixed_worker", number=FIXED_WORKERS_AT_LEAST)
    return [RoleRevoked.from_(command)]


def _is_community(scope: str) -> bool:
    return len(scope) == 12


def _must_be_open(community: str, place: Place) -> None:
    match place.standing:
        case None:
            raise Rejected("community.unknown", community=community)
        case "closed":
            raise Rejected("community.closed", community=community)


def find_facts(session: Session, command: WorkerCommand, _: Worker) -> Facts:
    match command:
        case AssignWorker():
            return Facts(place(session, command.community))
        case GrantRole() if _is_community(command.scope):
            return Facts(place(session, command.scope))
        case RevokeRole(role=Role.STAFF) if not _is_community(command.scope):
            return Facts(fixed_workers=fixed_workers(session, command.scope))
        case _:
            return Facts()


def beside(command: WorkerCommand, _: Worker) -> Iterable[Ref]:
    return leaving.aggregates(command) if isinstance(command, ReleaseWorker) else ()


worker: Decider[WorkerCommand, Worker, WorkerEvent] = Decider(
    WORKER, get_args(WorkerCommand), decide, evolve, initial=None, facts=find_facts, beside=beside
)
