"""Which services fit a person, best first, and what stands against the others."""

from __future__ import annotations

from collections.abc import Iterable

from canlian_catalog.matching.eligibility import grounds_against
from canlian_catalog.matching.facts import NOTHING_TRIED, Candidate, PersonFacts, Tried
from canlian_catalog.matching.grounds import grounds
from canlian_events.catalog.matching import Match, Reason

_ORDER = {"against": 0, "for": 1, "neutral": 2}


def rank(
    person: PersonFacts, services: Iterable[Candidate], year: int, tried: Tried = NOTHING_TRIED
) -> tuple[Match, ...]:
    """Every service, those that fit first by score, then the others by how little stands against them.

    Equal ones come by name and then by id, so that the same question always gets the same answer.
    """
    return tuple(sorted((match(person, service, year, tried) for service in services), key=_place))


def match(person: PersonFacts, service: Candidate, year: int, tried: Tried = NOTHING_TRIED) -> Match:
    """One service weighed for one person. Without anything against it fits, and scores 0 to 100."""
    against = grounds_against(person, service.details, year)
    weighed = list(grounds(person, service, tried))
    reasons = against or [Reason(code="eligible", counts="for")]
    reasons = sorted([*reasons, *(ground.reason for ground in weighed)], key=lambda reason: _ORDER[reason.counts])
    fits = reasons[0].counts != "against"
    return Match(
        service_id=service.service_id,
        provider_id=service.provider_id,
        service_name=service.details.name,
        provider_name=service.provider_name,
        fits=fits,
        score=sum(ground.points for ground in weighed) if fits else 0,
        reasons=tuple(reasons),
    )


def _place(match: Match) -> tuple[bool, int, int, str, str]:
    against = sum(reason.counts == "against" for reason in match.reasons)
    return (not match.fits, -match.score, against, match.service_name, match.service_id)


def best_untried(matches: Iterable[Match], tried: Tried) -> Match | None:
    """The best that fits and has not been tried, of matches in their order."""
    return next((m for m in matches if m.fits and m.service_id not in tried.open | tried.before), None)
