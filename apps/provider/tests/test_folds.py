"""What the desk's view makes of the log, as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from canlian_chassis.projection import Projection
from canlian_chassis.testing.deciders import NOON
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    ReferralAccepted,
    ReferralDeclined,
    ReferralLapsed,
    ReferralTransferred,
    ReferralWaitlisted,
    ReferralWithdrawn,
    ServiceCompleted,
    ServiceReferred,
    ServiceStarted,
    SessionAttended,
    SessionMissed,
)
from canlian_events.catalog.service import (
    CapacitySet,
    ServiceDetails,
    ServiceListed,
    ServicePlaceFreed,
    ServicePlaceTaken,
    ServiceWithdrawn,
)
from canlian_events.core import Event
from canlian_events.evaluation.feedback import FeedbackGiven, FeedbackReplied
from canlian_events.meta import Meta
from canlian_events.personal import Sealed
from canlian_events.registry.person import AccessNeedsRecorded, PersonCorrected, PersonRegistered
from canlian_events.terms import (
    AccessFeature,
    DeclineReason,
    DisabilityClass,
    Domain,
    Layer,
    Occasion,
    Outcome,
    RaterKind,
    Sex,
)
from canlian_provider.feedback.views import feedback
from canlian_provider.referrals.history import history
from canlian_provider.referrals.persons import PersonRow, persons
from canlian_provider.referrals.views import ReferralList, ReferralRow, ReferralStatus, belongs, referrals
from canlian_provider.services.views import services

HERE = "429999001001"
PROVIDER, SERVICE, PERSON, REFERRAL = "provider_00000001", "service_00000001", "person_00000001", "referral_00000001"
TODAY = date(2026, 11, 24)
OF = {"referral_id": REFERRAL, "person_id": PERSON}
ABOUT = OF | {"service_id": SERVICE}
REFERRED = ServiceReferred(**ABOUT, provider_id=PROVIDER, domain=Domain.REHABILITATION, note="肩部活动受限")
ACCEPTED = ReferralAccepted(referral_id=REFERRAL)
WAITLISTED = ReferralWaitlisted(referral_id=REFERRAL, service_id=SERVICE)
OFFERED = FreedPlaceOffered(referral_id=REFERRAL, service_id=SERVICE)
STARTED = ServiceStarted(referral_id=REFERRAL, on=TODAY)
ATTENDED = SessionAttended(**OF, on=TODAY, note="练了肩部")
COMPLETED = ServiceCompleted(**ABOUT, outcome=Outcome.MET, sessions=1)


def meta(at: datetime = NOON) -> Meta:
    return Meta("id", 1, at, at, "staff:worker_00000001", HERE, "command")


def fold(projection: Projection, events: Sequence[Event], ago: int = 0) -> Any:
    row = None
    for event in events:
        row = projection.fold(row, event, meta(NOON - timedelta(days=ago)))
    return row


def lists_of(row: ReferralRow) -> set[ReferralList]:
    return {which for which in ReferralList if which is not ReferralList.ALL and belongs(row, which, TODAY)}


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


def test_places_in_use_follow_who_takes_and_leaves_them():
    details = ServiceDetails(name="肩颈康复", domain=Domain.REHABILITATION, layer=Layer.COMMUNITY)
    listed = ServiceListed(service_id=SERVICE, provider_id=PROVIDER, details=details, places=1)
    taken = ServicePlaceTaken(service_id=SERVICE, referral_id=REFERRAL)
    assert fold(services, [listed, taken]).full
    assert fold(services, [listed, taken, CapacitySet(service_id=SERVICE, places=3)]).free == 2
    left = [listed, taken, ServicePlaceFreed(service_id=SERVICE, referral_id=REFERRAL)]
    assert fold(services, left).in_use == 0
    assert fold(services, [listed, ServiceWithdrawn(service_id=SERVICE, why="装修")]).withdrawn == "装修"


def test_of_a_person_only_name_phone_and_needs_are_kept():
    registered = PersonRegistered(
        person_id=PERSON,
        community=HERE,
        name="王小明",
        citizen_id="429999198001010019",
        phone="13800000001",
        address="和平路 1 号",
        birth_year=1980,
        sex=Sex.MALE,
        disability=DisabilityClass.PHYSICAL,
    )
    needs = AccessNeedsRecorded(person_id=PERSON, features=frozenset({AccessFeature.RAMP}))
    row = fold(persons, [registered, needs, PersonCorrected(person_id=PERSON, phone="13900000001")])
    assert row.model_dump() == PersonRow(
        person_id=PERSON, name="王小明", phone="13900000001", needs=["ramp"]
    ).model_dump()  # fmt: skip
    sealed = registered.model_copy(update={"name": Sealed(about=PERSON, sealed="x")})
    assert fold(persons, [sealed]).name is None


def test_feedback_on_a_visit_is_not_the_desks_and_on_a_service_is():
    given = {"feedback_id": "feedback_00000001", "person_id": PERSON, "score": 4, "rater": RaterKind.PERSON}
    on_visit = FeedbackGiven(**given, occasion=Occasion.VISIT, occasion_id="visit_00000001")
    on_service = FeedbackGiven(**given, occasion=Occasion.SERVICE, occasion_id=REFERRAL, service_id=SERVICE)
    replied = FeedbackReplied(feedback_id="feedback_00000001", person_id=PERSON, words="谢谢")
    assert fold(feedback, [on_visit]) is None
    assert fold(feedback, [on_visit, replied]) is None
    row = fold(feedback, [on_service, replied])
    assert (row.score, row.reply, row.replied_at) == (4, "谢谢", NOON)
    assert not hasattr(row, "person_id")


def test_history_notes_the_reason_and_the_words_but_not_the_workers_note():
    declined = ReferralDeclined(**ABOUT, reason=DeclineReason.NO_STAFF, words="排不过来")
    row = fold(history, [declined])
    assert (row.kind, row.facts, row.text) == ("catalog.referral.declined", {"reason": "no_staff"}, "排不过来")
    assert fold(history, [REFERRED]).text is None
