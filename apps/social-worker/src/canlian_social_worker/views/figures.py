"""The day in figures. Each counts what its list shows, by the same query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from canlian_events.terms import Urgency
from canlian_social_worker.views.feedback import FeedbackList, listed_feedback
from canlian_social_worker.views.needs import NeedFilter, NeedRow, listed_needs
from canlian_social_worker.views.referrals import ReferralList, ReferralStatus, listed_referrals, referrals_of_need
from canlian_social_worker.views.visits import VisitList, listed_visits


@dataclass(frozen=True, slots=True)
class Day:
    """How many of each; `oldest` is the age in days of the oldest need that nobody holds."""

    new: int
    oldest: int
    urgent: int
    mine: int
    waiting: int
    referrals: dict[ReferralList, int]
    visits: dict[VisitList, int]
    to_answer: int


NEW = NeedFilter(holder="nobody")
URGENT = NeedFilter(urgency=Urgency.URGENT.value)


def waiting_needs(db: Session, scopes: Sequence[str], wanted: NeedFilter) -> Sequence[NeedRow]:
    """`listed_needs`, and where `wanted.waiting`, only those with a referral that has no answer yet."""
    found = listed_needs(db, scopes, wanted)
    return [row for row in found if _waits(db, row)] if wanted.waiting else found


def _waits(db: Session, row: NeedRow) -> bool:
    return bool(row.referrals) and any(
        referral.status is ReferralStatus.REQUESTED for referral in referrals_of_need(db, row.need_id)
    )


def day(db: Session, scopes: Sequence[str], worker_id: str, today: date) -> Day:
    new = listed_needs(db, scopes, NEW)
    return Day(
        new=len(new),
        oldest=new[0].age(today) if new else 0,
        urgent=len(listed_needs(db, scopes, URGENT)),
        mine=len(listed_needs(db, scopes, NeedFilter(holder=worker_id))),
        waiting=len(waiting_needs(db, scopes, NeedFilter(waiting=True))),
        referrals={which: len(listed_referrals(db, scopes, which, today)) for which in ReferralList},
        visits={which: len(listed_visits(db, scopes, which, today)) for which in VisitList},
        to_answer=len(listed_feedback(db, scopes, FeedbackList.TO_ANSWER)),
    )
