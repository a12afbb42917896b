"""Nobody is sent anywhere any more who died."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from canlian_catalog.views import queries
from canlian_chassis.policy import policy
from canlian_events.catalog.referral import WithdrawReferral
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.registry.person import PersonDied

if TYPE_CHECKING:
    from sqlmodel import Session


def their_open_referrals(session: Session, event: PersonDied, meta: Meta) -> Sequence[str]:
    return queries.open_referrals_of(session, event.person_id)


@policy("catalog.withdraw-dead", on=PersonDied, facts=their_open_referrals)
def withdraw_dead(event: PersonDied, meta: Meta, referrals: Sequence[str]) -> Iterable[Command]:
    """Each open referral is withdrawn, and its place, if it held one, is free."""
    for referral_id in referrals:
        yield WithdrawReferral(referral_id=referral_id, why="本人去世 (the person died)")
