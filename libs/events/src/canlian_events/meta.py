"""The envelope: what is known of every event and every command beside its body."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from canlian_events.core import Event
from canlian_events.terms import Role

E = TypeVar("E", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an id, the roles they hold, and the communities (12-digit codes or prefixes) they hold them for."""

    id: str
    roles: frozenset[Role]
    communities: tuple[str, ...] = ()
    provider_id: str | None = None

    def covers(self, community: str) -> bool:
        """Whether the actor may act in this community; a prefix covers all below it."""
        return any(community.startswith(scope) for scope in self.communities)

    def holds(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    @property
    def stamp(self) -> str:
        """How the actor is written on an event: roles and id, no name."""
        return f"{'+'.join(sorted(self.roles))}:{self.id}"


@dataclass(frozen=True, slots=True)
class Meta:
    """An event's envelope.

    `at` is when the log recorded it, `said_at` when the person acted (a phone may have been offline in between), both
    UTC. `cause` is the event that a policy answered, or None where a person began. `command` groups the events of one
    command. `position` is the event's place in the log, from 1, with gaps.
    """

    id: str
    position: int
    at: datetime
    said_at: datetime
    actor: str
    community: str
    command: str
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E]):
    """An event as the log holds it."""

    event: E
    meta: Meta
