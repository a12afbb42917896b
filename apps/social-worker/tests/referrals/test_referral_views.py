"""What referrals come to: silence, places offered again, and what comes after a no."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session
from tests.support.social_worker_folds import (
    DECLINED,
    HERE,
    NEED,
    NEXT,
    PERSON,
    RAISED,
    REFERRAL,
    REFERRED,
    SERVICE,
    TODAY,
    meta,
    put,
    rows,
)

from canlian_chassis.projection import fold_all
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    NextMatchProposed,
    ReferralWaitlisted,
    SessionAttended,
    SessionMissed,
)
from canlian_events.core import Event
from canlian_events.terms import (
    DeclineReason,
)
from canlian_social_worker.referrals.views import ReferralList, ReferralRow, ReferralStatus, listed_referrals
from canlian_social_worker.views import views


@pytest.mark.parametrize(("days", "silent"), [(6, 0), (7, 1)])
def test_silence_is_noticed_after_seven_days(db: Session, days: int, silent: int):
    put(db, REFERRED, days_ago=days)
    assert len(listed_referrals(db, [HERE], ReferralList.SILENT, TODAY)) == silent


def test_a_place_offered_again_starts_the_days_anew():
    waited: list[tuple[Event, int]] = [
        (REFERRED, 20),
        (ReferralWaitlisted(referral_id=REFERRAL, service_id=SERVICE), 19),
    ]
    offered: list[tuple[Event, int]] = [(FreedPlaceOffered(referral_id=REFERRAL, service_id=SERVICE), 1)]
    log = [(event, meta(n, days_ago=days)) for n, (event, days) in enumerate(waited + offered, 1)]
    row = fold_all(views.projections, log)[ReferralRow][REFERRAL]
    assert isinstance(row, ReferralRow)
    assert row.status is ReferralStatus.REQUESTED
    assert row.offered
    assert not row.silent(TODAY)


def test_a_decline_waits_for_the_next_step_until_somebody_goes_on(db: Session):
    proposed = NextMatchProposed(referral_id=REFERRAL, need_id=NEED, service_id="service_00000002")
    put(db, RAISED, REFERRED, DECLINED, proposed, days_ago=3)
    [row] = listed_referrals(db, [HERE], ReferralList.NEXT, TODAY)
    assert (row.decline_reason, row.next_service_id) == (DeclineReason.NO_STAFF, "service_00000002")
    put(db, REFERRED.model_copy(update={"referral_id": NEXT, "service_id": "service_00000002"}), days_ago=1)
    assert listed_referrals(db, [HERE], ReferralList.NEXT, TODAY) == []


def test_sessions_are_kept_by_day_and_only_those_attended_count():
    missed = SessionMissed(referral_id=REFERRAL, person_id=PERSON, on=date(2026, 11, 20))
    came = SessionAttended(referral_id=REFERRAL, person_id=PERSON, on=date(2026, 11, 13))
    row = rows(REFERRED, missed, came)[ReferralRow][REFERRAL]
    assert isinstance(row, ReferralRow)
    assert [session["on"] for session in row.sessions] == ["2026-11-13", "2026-11-20"]
    assert row.attended == 1
