"""Referrals on a real log: from a new one to its end, and what is shown to whom."""

from __future__ import annotations

import asyncio

import pytest
from apps.provider.tests.conftest import (
    ONE,
    OTHER_DESK,
    PROVIDER,
    SERVICE,
    STAFF,
    TWO,
    WORKER,
    Bench,
    person,
    referral,
    rows,
)

from canlian_chassis.bus.client import Unavailable
from canlian_events.catalog.referral import CompleteService, ReferralWithdrawn
from canlian_events.terms import FileField, Outcome, ShownFor
from canlian_person_file import disclosure
from canlian_web.language.formats import today
from canlian_web.testing import fill_in, hidden


async def test_a_referral_is_accepted_attended_and_completed(bench: Bench):
    await bench.refer(1)
    client = bench.desk()
    assert "王小明" in (await client.get("/provider")).text
    page = await fill_in(client, ONE, f"{ONE}/accept")
    assert "已接收，名额已留给本人。" in page.text
    page = await fill_in(client, ONE, f"{ONE}/session", on=today().isoformat(), attended="true", note="练了肩部")
    assert "已登记这次服务。" in page.text
    assert "练了肩部" in page.text
    page = await fill_in(client, f"{ONE}/complete", f"{ONE}/complete", outcome="met", note="好转")
    assert "已办结。" in page.text
    finished = (await client.get("/provider/referrals?list=finished")).text
    assert "需求已满足" in finished


async def test_a_full_service_refuses_and_offers_the_waiting_list_in_place(bench: Bench):
    await bench.refer(1)
    await bench.refer(2)
    client = bench.desk()
    opened = hidden(await client.get(TWO))
    await fill_in(client, ONE, f"{ONE}/accept")
    refused = await client.post(f"{TWO}/accept", data=opened)
    assert refused.status_code == 409
    assert "名额已满。请改为列入候补" in refused.text
    assert f'action="{TWO}/waitlist"' in refused.text
    assert f'action="{TWO}/accept"' not in refused.text
    listed = await client.post(f"{TWO}/waitlist", data=hidden(refused))
    assert "已列入候补。" in listed.text
    assert "李秀英" in (await client.get("/provider/referrals?list=waitlist")).text


async def test_a_place_that_frees_is_offered_to_who_waits(bench: Bench):
    await bench.refer(1)
    await bench.refer(2)
    client = bench.desk()
    await fill_in(client, ONE, f"{ONE}/accept")
    await fill_in(client, TWO, f"{TWO}/waitlist")
    await bench.send(CompleteService(referral_id=referral(1), outcome=Outcome.NOT_MET))
    async with asyncio.timeout(10):
        while "李秀英" not in (await client.get("/provider/referrals?list=offered")).text:  # noqa: ASYNC110 - the page is what is watched
            await asyncio.sleep(0.02)
    assert "已接收，名额已留给本人。" in (await fill_in(client, TWO, f"{TWO}/accept")).text


async def test_a_session_is_recorded_by_one_tap_from_todays_list_and_counts_once(bench: Bench):
    await bench.refer(1)
    client = bench.desk()
    await fill_in(client, ONE, f"{ONE}/accept")
    todays = "/provider/referrals?list=today"
    tap = {"on": today().isoformat(), "attended": "true", "from": "today"}
    data = hidden(await client.get(todays)) | tap
    page = await client.post(f"{ONE}/session", data=data)
    assert page.url.query == b"list=today"
    assert "这个列表里没有人。" in page.text
    again = await client.post(f"{ONE}/session", data=data)
    assert again.status_code == 200
    assert "到 1 次，缺 0 次" in (await client.get(ONE)).text


async def test_a_decline_needs_a_reason_and_then_leaves_the_list(bench: Bench):
    await bench.refer(1)
    client = bench.desk()
    page = await fill_in(client, f"{ONE}/decline", f"{ONE}/decline", words="排不过来")
    assert page.status_code == 422
    assert "排不过来" in page.text
    page = await fill_in(client, f"{ONE}/decline", f"{ONE}/decline", reason="no_staff", words="排不过来")
    assert "已婉拒。" in page.text
    assert "王小明" not in page.text


async def test_the_desk_sees_what_it_needs_while_the_referral_is_open_and_no_more(bench: Bench):
    await bench.refer(1)
    client = bench.desk()
    page = (await client.get(ONE)).text
    for shown in ("王小明", "13800000001", "肩部活动受限", "无障碍坡道", "就在本社区"):
        assert shown in page
    for hidden_fact in ("429999198001010019", "没有办成"):
        assert hidden_fact not in page
    await bench.tell(
        ReferralWithdrawn(referral_id=referral(1), person_id=person(1), service_id=SERVICE, why="住院了，改天再说")
    )
    page = (await client.get(ONE)).text
    for gone in ("王小明", "13800000001", "肩部活动受限", "住院了"):
        assert gone not in page
    assert "王小明" not in str(rows(await client.get("/provider/referrals/sheet?list=all")))


async def test_another_provider_and_other_roles_see_nothing_of_it(bench: Bench):
    await bench.refer(1)
    other = bench.desk(OTHER_DESK)
    assert (await other.get(ONE)).status_code == 404
    assert (await other.get(f"{ONE}/complete")).status_code == 404
    assert (await other.get(f"/provider/services/{SERVICE}")).status_code == 404
    assert "王小明" not in (await other.get(f"/provider/referrals?list=all&provider={PROVIDER}")).text
    assert (await bench.desk(WORKER).get("/provider")).status_code == 403


async def test_the_sheet_holds_what_the_list_shows(bench: Bench):
    await bench.refer(1)
    sheet = rows(await bench.desk().get("/provider/referrals/sheet?list=waiting"))
    assert sheet[0][:2] == ("本人", "服务")
    assert sheet[1][:4] == ("王小明", "肩颈康复", "康复指导", "等待答复")
    assert rows(await bench.desk().get("/provider/services/sheet"))[1][:4] == ("肩颈康复", "康复指导", 0, 1)


async def test_a_referral_shows_its_person_once_that_is_recorded_and_a_sheet_too(bench: Bench):
    await bench.refer(1)
    await bench.desk().get(ONE)
    await bench.desk(STAFF).get(ONE)
    await bench.desk().get("/provider/referrals/sheet?list=waiting")
    looks = [(actor, set(event.what), event.why) for actor, event in await bench.showings()]
    page = {FileField.PHONE, FileField.ACCESS_NEEDS, FileField.NOTES}
    assert looks == [
        ("provider:account_desk", page, ShownFor.SERVICE),
        ("staff:worker_00000004", page, ShownFor.OVERSIGHT),
        ("provider:account_desk", {FileField.NAME}, ShownFor.SERVICE),
    ]


async def test_what_cannot_be_recorded_is_hidden_and_no_sheet_leaves(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    async def nobody(*_: object) -> None:
        raise Unavailable

    await bench.refer(1)
    monkeypatch.setattr(disclosure, "_send", nobody)
    page = await bench.desk(lang="en").get(ONE)
    assert page.status_code == 200
    for fact in ("13800000001", "肩部活动受限", "wheelchair ramp"):
        assert fact not in page.text
    assert "Hidden for now" in page.text
    assert f'action="{ONE}/accept"' in page.text
    assert (await bench.desk().get("/provider/referrals/sheet?list=waiting")).status_code == 503
