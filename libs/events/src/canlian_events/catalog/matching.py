"""Matching: which services fit a person's need, best first, and why; the question and the answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from canlian_events.core import Message, Query
from canlian_events.ids import NeedId, PersonId, ProviderId, ServiceId
from canlian_events.terms import Domain, Role


class Reason(Message):
    """One ground for or against. `code` such as `eligible`, `near`, `free_places`, `accessible`, `rated`, `too_young`;
    `facts` fill its wording, which is kept under `match.<code>`. A fact that is a code travels as text."""

    code: str
    counts: Literal["for", "against", "neutral"]
    facts: dict[str, str | int | float | tuple[str, ...]] = Field(default_factory=dict)


class Match(Message):
    """`fits` is False where any reason is against; `score` orders those that fit, 0 to 100, higher is better."""

    service_id: ServiceId
    provider_id: ProviderId
    service_name: str
    provider_name: str
    fits: bool
    score: int
    reasons: tuple[Reason, ...]


class FindMatches(Query, of="catalog", by={Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.DIRECTOR, Role.STAFF}):
    person_id: PersonId
    domain: Domain
    need_id: NeedId | None = None


class Matches(Message):
    """All services of the domain: those that fit first, best first, then the others with what stands against them."""

    matches: tuple[Match, ...]
