"""Questions this service answers."""

from __future__ import annotations

from sqlmodel import Session

from canlian_chassis.decider import Rejected
from canlian_chassis.service import question
from canlian_evaluation.views import OVERVIEW
from canlian_events.evaluation.rates import CommunityRates, Rates, RatesOfService, StatedRate
from canlian_events.meta import Actor
from canlian_events.terms import Role
from canlian_overview import Period, Rate


@question(CommunityRates)
def community_rates(session: Session, query: CommunityRates, actor: Actor) -> Rates:
    """The rates of a community or subdistrict, whole and by service."""
    if not actor.holds(Role.OPERATOR) and not actor.covers(query.community):
        raise Rejected("wrong_community", community=query.community)
    if query.end < query.start:
        raise Rejected("rates.period_backwards", start=query.start, end=query.end)
    period = Period(query.start, query.end)
    return Rates(
        participation=_stated(OVERVIEW.participation_rate(session, query.community, period)),
        satisfaction=_stated(OVERVIEW.satisfaction_rate(session, query.community, period)),
        services=tuple(
            RatesOfService(
                service_id=service.service_id,
                name=service.name,
                participation=_stated(service.participation),
                satisfaction=_stated(service.satisfaction),
            )
            for service in OVERVIEW.services(session, query.community, period)
        ),
    )


def _stated(rate: Rate) -> StatedRate:
    return StatedRate(
        numerator=rate.numerator, denominator=rate.denominator, percent=rate.percent, too_few=rate.too_few
    )
