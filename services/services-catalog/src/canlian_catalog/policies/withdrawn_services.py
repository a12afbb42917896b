"""Nobody is left waiting for a service that is no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from canlian_catalog.views import queries
from canlian_chassis.policy import policy
from canlian_events.catalog.referral import LapseReferral
from canlian_events.catalog.service import ServiceWithdrawn
from canlian_events.core import Command
from canlian_events.meta import Meta

if TYPE_CHECKING:
    from sqlmodel import Session


def not_taken(session: Session, event: ServiceWithdrawn, meta: Meta) -> Sequence[str]:
    return queries.without_a_place(session, event.service_id)


@policy("catalog.withdrawn-services", on=ServiceWithdrawn, facts=not_taken)
def lapse_referrals(event: ServiceWithdrawn, meta: Meta, referrals: Sequence[str]) -> Iterable[Command]:
    """Referrals without a place lapse, and with that the next best service is looked for."""
    for referral_id in referrals:
        yield LapseReferral(referral_id=referral_id)
