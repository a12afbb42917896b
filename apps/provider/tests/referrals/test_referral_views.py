"""What referrals come to at the desk, and on which lists they stand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from apps.provider.tests.folding import (
    ABOUT,
    ACCEPTED,
    ATTENDED,
    COMPLETED,
    HERE,
    OF,
    OFFERED,
    REFERRED,
    STARTED,
    TODAY,
    WAITLISTED,
    fold,
    lists_of,
    meta,
)

from canlian_chassis.testing.deciders import NOON
from canlian_events.catalog.referral import (
    ReferralDeclined,
    ReferralLapsed,
    ReferralTransferred,
    ReferralWithdrawn,
    SessionMissed,
)
from canlian_events.core import Event
from canlian_events.terms import (
    DeclineReason,
)
from canlian_provider.referrals.views import ReferralList, ReferralRow, ReferralStatus, referrals


@pytest.mark.parametrize(
    ("events", "lists"),
    [
        ([REFERRED], {ReferralList.WAITING}),
        ([REFERRED, WAITLISTED], {ReferralList.WAITLIST}),
        ([REFERRED, WAITLISTED, OFFERED], {ReferralList.OFFERED}),
        ([REFERRED, ACCEPTED], {ReferralList.SERVED, ReferralList.TODAY}),
        ([REFERRED, ACCEPTED, STARTED], {ReferralList.SERVED, ReferralList.TODAY}),
        ([REFERRED, ACCEPTED, STARTED, ATTENDED], {ReferralList.SERVED}),
        ([REFERRED, ACCEPTED, STARTED, ATTENDED, COMPLETED], {ReferralList.FINISHED}),
        ([REFERRED, ReferralDeclined(**ABOUT, reason=DeclineReason.TOO_FAR)], set()),
    ],
)
def test_each_referral_stands_on_the_lists_it_belongs_to(events: list[Event], lists: set[ReferralList]):
    assert lists_of(fold(referrals, events)) == lists


def test_a_session_missed_today_is_recorded_too():
    row = fold(referrals, [REFERRED, ACCEPTED, STARTED, SessionMissed(**OF, on=TODAY)])
    assert (row.attended, row.missed) == (0, 1)
    assert ReferralList.TODAY not in lists_of(row)


def test_seven_days_without_an_answer_are_late_and_six_are_not():
    assert fold(referrals, [REFERRED], ago=7).silent(TODAY)
    assert not fold(referrals, [REFERRED], ago=6).silent(TODAY)
    assert not fold(referrals, [REFERRED, WAITLISTED], ago=7).silent(TODAY)


def test_an_offered_place_is_waited_for_since_the_offer():
    waiting = fold(referrals, [REFERRED, WAITLISTED], ago=20)
    assert waiting.days(TODAY) == 20
    offered = referrals.fold(waiting, OFFERED, meta(NOON - timedelta(days=2)))
    assert isinstance(offered, ReferralRow)
    assert (offered.status, offered.days(TODAY)) == (ReferralStatus.OFFERED, 2)


@pytest.mark.parametrize(
    "end",
    [
        COMPLETED,
        ReferralDeclined(**ABOUT, reason=DeclineReason.NO_STAFF),
        ReferralLapsed(**ABOUT),
        ReferralWithdrawn(**ABOUT, why="搬走了"),
    ],
)
def test_what_was_written_about_a_person_is_forgotten_when_the_referral_ends(end: Event):
    row = fold(referrals, [REFERRED, ACCEPTED, STARTED, ATTENDED, end])
    assert not row.is_open
    assert row.note is None
    assert [session["note"] for session in row.sessions] == [None]


def test_last_months_end_is_not_this_months():
    row = fold(referrals, [REFERRED, ACCEPTED, STARTED, ATTENDED, COMPLETED], ago=30)
    assert lists_of(row) == set()


def test_a_move_takes_the_referral_to_the_new_community():
    moved = ReferralTransferred(**OF, from_community=HERE, to_community="429999001002")
    assert fold(referrals, [REFERRED, moved]).community == "429999001002"


def test_what_comes_before_its_referral_makes_no_row():
    assert fold(referrals, [ACCEPTED]) is None
