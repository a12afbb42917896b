"""Each figure of the day counts what its list shows."""

from __future__ import annotations

from sqlmodel import Session
from tests.support.social_worker_folds import (
    ASKED,
    GIVEN,
    HERE,
    NEED,
    RAISED,
    REFERRAL,
    REFERRED,
    SCHEDULED,
    TODAY,
    WORKER,
    person,
    put,
)

from canlian_events.assistance.need import NeedReferred
from canlian_social_worker.day.figures import day
from canlian_social_worker.referrals.views import ReferralList
from canlian_social_worker.visits.views import VisitList


def test_every_figure_of_the_day_is_the_length_of_its_list(db: Session):
    put(
        db,
        person(),
        RAISED,
        REFERRED,
        NeedReferred(need_id=NEED, referral_id=REFERRAL),
        SCHEDULED,
        ASKED,
        GIVEN,
        days_ago=8,
    )
    figures = day(db, [HERE], WORKER, TODAY)
    assert (figures.new, figures.oldest, figures.mine, figures.waiting, figures.to_answer) == (1, 8, 0, 1, 1)
    assert figures.referrals[ReferralList.SILENT] == 1
    assert figures.visits[VisitList.TODAY] == 1
