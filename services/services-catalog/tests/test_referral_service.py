"""The rules of a referral once it is accepted, as sentences: started, attended, completed."""

from datetime import UTC, date, datetime

import pytest

from canlian_catalog.referral.decider import referral
from canlian_catalog.service.decider import service
from canlian_chassis.testing.deciders import given
from canlian_events.catalog.referral import (
    CompleteService,
    RecordSession,
    ReferralAccepted,
    ReferralWaitlisted,
    ReferralWithdrawn,
    ServiceCompleted,
    ServiceReferred,
    ServiceStarted,
    SessionAttended,
    SessionMissed,
    StartService,
    WithdrawReferral,
)
from canlian_events.catalog.service import ServiceDetails, ServiceListed, ServicePlaceFreed, ServicePlaceTaken
from canlian_events.meta import Actor
from canlian_events.terms import Domain, Layer, Outcome, Role

ID, PERSON, NEED = "referral_00000001", "person_00000001", "need_00000001"
SERVICE_ID, PROVIDER_ID = "service_00000001", "provider_00000001"
YESTERDAY, TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)
DESK = Actor("account_desk", frozenset({Role.PROVIDER}), provider_id=PROVIDER_ID)
OTHER_DESK = Actor("account_other", frozenset({Role.PROVIDER}), provider_id="provider_00000002")
STAFF = Actor("worker_00000004", frozenset({Role.STAFF}), ("429999001",))

DETAILS = ServiceDetails(name="康复训练", domain=Domain.REHABILITATION, layer=Layer.COMMUNITY)
LISTED = ServiceListed(service_id=SERVICE_ID, provider_id=PROVIDER_ID, details=DETAILS, places=1)
TAKEN = ServicePlaceTaken(service_id=SERVICE_ID, referral_id=ID)
FREED = ServicePlaceFreed(service_id=SERVICE_ID, referral_id=ID)
REFERRED = ServiceReferred(
    referral_id=ID,
    person_id=PERSON,
    service_id=SERVICE_ID,
    provider_id=PROVIDER_ID,
    domain=Domain.REHABILITATION,
    need_id=NEED,
)
ACCEPTED = ReferralAccepted(referral_id=ID)
STARTED = ServiceStarted(referral_id=ID, on=YESTERDAY)
ATTENDED = SessionAttended(referral_id=ID, person_id=PERSON, on=TODAY)
MISSED = SessionMissed(referral_id=ID, person_id=PERSON, on=TODAY)
START = StartService(referral_id=ID, on=YESTERDAY)


def session(on=TODAY, attended=True, note=None):
    return RecordSession(referral_id=ID, on=on, attended=attended, note=note)


def complete(outcome=Outcome.MET):
    return CompleteService(referral_id=ID, outcome=outcome, note="恢复良好")


def completed(outcome=Outcome.MET, sessions=1):
    return ServiceCompleted(
        referral_id=ID,
        person_id=PERSON,
        service_id=SERVICE_ID,
        outcome=outcome,
        sessions=sessions,
        note="恢复良好",
        need_id=NEED,
    )


def accepted(*events):
    return given(referral, REFERRED, ACCEPTED, *events).beside_of(service, LISTED, TAKEN)


def test_an_accepted_service_starts():
    accepted().when(START, by=DESK).then(STARTED)
    accepted(STARTED).when(START, by=DESK).unchanged()


def test_it_starts_once():
    accepted(STARTED).when(StartService(referral_id=ID, on=TODAY), by=DESK).refused("referral.under_way")


def test_the_first_session_starts_the_service():
    accepted().when(session(), by=DESK).then(ServiceStarted(referral_id=ID, on=TODAY), ATTENDED)
    accepted().when(session(attended=False), by=DESK).then(ServiceStarted(referral_id=ID, on=TODAY), MISSED)


def test_sessions_are_attended_or_missed_with_a_note():
    noted = session(note="精神好")
    accepted(STARTED).when(noted, by=DESK).then(ATTENDED.model_copy(update={"note": "精神好"}))
    accepted(STARTED).when(session(attended=False), by=STAFF).then(MISSED)


def test_one_day_has_one_session():
    accepted(STARTED, ATTENDED).when(session(), by=DESK).refused("referral.session_recorded", on=TODAY)
    accepted(STARTED, MISSED).when(session(), by=DESK).refused("referral.session_recorded", on=TODAY)


def test_nothing_is_recorded_for_a_day_to_come():
    accepted(STARTED).when(session(TOMORROW), by=DESK).refused("referral.in_future", today=TODAY)
    accepted().when(StartService(referral_id=ID, on=TOMORROW), by=DESK).refused("referral.in_future")


def test_the_day_is_the_day_in_shanghai():
    late = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    outcome = accepted(STARTED).when(session(TOMORROW), by=DESK, at=late)
    outcome.then(ATTENDED.model_copy(update={"on": TOMORROW}))


def test_no_session_is_before_the_start():
    today = ServiceStarted(referral_id=ID, on=TODAY)
    accepted(today).when(session(YESTERDAY), by=DESK).refused("referral.before_start", since=TODAY)


def test_completing_frees_the_place_and_counts_the_sessions_attended():
    earlier = SessionMissed(referral_id=ID, person_id=PERSON, on=YESTERDAY)
    accepted(STARTED, earlier, ATTENDED).when(complete(), by=DESK).then(FREED, completed(sessions=1))


def test_what_nobody_attended_met_no_need():
    for outcome in (Outcome.MET, Outcome.PARTLY_MET):
        accepted(STARTED, MISSED).when(complete(outcome), by=DESK).refused("referral.nothing_attended")
        accepted().when(complete(outcome), by=DESK).refused("referral.nothing_attended")


def test_what_nobody_attended_is_closed_as_not_met():
    ended = completed(Outcome.NOT_MET, sessions=0)
    accepted(STARTED, MISSED).when(complete(Outcome.NOT_MET), by=DESK).then(FREED, ended)
    accepted().when(complete(Outcome.NOT_MET), by=DESK).then(FREED, ended)


def test_a_service_is_completed_once():
    accepted(STARTED, ATTENDED, completed()).when(complete(), by=DESK).refused("referral.completed")
    accepted(STARTED, ATTENDED, completed()).when(session(), by=DESK).refused("referral.completed")


def test_withdrawing_while_under_way_frees_the_place():
    withdrawn = ReferralWithdrawn(referral_id=ID, person_id=PERSON, service_id=SERVICE_ID, why="搬走", need_id=NEED)
    accepted(STARTED).when(WithdrawReferral(referral_id=ID, why="搬走"), by=STAFF).then(FREED, withdrawn)


@pytest.mark.parametrize("command", [START, session(), complete()], ids=lambda command: type(command).__name__)
def test_only_the_provider_or_staff_say_how_the_service_goes(command):
    accepted(STARTED, ATTENDED).when(command, by=OTHER_DESK).refused("referral.not_yours")


@pytest.mark.parametrize("command", [START, session(), complete()], ids=lambda command: type(command).__name__)
def test_nothing_is_provided_before_it_was_accepted(command):
    given(referral).when(command, by=DESK).refused("referral.unknown")
    given(referral, REFERRED).when(command, by=DESK).refused("referral.not_accepted")
    waiting = ReferralWaitlisted(referral_id=ID, service_id=SERVICE_ID)
    given(referral, REFERRED, waiting).when(command, by=DESK).refused("referral.waitlisted")
