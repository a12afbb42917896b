"""The roles that the log says a worker holds, each with its scope: one row a worker, for the edge.

    GRANTS = grants(EdgeRow)
    Views("edge", …, projections=[GRANTS.projection])
    held = await tool.read(GRANTS.of, "worker_…")

An account names its roles only until the log has something to say of its worker.
"""

from __future__ import annotations

import types
from dataclasses import dataclass, replace
from typing import cast

from sqlalchemy import JSON
from sqlmodel import Field, Session

from canlian_chassis.projection import Projection, projection
from canlian_chassis.row import Row
from canlian_events.meta import Actor, Meta
from canlian_events.registry.worker import RoleGranted, RoleRevoked, WorkerErased
from canlian_events.terms import Role

Held = frozenset[tuple[Role, str]]


class Shape(Row):
    """`held` are pairs of a role and its scope."""

    worker_id: str = Field(primary_key=True)
    held: list[list[str]] = Field(default_factory=list, sa_type=JSON)


@dataclass(frozen=True, slots=True)
class Grants:
    row: type[Shape]
    projection: Projection

    def of(self, db: Session, worker_id: str) -> Held | None:
        """What they hold now; None where no role was ever given to anybody of this id."""
        row = db.get(self.row, worker_id)
        return None if row is None else frozenset((Role(role), scope) for role, scope in row.held)


def grants(base: type[Row]) -> Grants:
    """The table and the fold for a tool whose rows descend from `base`."""
    namespace = {"__tablename__": "grants", "__module__": base.__module__}
    table = types.new_class("GrantsRow", (base, Shape), {"table": True}, lambda body: body.update(namespace))
    row = cast("type[Shape]", table)

    @projection(row, key=lambda event: event.worker_id)
    def granted(found: Shape | None, event: RoleGranted | RoleRevoked | WorkerErased, _: Meta) -> Shape | None:
        held = [] if found is None else found.held
        match event:
            case RoleGranted():
                held = [*held, [event.role.value, event.scope]]
            case RoleRevoked():
                held = [pair for pair in held if pair != [event.role.value, event.scope]]
            case WorkerErased():
                held = []
        return row(worker_id=event.worker_id, held=held)

    return Grants(row, granted)


def acting(actor: Actor, held: Held | None) -> Actor:
    """Somebody with an account as the log has them now: nothing but what was given and not taken back."""
    if held is None:
        return actor
    roles, scopes = frozenset(role for role, _ in held), tuple(sorted({scope for _, scope in held}))
    alike = len(held) == len(roles) * len(scopes)
    return replace(actor, roles=roles, communities=scopes, held=() if alike else tuple(sorted(held)))
