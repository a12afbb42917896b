"""The envelope: what is known of every event and every command beside its body."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from canlian_events.core import Command, Event, Query
from canlian_events.terms import UNSCOPED, Role

E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an id, the roles they hold, and the communities (12-digit codes or prefixes) they hold them for.

    `held` says which role is held for which of them; where it is empty, each is held for all.
    """

    id: str
    roles: frozenset[Role]
    communities: tuple[str, ...] = ()
    provider_id: str | None = None
    held: tuple[tuple[Role, str], ...] = ()

    def covers(self, community: str) -> bool:
        """Whether the actor may act in this community; a prefix covers all below it."""
        return any(community.startswith(scope) for scope in self.communities)

    def holds(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    def may_send(self, kind: type[Command] | type[Query]) -> bool:
        """Whether one of the actor's roles is among those that may send it."""
        return not self.roles.isdisjoint(kind.by)

    def may_act_in(self, kind: type[Command], community: str) -> bool:
        """Whether a role that may send the command is held for this community, or is one that is not held for any."""
        able = self.roles & kind.by
        if able & UNSCOPED or (able and kind.anywhere):
            return True
        if self.held:
            return any(role in able and community.startswith(scope) for role, scope in self.held)
        return bool(able) and self.covers(community)

    def roles_in(self, community: str) -> frozenset[Role]:
        """The roles that count there: those held for it, and those that are not held for any place."""
        if self.held:
            here = {role for role, scope in self.held if community.startswith(scope)}
        else:
            here = set(self.roles) if self.covers(community) else set()
        return frozenset(here) | (self.roles & UNSCOPED)

    def as_one_of(self, roles: frozenset[Role]) -> Actor:
        """The same with the communities alone for which one of these roles is held."""
        if not self.held:
            return self
        held = tuple((role, scope) for role, scope in self.held if role in roles)
        return replace(self, communities=tuple(sorted({scope for _, scope in held})), held=held)

    @property
    def stamp(self) -> str:
        """How the actor is written on an event: roles and id, no name."""
        return f"{'+'.join(sorted(self.roles))}:{self.id}"


@dataclass(frozen=True, slots=True)
class Meta:
    """An event's envelope.

    `at` is when the log recorded it, `said_at` when the person acted (a phone may have been offline in between), both
    UTC. `cause` is the event that a policy answered, or None where a person began. `command` groups the events of one
    command, and `digest` is that command's fingerprint. `position` is the event's place in the log, from 1, with gaps.
    """

    id: str
    position: int
    at: datetime
    said_at: datetime
    actor: str
    community: str
    command: str
    cause: str | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E_co]):
    """An event as the log holds it."""

    event: E_co
    meta: Meta
