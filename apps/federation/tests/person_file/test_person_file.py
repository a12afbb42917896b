"""A person's file: read, revealed with a reason, worked on, copied; and requests to be erased."""

from __future__ import annotations

import asyncio
import copy
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest
import pytest_asyncio
from apps.federation.tests.bench import LEADER, OTHER_STAFF, SCOPE, STAFF, Bench
from tests.support.pdf import text_of

from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import nats_server
from canlian_events.ids import derive
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import (
    Circumstances,
    GiveConsent,
    IssueCertificate,
    RecordAccessNeeds,
    RecordCircumstances,
    RegisterPerson,
    RequestCorrection,
    RequestErasure,
)
from canlian_events.registry.worker import EnrolWorker
from canlian_events.terms import AccessFeature, DisabilityClass, Grade, Purpose, Role, WorkerKind
from canlian_federation.tool import federation
from canlian_registry.app import service as registry
from canlian_web.testing import fill_in, hidden, running, token

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE, THERE = "429999001001", "429999001002"
COMMISSIONER = Actor("worker_00000008", frozenset({Role.COMMISSIONER}), SCOPE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    folder = tmp_path_factory.mktemp("person")
    with nats_server(folder / "nats") as server:
        settings = Settings(nats_url=server.url, data=folder / "var")
        here = copy.copy(registry)
        here.settings = settings
        async with here.running(), running(federation(settings)) as tool:
            started = Bench(tool)
            await started.open_communities()
            yield started


def citizen_id(number: int) -> str:
    return make_citizen_id("429999", date(1961, 3, 4), number)


async def somebody(bench: Bench, number: int, **more: Any) -> str:
    person_id = derive("person", "file", number)
    known = {"name": "欧阳墨痕", "phone": "13800000001", "address": "幸福路12号", "grade": Grade.TWO} | more
    register = RegisterPerson(
        person_id=person_id,
        community=HERE,
        citizen_id=citizen_id(number),
        disability=DisabilityClass.PHYSICAL,
        **known,
    )
    await bench.send(register, STAFF)
    return person_id


async def act(client: httpx.AsyncClient, person_id: str, what: str, **filled: Any) -> httpx.Response:
    address = f"/federation/people/{person_id}/do/{what}"
    return await client.post(address, data=hidden(await client.get(address)) | filled)


async def test_a_file_hides_what_is_personal_until_it_is_asked_for_with_a_reason(bench: Bench):
    who = await somebody(bench, 1)
    features = frozenset({AccessFeature.SIGN_LANGUAGE})
    await bench.send(RecordAccessNeeds(person_id=who, features=features), STAFF)
    carer = Circumstances(low_income=True, carer_name="李强", carer_phone="13900000002")
    await bench.send(RecordCircumstances(person_id=who, circumstances=carer), STAFF)
    async with bench.as_(STAFF, "zh") as client:
        page = (await client.get(f"/federation/people/{who}")).text
        for personal in (citizen_id(1), "13800000001", "幸福路12号", "李强", "13900000002"):
            assert personal not in page
        assert "联系和上门时注意" in page
        assert "手语" in page
        shown = f"/federation/people/{who}/show/phone"
        assert "13800000001" not in (await client.get(shown)).text, "first it is asked why"
        assert "13800000001" in (await client.get(shown + "?why=call")).text
        assert "李强" in (await client.get(f"/federation/people/{who}/show/carer?why=casework")).text
        ledger = (await client.get(f"/federation/people/{who}")).text
        assert "电话联系" in ledger
        assert (await client.get(f"/federation/people/{who}/show/nothing?why=call")).status_code == 404


async def test_a_certificate_is_issued_renewed_and_its_days_left_are_drawn(bench: Bench):
    who = await somebody(bench, 2)
    async with bench.as_(STAFF, "zh") as client:
        wrong = await act(client, who, "certificate", number=citizen_id(3) + "42", issued="2020-05-06")
        assert wrong.status_code == 422
        assert "是别人的证件" in wrong.text
        await act(client, who, "certificate", number=citizen_id(2) + "42", issued="2020-05-06")
        page = unescape((await client.get(f"/federation/people/{who}")).text)
        assert "2030年5月6日" in page
        assert '<svg viewBox="0 0 300 14" role="img" aria-label="还有' in page
        assert "有效期 10 年，到期前 60 天提醒本人" in page
        older = await act(client, who, "renewal", number=citizen_id(2) + "42B1", issued="2019-01-01")
        assert "不比已登记的" in older.text
        renewed = await act(client, who, "renewal", number=citizen_id(2) + "42B1", issued="2026-01-05")
        assert "2036年1月5日" in renewed.text


async def test_a_classification_may_be_disputed_within_10_working_days(bench: Bench):
    who = await somebody(bench, 4)
    async with bench.as_(STAFF, "zh") as client:
        page = await act(client, who, "classification", disability="4", grade="3")
        assert "可在 10 个工作日内" in page.text
        assert "没有改动" in (await act(client, who, "classification", disability="4", grade="3")).text
        page = await act(client, who, "reassessment")
        assert "已申请重新评定" in page.text


async def test_the_history_goes_by_when_things_happened_and_says_what_was_recorded_later(bench: Bench):
    who = await somebody(bench, 11)
    await bench.send(EnrolWorker(worker_id=STAFF.id, kind=WorkerKind.STAFF, name="李建国"))
    said, known = token(bench.tool.settings, STAFF), datetime.now(UTC)
    for purpose, before in ((Purpose.VISITS, timedelta(days=1)), (Purpose.CONTACT, timedelta(days=3))):
        consent = GiveConsent(person_id=who, purpose=purpose)
        sent = await bench.tool.client.send(consent, token=said, said_at=known - before)
        assert bench.tool.runner
        assert await bench.tool.runner.reached(sent.position)
    async with bench.as_(STAFF, "zh") as client:
        page = (await client.get(f"/federation/people/{who}")).text
        history = page[page.index('id="history"') : page.index('id="looked"')]
        days = [datetime.fromisoformat(moment) for moment in re.findall(r'<time datetime="([^"]+)"', history)]
        assert days == sorted(days, reverse=True)
        assert ("李建国" in history, STAFF.id in history) == (True, False), "who acted is called by name"
        assert "李建国" in (await client.get(f"/federation/why/{who}")).text
        assert days[1].date() == (known - timedelta(days=1)).date()
        assert history.count(" 登记</p>") == 2, "what was recorded at once does not say so twice"


async def test_consents_circumstances_and_corrections_are_recorded(bench: Bench):
    who = await somebody(bench, 5)
    async with bench.as_(STAFF, "zh") as client:
        unsure = await act(client, who, "consent", purpose="visits")
        assert "须本人同意才能登记" in unsure.text
        assert "已同意" in (await act(client, who, "consent", purpose="visits", agreed="yes")).text
        assert "已登记撤回" in (await act(client, who, "consent-withdrawn", purpose="visits")).text
        empty = await act(client, who, "correct")
        assert "请填写要更正的内容" in empty.text
        assert (await act(client, who, "correct", phone="13700000000", gone="address")).status_code == 200
        page = await act(client, who, "circumstances", low_income="true", employment="unable")
        assert "低保家庭" in page.text
        assert "送" not in (await act(client, who, "access", features="ramp")).text
        revealed = await client.get(f"/federation/people/{who}/show/phone?why=call")
        assert "13700000000" in revealed.text


async def recorded(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    """The copy, once it shows that it was looked at itself: the view comes to that a moment later."""
    async with asyncio.timeout(5):
        while not (said := json.loads((await client.get(address)).content))["looked"]:  # noqa: ASYNC110 - the pages tell nobody
            await asyncio.sleep(0.05)
    return dict(said)


async def test_a_person_moves_and_dies_and_what_makes_no_sense_then_is_refused(bench: Bench):
    who = await somebody(bench, 6)
    async with bench.as_(STAFF, "zh") as client:
        moved = await act(client, who, "move", to=THERE, address="九号楼")
        assert moved.status_code == 200
        future = await act(client, who, "death", on="2099-01-01", sure="yes")
        assert "还没有到" in future.text
        assert "请先核对去世证明" in (await act(client, who, "death", on="2026-11-20")).text
        asked = await client.get(f"/federation/people/{who}/do/death")
        assert "在 7 天内安排上门慰问家属" in asked.text
        dead = await act(client, who, "death", on="2026-11-20", sure="yes")
        assert "已于 2026年11月20日 去世" in dead.text
        refused = await act(client, who, "move", to=HERE)
        assert refused.status_code == 409
        assert "请先撤销去世登记" in refused.text
        assert "已于" not in (await act(client, who, "death-withdrawn", why="同名")).text


async def test_the_whole_file_is_copied_for_the_person(bench: Bench):
    who = await somebody(bench, 7)
    await bench.send(GiveConsent(person_id=who, purpose=Purpose.VISITS), STAFF)
    number = citizen_id(7) + "42"
    await bench.send(IssueCertificate(person_id=who, number=number, issued=date(2020, 5, 6)), STAFF)
    async with bench.as_(STAFF, "zh") as client:
        asked = await client.get(f"/federation/people/{who}/copy.pdf")
        assert asked.headers["content-type"].startswith("text/html"), "first it is asked why"
        said = await recorded(client, f"/federation/people/{who}/copy.json?why=other&words=本人索取")
        pdf = await client.get(f"/federation/people/{who}/copy.pdf?why=other&words=本人索取")
    text = text_of(pdf.content)
    for there in ("个人信息副本", "欧阳墨痕", citizen_id(7), number, "13800000001", "入户访视", "本人索取"):
        assert there in text
    assert (said["file"]["name"], said["file"]["certificate_number"]) == ("欧阳墨痕", number)
    assert said["file"]["consents"] == ["visits"]
    assert said["looked"][0]["words"] == "本人索取"
    assert all(line["at"].endswith("+00:00") for line in (*said["happened"], *said["looked"]))


async def test_a_request_to_be_erased_is_declined_or_carried_out(bench: Bench):
    who = await somebody(bench, 8)
    await bench.send(RequestErasure(person_id=who, words="不想留"), STAFF)
    async with bench.as_(STAFF, "zh") as client:
        listed = (await client.get("/federation/erasures")).text
        assert who in listed
        assert "不想留" not in listed
        address = f"/federation/erasures/requests/{who}/decline"
        assert (await fill_in(client, address, address, why="")).status_code == 422
        declined = await fill_in(client, address, address, why="正在发放补贴")
        assert f"/federation/people/{who}" not in declined.text
        await act(client, who, "erasure-request", words="还是要删")
        sure = {"person_id": who, "ground": "request", "sure": "yes"}
        await client.post("/federation/erasures/new", data=sure)
        assert f'href="/federation/people/{who}"' not in (await client.get("/federation/erasures")).text
        gone = await client.get(f"/federation/people/{who}")
        assert gone.status_code == 410
        assert "个人信息已删除" in gone.text
        for path in ("show/phone?why=call", "copy.json?why=report", "do/correct"):
            assert (await client.get(f"/federation/people/{who}/{path}")).status_code == 410


async def test_a_correction_that_somebody_asked_for_is_listed_and_answered(bench: Bench):
    who = await somebody(bench, 12)
    await bench.send(RequestCorrection(person_id=who, words="墨字写成了黑"), STAFF)
    async with bench.as_(STAFF, "zh") as client:
        listed = (await client.get("/federation/corrections")).text
        assert f"/federation/people/{who}/do/correction-settled" in listed
        file = (await client.get(f"/federation/people/{who}")).text
        assert "申请更正。" in file
        assert "墨字写成了黑" not in listed + file
        assert "墨字写成了黑" in (await client.get(f"/federation/people/{who}/show/correction-words?why=casework")).text
        silent = await act(client, who, "correction-settled", corrected="false")
        assert "没有写原因" in silent.text
        settled = await act(client, who, "correction-settled", corrected="false", why="与身份证一致")
        assert settled.url.path == f"/federation/people/{who}"
        assert who not in (await client.get("/federation/corrections")).text
        sheet = await client.get("/federation/corrections/sheet.xlsx?why=report")
        assert sheet.headers["content-type"].endswith("sheet")


async def test_a_person_is_registered_by_hand_and_only_once(bench: Bench):
    typed = {"name": "王秀兰", "community": HERE, "disability": "4", "citizen_id": citizen_id(9)[:17] + "?"}
    async with bench.as_(OTHER_STAFF, "zh") as client:
        new = "/federation/people/new"
        assert "不可能存在" in (await fill_in(client, new, new, **typed)).text
        wrong = (await fill_in(client, new, new, name=" ", citizen_id="12345", phone="abc")).text
        said = [
            "姓名：请填写",
            "身份证号：身份证号不可能存在",
            "社区：请填写",
            "残疾类别：请填写",
            "电话：这不是电话号码",
        ]
        assert sorted(wrong.index(problem) for problem in said) == [wrong.index(problem) for problem in said]
        typed["citizen_id"] = citizen_id(9)
        registered = await fill_in(client, new, new, **typed)
        assert "王秀兰" in registered.text
        alike = await fill_in(client, new, new, **typed)
        # with the same number it is nobody else: the file is named, and there is no going on
        assert "已登记在另一份档案上" in alike.text
        renamed = await fill_in(client, new, new, **typed | {"name": "诸葛不同"})
        assert re.search(r'href="/federation/people/person_\w+"[^>]*>王秀兰', renamed.text), "also under another name"
        assert f'href="{registered.url.path}"' in alike.text
        assert "不是他们" not in alike.text
        again = await client.post(new, data=hidden(alike) | typed)
        assert "已登记在另一份档案上" in again.text


async def test_a_commissioner_sees_no_phone_and_a_leader_no_file(bench: Bench):
    who = await somebody(bench, 10)
    async with bench.as_(COMMISSIONER, "zh") as client:
        page = (await client.get(f"/federation/people/{who}")).text
        assert f"/federation/people/{who}/show/phone" not in page
        assert "13800000001" not in (await client.get(f"/federation/people/{who}/show/phone?why=casework")).text
    async with bench.as_(LEADER, "zh") as client:
        assert (await client.get(f"/federation/people/{who}")).status_code == 403
