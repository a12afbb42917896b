"""Needs with a referral that no provider has answered yet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from canlian_social_worker.needs.views import NeedFilter, NeedRow, listed_needs
from canlian_social_worker.referrals.views import ReferralStatus, referrals_of_need


def waiting_needs(db: Session, scopes: Sequence[str], wanted: NeedFilter) -> Sequence[NeedRow]:
    """`listed_needs`, and where `wanted.waiting`, only those with a referral that has no answer yet."""
    found = listed_needs(db, scopes, wanted)
    return [row for row in found if _waits(db, row)] if wanted.waiting else found


def _waits(db: Session, row: NeedRow) -> bool:
    return bool(row.referrals) and any(
        referral.status is ReferralStatus.REQUESTED for referral in referrals_of_need(db, row.need_id)
    )
