"""The day in figures. Each counts what its list shows, by the same query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from canlian_events.terms import Urgency
from canlian_social_worker.feedback.views import FeedbackList, listed_feedback
from canlian_social_worker.needs.awaiting_answer import waiting_needs
from canlian_social_worker.needs.views import NeedFilter, listed_needs
from canlian_social_worker.referrals.views import ReferralList, listed_referrals
from canlian_social_worker.visits.views import VisitList, listed_visits


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
