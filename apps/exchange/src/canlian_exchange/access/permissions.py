"""Who may read what through the exchange: one table, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from canlian_events.meta import Actor
from canlian_events.terms import UNSCOPED, Role


@dataclass(frozen=True, slots=True)
class Reading:
    """`opens`: sees personal values in the open. Roles held for communities read those communities, others all."""

    opens: bool


READERS: Mapping[Role, Reading] = {
    Role.STAFF: Reading(opens=True),
    Role.SOCIAL_WORKER: Reading(opens=True),
    Role.GRID_WORKER: Reading(opens=True),
    Role.COMMISSIONER: Reading(opens=False),
    Role.DIRECTOR: Reading(opens=False),
    Role.LEADER: Reading(opens=False),
    Role.PROGRAM: Reading(opens=False),
    Role.OPERATOR: Reading(opens=False),
}
"""Who is not here reads nothing: residents, volunteers and providers see what is theirs in their tools.

A program that must read personal values is given a token with a role that may as well, for the communities it serves.
"""


def may_read(actor: Actor) -> bool:
    return not actor.roles.isdisjoint(READERS)


def reads_everywhere(actor: Actor) -> bool:
    return not (actor.roles & READERS.keys()).isdisjoint(UNSCOPED)


def may_see(actor: Actor, community: str) -> bool:
    """Whether the actor may see what happened in a community, given by its 12-digit code."""
    return may_read(actor) and (reads_everywhere(actor) or actor.covers(community))


def may_open(actor: Actor, community: str) -> bool:
    """Whether personal values of this community are shown to the actor in the open."""
    return any(READERS[role].opens for role in actor.roles & READERS.keys()) and actor.covers(community)


def overlaps(actor: Actor, prefix: str) -> bool:
    """Whether anything below a prefix (or a whole code) is the actor's to see."""
    return reads_everywhere(actor) or any(
        prefix.startswith(scope) or scope.startswith(prefix) for scope in actor.communities
    )
