"""What is remembered of a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from canlian_events.personal import Sealed
from canlian_events.registry.worker import (
    RoleGranted,
    RoleRevoked,
    WorkerAssigned,
    WorkerCorrected,
    WorkerEnrolled,
    WorkerErased,
    WorkerEvent,
    WorkerReleased,
)
from canlian_events.terms import Role, WorkerKind


@dataclass(frozen=True, slots=True)
class Enrolled:
    kind: WorkerKind
    name: str | Sealed
    phone: str | Sealed | None = None
    communities: frozenset[str] = frozenset()
    roles: frozenset[tuple[Role, str]] = frozenset()
    """Each with its scope."""
    erased: bool = False


Worker = Enrolled | None


def evolve(worker: Worker, event: WorkerEvent) -> Worker:
    if isinstance(event, WorkerEnrolled):
        return Enrolled(event.kind, event.name, event.phone)
    assert worker, f"{type(event).__name__} cannot have happened to nobody"
    match event:
        case WorkerCorrected(name=name, phone=phone):
            changed = worker.phone if phone is None else phone or None
            return replace(worker, name=worker.name if name is None else name, phone=changed)
        case WorkerAssigned():
            return replace(worker, communities=worker.communities | {event.community})
        case WorkerReleased():
            return replace(worker, communities=worker.communities - {event.community})
        case RoleGranted():
            return replace(worker, roles=worker.roles | {(event.role, event.scope)})
        case RoleRevoked():
            return replace(worker, roles=worker.roles - {(event.role, event.scope)})
        case WorkerErased():
            return replace(worker, erased=True)
        case _:
            assert_never(event)
