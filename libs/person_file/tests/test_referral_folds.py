"""What both sides of a referral see alike: its sessions by day, and how long an answer has been owed."""

from datetime import date, timedelta

from canlian_chassis.testing.deciders import NOON
from canlian_events.catalog.referral import SessionAttended, SessionMissed
from canlian_events.personal import Sealed
from canlian_person_file.referral_folds import number_attended, too_long_unanswered, with_session

OF = {"referral_id": "referral_00000001", "person_id": "person_00000001"}
TODAY = date(2026, 11, 24)


def test_sessions_stand_by_day_whenever_they_were_told_and_only_those_attended_count() -> None:
    later = with_session([], SessionAttended(**OF, on=date(2026, 11, 20), note="练了肩部"))
    both = with_session(later, SessionMissed(**OF, on=date(2026, 11, 13)))
    assert [session["on"] for session in both] == ["2026-11-13", "2026-11-20"]
    assert number_attended(both) == 1


def test_a_note_that_is_sealed_stays_out() -> None:
    sealed = Sealed(about="person_00000001", sealed="…")
    assert with_session([], SessionAttended(**OF, on=TODAY, note=sealed))[0]["note"] is None


def test_an_answer_is_owed_too_long_from_the_seventh_day() -> None:
    assert too_long_unanswered(NOON - timedelta(days=7), TODAY)
    assert not too_long_unanswered(NOON - timedelta(days=6), TODAY)
