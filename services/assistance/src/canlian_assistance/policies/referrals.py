"""What a need learns from its referrals, and from what the person says afterwards."""

from __future__ import annotations

from collections.abc import Iterable

from canlian_chassis.policy import policy
from canlian_events.assistance.need import CloseNeed, NoteReferral, NoteReferralEnd, ReopenNeed
from canlian_events.catalog.referral import (
    ReferralDeclined,
    ReferralLapsed,
    ReferralWithdrawn,
    ServiceCompleted,
    ServiceReferred,
)
from canlian_events.core import Command
from canlian_events.evaluation.feedback import FeedbackGiven
from canlian_events.meta import Meta
from canlian_events.terms import NeedCloseReason, Outcome

DISSATISFIED_TO = 2
"""Feedback scoring 1 or 2 reopens the need."""

ReferralOver = ReferralDeclined | ReferralLapsed | ReferralWithdrawn | ServiceCompleted


@policy("assistance.note-referral", on=ServiceReferred)
def note_referral(event: ServiceReferred, _: Meta) -> Iterable[Command]:
    if event.need_id is not None:
        yield NoteReferral(need_id=event.need_id, referral_id=event.referral_id)


@policy("assistance.note-referral-end", on=[ReferralDeclined, ReferralLapsed, ReferralWithdrawn, ServiceCompleted])
def note_referral_end(event: ReferralOver, _: Meta) -> Iterable[Command]:
    if event.need_id is not None:
        yield NoteReferralEnd(need_id=event.need_id, referral_id=event.referral_id)


@policy("assistance.close-met-need", on=ServiceCompleted)
def close_met_need(event: ServiceCompleted, _: Meta) -> Iterable[Command]:
    """Comes after `note_referral_end`, since a need with an open referral is not closed."""
    if event.need_id is not None and event.outcome is Outcome.MET:
        yield CloseNeed(need_id=event.need_id, reason=NeedCloseReason.MET)


@policy("assistance.reopen-need", on=FeedbackGiven)
def reopen_need(event: FeedbackGiven, _: Meta) -> Iterable[Command]:
    """A need still open when the feedback comes is left as it is: its rule refuses."""
    if event.need_id is not None and event.score <= DISSATISFIED_TO:
        yield ReopenNeed(need_id=event.need_id, why=f"评价 {event.score} 分 (feedback scored {event.score} of 5)")
