"""The loop on a whole system that `canlian run` started."""

import json

import pytest

from canlian_events.catalog.referral import LAPSES_AFTER_DAYS
from tests.journeys import loop
from tests.support.api import Api, Refusal
from tests.support.people import HERE, THERE, new_id
from tests.support.system import System


def test_the_loop_from_a_need_to_feedback(api: Api):
    loop.walk(api)


def test_a_declined_referral_comes_back_with_the_next_best_match(api: Api):
    loop.open_communities(api)
    _, second = loop.list_service(api, domain="psychological")
    provider, first = loop.list_service(api, domain="psychological")
    person = loop.register(api)
    who = {"person_id": person["person_id"]}
    need, referral = new_id("need"), new_id("referral")
    api.send("GiveConsent", purpose="share_with_provider", **who)
    api.send("RaiseNeed", need_id=need, community=HERE, channel="hotline", domain="psychological", **who)
    api.send("ReferPerson", referral_id=referral, community=HERE, service_id=first, need_id=need, **who)
    api.send("DeclineReferral", "provider", by=("--provider", provider), referral_id=referral, reason="no_staff")
    proposed = api.wait_for("NextMatchProposed", referral_id=referral)
    assert proposed["data"]["service_id"] == second
    api.wait_for("NeedReferralEnded", need_id=need, referral_id=referral)


def test_a_full_service_refuses_and_a_freed_place_goes_to_who_waits(api: Api):
    loop.open_communities(api)
    provider, service = loop.list_service(api, places=1, domain="day_care")
    desk = ("--provider", provider)
    referrals = [new_id("referral"), new_id("referral")]
    for referral in referrals:
        who = {"person_id": loop.register(api)["person_id"]}
        api.send("GiveConsent", purpose="share_with_provider", **who)
        api.send("ReferPerson", referral_id=referral, community=HERE, service_id=service, **who)
    api.send("AcceptReferral", "provider", by=desk, referral_id=referrals[0])
    with pytest.raises(Refusal) as refused:
        api.send("AcceptReferral", "provider", by=desk, referral_id=referrals[1])
    assert (refused.value.status, refused.value.code) == (409, "referral.no_place")
    api.send("WaitlistReferral", "provider", by=desk, referral_id=referrals[1])
    api.send("CompleteService", "provider", by=desk, referral_id=referrals[0], outcome="not_met")
    api.wait_for("FreedPlaceOffered", referral_id=referrals[1])


def test_open_work_follows_a_person_who_moves(api: Api):
    loop.open_communities(api)
    who = {"person_id": loop.register(api)["person_id"]}
    need, visit = new_id("need"), new_id("visit")
    api.send("RaiseNeed", need_id=need, community=HERE, channel="walk_in", domain="rights", **who)
    api.send("ScheduleVisit", visit_id=visit, community=HERE, worker_id=new_id("worker"), due="2030-01-01", **who)
    api.send("MovePerson", to=THERE, **who)
    assert api.wait_for("NeedTransferred", need_id=need)["community"] == THERE
    assert api.wait_for("VisitTransferred", visit_id=visit)["community"] == THERE


def test_low_satisfaction_reopens_the_need(api: Api):
    loop.open_communities(api)
    provider, service = loop.list_service(api, domain="education")
    desk = ("--provider", provider)
    person = loop.register(api)
    who = {"person_id": person["person_id"]}
    need, referral = new_id("need"), new_id("referral")
    api.send("GiveConsent", purpose="share_with_provider", **who)
    api.send("RaiseNeed", need_id=need, community=HERE, channel="walk_in", domain="education", **who)
    api.send("ReferPerson", referral_id=referral, community=HERE, service_id=service, need_id=need, **who)
    api.wait_for("NeedReferred", need_id=need)
    api.send("AcceptReferral", "provider", by=desk, referral_id=referral)
    today = loop.today()
    api.send("StartService", "provider", by=desk, referral_id=referral, on=today)
    api.send("RecordSession", "provider", by=desk, referral_id=referral, on=today, attended=True)
    api.send("CompleteService", "provider", by=desk, referral_id=referral, outcome="met")
    api.wait_for("NeedMet", need_id=need)
    feedback = api.wait_for("FeedbackAsked", occasion_id=referral)["data"]["feedback_id"]
    api.send("GiveFeedback", "resident", by=("--actor", person["person_id"]), feedback_id=feedback, score=2)
    assert api.wait_for("NeedReopened", need_id=need)["actor"].startswith("policy:")


def test_a_referral_nobody_answers_lapses_in_its_time_and_the_next_best_match_is_proposed(system: System, api: Api):
    loop.open_communities(api)
    _, other = loop.list_service(api, domain="assistive_devices")
    _, silent = loop.list_service(api, domain="assistive_devices")
    who = {"person_id": loop.register(api)["person_id"]}
    need, referral = new_id("need"), new_id("referral")
    api.send("GiveConsent", purpose="share_with_provider", **who)
    api.send("RaiseNeed", need_id=need, community=HERE, channel="hotline", domain="assistive_devices", **who)
    api.send("ReferPerson", referral_id=referral, community=HERE, service_id=silent, need_id=need, **who)
    api.wait_for("NeedReferred", need_id=need)
    system.move_clock(days=LAPSES_AFTER_DAYS)
    try:
        proposed = api.wait_for("NextMatchProposed", referral_id=referral)
        lapsed = api.wait_for("ReferralLapsed", referral_id=referral)
    finally:
        system.move_clock(days=0)
    assert (proposed["cause"], proposed["data"]["service_id"]) == (lapsed["id"], other)


def test_the_narrated_demo_walks_to_its_end_however_often(system: System):
    for _ in range(2):
        told = system.command("demo", "--json")
        assert told.returncode == 0, told.stdout + told.stderr
        assert json.loads(told.stdout)["ok"]
