"""Referrals follow the person who moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from canlian_catalog.views import queries
from canlian_chassis.policy import policy
from canlian_events.catalog.referral import TransferReferral
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.registry.person import PersonMoved

if TYPE_CHECKING:
    from sqlmodel import Session


def their_open_referrals(session: Session, event: PersonMoved, meta: Meta) -> Sequence[str]:
    return queries.open_referrals_of(session, event.person_id)


@policy("catalog.follow-moves", on=PersonMoved, facts=their_open_referrals)
def follow_moves(event: PersonMoved, meta: Meta, referrals: Sequence[str]) -> Iterable[Command]:
    """Each open referral passes to the new community's workers."""
    for referral_id in referrals:
        yield TransferReferral(referral_id=referral_id, community=event.to_community)
