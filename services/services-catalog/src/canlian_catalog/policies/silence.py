"""A referral nobody answers does not wait for ever."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from canlian_chassis.policy import Cancel, Consequence, Later, policy
from canlian_events.catalog.referral import (
    LAPSES_AFTER_DAYS,
    FreedPlaceOffered,
    LapseUnanswered,
    ReferralAccepted,
    ReferralDeclined,
    ReferralLapsed,
    ReferralWaitlisted,
    ReferralWithdrawn,
    ServiceReferred,
)
from canlian_events.meta import Meta

Asked = ServiceReferred | FreedPlaceOffered
Answered = ReferralAccepted | ReferralDeclined | ReferralWaitlisted | ReferralLapsed | ReferralWithdrawn


@policy(
    "catalog.silence",
    on={
        ServiceReferred,
        FreedPlaceOffered,
        ReferralAccepted,
        ReferralDeclined,
        ReferralWaitlisted,
        ReferralLapsed,
        ReferralWithdrawn,
    },
)
def let_silence_lapse(event: Asked | Answered, meta: Meta) -> Iterable[Consequence]:
    """The days count from when the provider could know: what was written down late is not silent yet."""
    key = f"silence-{event.referral_id}"
    if isinstance(event, Answered):
        yield Cancel(key)
        return
    lapse = LapseUnanswered(referral_id=event.referral_id, offered=isinstance(event, FreedPlaceOffered))
    yield Later(lapse, at=max(meta.said_at, meta.at) + timedelta(days=LAPSES_AFTER_DAYS), key=key)
