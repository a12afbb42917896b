"""Every event of the history has its words."""

from canlian_events.core import EVENTS
from canlian_social_worker.shared.history import history
from canlian_social_worker.shared.timeline import WHAT


def test_every_event_of_the_history_is_worded():
    told_by_another = {"assistance.need.referred", "assistance.need.referral-ended"}
    assert {event.type for event in history.on} - told_by_another == set(WHAT)
    assert set(WHAT) <= set(EVENTS)
