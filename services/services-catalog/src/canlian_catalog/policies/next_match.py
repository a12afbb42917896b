"""A declined or silent referral is not the end of the need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from canlian_catalog.matching.ranking import best_untried, rank
from canlian_catalog.views import queries
from canlian_chassis.policy import policy
from canlian_events.calendar import SHANGHAI
from canlian_events.catalog.matching import Match
from canlian_events.catalog.referral import ProposeNextMatch, ReferralDeclined, ReferralLapsed
from canlian_events.core import Command
from canlian_events.meta import Meta

if TYPE_CHECKING:
    from sqlmodel import Session

Unsuccessful = ReferralDeclined | ReferralLapsed


def best_remaining(session: Session, event: Unsuccessful, meta: Meta) -> Match | None:
    """The best service of the same domain that fits the person and was not tried for this need."""
    domain, person = queries.domain_of(session, event.service_id), queries.person_facts(session, event.person_id)
    if domain is None or person is None:
        return None
    tried = queries.tried(session, event.person_id, event.need_id, domain)
    ranked = rank(person, queries.candidates(session, domain), meta.said_at.astimezone(SHANGHAI).year, tried)
    return best_untried(ranked, tried)


@policy("catalog.next-match", on={ReferralDeclined, ReferralLapsed}, facts=best_remaining)
def propose_next(event: Unsuccessful, meta: Meta, best: Match | None) -> Iterable[Command]:
    """The next best match is proposed to the social worker, or it is said that there is none."""
    yield ProposeNextMatch(
        referral_id=event.referral_id,
        service_id=best.service_id if best else None,
        reasons=best.reasons if best else (),
    )
