"""What the history of a referral tells at the desk."""

from __future__ import annotations

from apps.provider.tests.folding import (
    ABOUT,
    REFERRED,
    fold,
)

from canlian_events.catalog.referral import (
    ReferralDeclined,
)
from canlian_events.terms import (
    DeclineReason,
)
from canlian_provider.referrals.history import history


def test_history_notes_the_reason_and_the_words_but_not_the_workers_note():
    declined = ReferralDeclined(**ABOUT, reason=DeclineReason.NO_STAFF, words="排不过来")
    row = fold(history, [declined])
    assert (row.kind, row.facts, row.text) == ("catalog.referral.declined", {"reason": "no_staff"}, "排不过来")
    assert fold(history, [REFERRED]).text is None
