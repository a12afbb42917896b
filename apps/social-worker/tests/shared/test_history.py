"""What the history tells."""

from __future__ import annotations

from tests.support.social_worker_folds import (
    NEED,
    RAISED,
    REFERRAL,
    REFERRED,
    WORKER,
    meta,
)

from canlian_chassis.projection import fold_all
from canlian_events.assistance.need import NeedAssessed, NeedReferred
from canlian_social_worker.shared.history import HistoryRow
from canlian_social_worker.views import views


def test_the_history_tells_each_thing_once_and_by_whom():
    by_system = "policy:assistance.note-referral"
    log = [
        (RAISED, meta(1)),
        (REFERRED, meta(2)),
        (NeedReferred(need_id=NEED, referral_id=REFERRAL), meta(3, actor=by_system)),
        (NeedAssessed(need_id=NEED, assessment_id="assessment_00000001"), meta(4, actor=by_system)),
    ]
    told = fold_all(views.projections, log)[HistoryRow]
    assert [row.kind for row in told.values()] == ["assistance.need.raised", "catalog.referral.referred"]  # type: ignore[attr-defined]
    assert {row.actor for row in told.values()} == {f"social_worker:{WORKER}"}  # type: ignore[attr-defined]
