from canlian_events.core import EVENTS
from canlian_social_worker.shared.history import history
from canlian_social_worker.shared.timeline import WHAT
from canlian_web.language.i18n import untranslated, unused


def test_every_text_has_its_chinese():
    assert untranslated("canlian_social_worker", "canlian_person_file") == []
    assert unused("canlian_social_worker") == []


def test_every_event_of_the_history_is_worded():
    told_by_another = {"assistance.need.referred", "assistance.need.referral-ended"}
    assert {event.type for event in history.on} - told_by_another == set(WHAT)
    assert set(WHAT) <= set(EVENTS)
