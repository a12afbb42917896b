"""A free place goes to who has waited longest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from canlian_catalog.matching.eligibility import grounds_against
from canlian_catalog.views import queries
from canlian_chassis.policy import policy
from canlian_events.calendar import SHANGHAI
from canlian_events.catalog.referral import OfferFreedPlace, ReferralDeclined, ReferralLapsed, ReferralWithdrawn
from canlian_events.catalog.service import CapacitySet, ServicePlaceFreed
from canlian_events.core import Command
from canlian_events.meta import Meta

if TYPE_CHECKING:
    from sqlmodel import Session

Freeing = ServicePlaceFreed | CapacitySet | ReferralDeclined | ReferralLapsed | ReferralWithdrawn
"""A place given up, more places, or a place that was offered and came to nothing."""


def next_in_line(session: Session, event: Freeing, meta: Meta) -> Sequence[str]:
    """The referrals to offer a place to: as many as are free and not offered yet, the longest waiting first."""
    places = queries.places_to_offer(session, event.service_id)
    if not places:
        return []
    year = meta.said_at.astimezone(SHANGHAI).year
    details = queries.details_of(session, event.service_id)
    found: list[str] = []
    for row in queries.waiting_for(session, event.service_id):
        person = queries.person_facts(session, row.person_id)
        if person and not (person.erased or person.died_on) and not grounds_against(person, details, year):
            found.append(row.referral_id)
    return found[:places]


@policy(
    "catalog.freed-places",
    on={ServicePlaceFreed, CapacitySet, ReferralDeclined, ReferralLapsed, ReferralWithdrawn},
    facts=next_in_line,
)
def offer_freed_places(event: Freeing, meta: Meta, waiting: Sequence[str]) -> Iterable[Command]:
    """Who waits and is still eligible is offered the place, the longest waiting first."""
    for referral_id in waiting:
        yield OfferFreedPlace(referral_id=referral_id)
