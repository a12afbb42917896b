"""Nobody is sent anywhere any more who was erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from canlian_catalog.views import queries
from canlian_chassis.policy import policy
from canlian_events.catalog.referral import WithdrawReferral
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.registry.person import PersonErased

if TYPE_CHECKING:
    from sqlmodel import Session


def their_open_referrals(session: Session, event: PersonErased, meta: Meta) -> Sequence[str]:
    return queries.open_referrals_of(session, event.person_id)


@policy("catalog.withdraw-erased", on=PersonErased, facts=their_open_referrals)
def withdraw_erased(event: PersonErased, meta: Meta, referrals: Sequence[str]) -> Iterable[Command]:
    """Each open referral is withdrawn, and its place, if it held one, is free."""
    for referral_id in referrals:
        yield WithdrawReferral(referral_id=referral_id, why="个人信息已删除 (the person's data was erased)")
