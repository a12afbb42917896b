"""The loop canlian exists for, walked through the API alone, so that it can be walked against any running system."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from canlian_events.assistance.instruments import WG_SS
from canlian_events.calendar import day_of
from tests.support.api import Api, Refusal
from tests.support.people import HERE, THERE, new_id, new_person


def open_communities(api: Api) -> None:
    """Two communities; once more changes nothing."""
    for code, name in ((HERE, "新华社区"), (THERE, "清芬社区")):
        if code not in {event["data"]["community"] for event in api.events(0, "CommunityOpened")}:
            api.send("OpenCommunity", community=code, name=name)


def list_service(api: Api, *, places: int = 2, domain: str = "rehabilitation") -> tuple[str, str]:
    """A vetted provider with one service: (provider id, service id)."""
    provider, service = new_id("provider"), new_id("service")
    number = f"J{provider[-8:]}"
    api.send("RegisterProvider", provider_id=provider, number=number, name="暖心服务站", kind="social_organisation")
    api.send("VetProvider", provider_id=provider)
    details = {"name": "暖心·康复指导", "domain": domain, "layer": "community", "community": HERE}
    api.send("ListService", service_id=service, provider_id=provider, details=details, places=places)
    return provider, service


def register(api: Api, community: str = HERE) -> dict[str, Any]:
    person = new_person(community)
    api.send("RegisterPerson", **person)
    return person


def walk(api: Api) -> None:
    """From a first word to a met need and a rate that moved, each step caused by the one before."""
    worker = ("--actor", new_id("worker"))
    day = today()
    open_communities(api)
    provider, service = list_service(api)
    desk = ("--provider", provider)
    person = register(api)
    who = {"person_id": person["person_id"]}
    before = api.overview(HERE)

    need = new_id("need")
    raised = api.send("RaiseNeed", "social_worker", by=worker, need_id=need, community=HERE, channel="walk_in",
                      domain="rehabilitation", words="上下楼很吃力", **who)  # fmt: skip
    assert [event["name"] for event in raised["events"]] == ["NeedRaised"]

    assessment = new_id("assessment")
    api.send("StartAssessment", "social_worker", by=worker, assessment_id=assessment, community=HERE,
             instrument=WG_SS.code, instrument_version=WG_SS.version, need_id=need, **who)  # fmt: skip
    api.send("CompleteAssessment", "social_worker", by=worker, assessment_id=assessment, answers=short_set())
    api.wait_for("NeedAssessed", need_id=need)

    referral = new_id("referral")
    refer = {"referral_id": referral, "community": HERE, "service_id": service, "need_id": need, **who}
    with pytest.raises(Refusal) as refused:
        api.send("ReferPerson", "social_worker", by=worker, **refer)
    assert (refused.value.status, refused.value.code) == (409, "referral.no_consent")
    api.send("GiveConsent", "social_worker", by=worker, purpose="share_with_provider", **who)
    api.send("ReferPerson", "social_worker", by=worker, **refer)
    api.wait_for("NeedReferred", need_id=need)

    api.send("AcceptReferral", "provider", by=desk, referral_id=referral)
    api.send("StartService", "provider", by=desk, referral_id=referral, on=day)
    api.send("RecordSession", "provider", by=desk, referral_id=referral, on=day, attended=True)
    completed = api.send("CompleteService", "provider", by=desk, referral_id=referral, outcome="met")
    asked = api.wait_for("FeedbackAsked", occasion_id=referral)
    assert asked["cause"] in {event["id"] for event in completed["events"]}
    met = api.wait_for("NeedMet", need_id=need)
    assert met["actor"].startswith("policy:")

    feedback = asked["data"]["feedback_id"]
    resident = ("--actor", person["person_id"])
    api.send("GiveFeedback", "resident", by=resident, feedback_id=feedback, score=5, words="走路稳多了")
    after = api.overview(HERE)
    assert moved(before, after, "participation") == (1, 0)
    assert moved(before, after, "satisfaction") == (1, 1)


def today() -> str:
    """The day in Shanghai, as it is written in commands."""
    return day_of(datetime.now(UTC)).isoformat()


def moved(before: dict[str, Any], after: dict[str, Any], rate: str) -> tuple[int, int]:
    """By how much a rate's numerator and denominator grew."""
    was, is_ = rate_of(before, rate), rate_of(after, rate)
    return is_["numerator"] - was["numerator"], is_["denominator"] - was["denominator"]


def rate_of(overview: dict[str, Any], rate: str) -> dict[str, Any]:
    found: dict[str, Any] = overview["figures"][rate]["rate"]
    return found


def short_set() -> dict[str, int]:
    """Answers to the Washington Group Short Set: a lot of difficulty walking, none otherwise."""
    return {item.code: 3 if "walk" in item.code else 1 for item in WG_SS.items}
