"""Needs with all services behind them: a stranger's request taken, lists downloaded, and what others may not see."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook
from tests.support.social_worker_pages import AT, DIRECTOR, ELSEWHERE, looks, raised, somebody, until, where
from tests.support.town import (
    GRID_WORKER,
    NEIGHBOUR,
    PERSON,
    SOCIAL_WORKER,
    STAFF,
    VOLUNTEER,
    Town,
)

from canlian_chassis.bus.client import Unavailable
from canlian_events.registry.person import ErasePerson
from canlian_events.terms import (
    Channel,
    ErasureGround,
)
from canlian_person_file import disclosure
from canlian_web.testing import browser, fill_in, hidden
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_strangers_request_is_taken_classified_and_put_under_the_registered_persons_name(
    here: Town, tool: Tool
):
    need = await raised(here, tool, "asker_00000001", domain=None, contact="张伟 13800000002", channel=Channel.HOTLINE)
    client = browser(tool, SOCIAL_WORKER)
    page = await client.get(need)
    assert "尚未登记" in page.text
    assert "13800000002" not in page.text
    assert "13800000002" in (await client.get(f"{need}/contact")).text
    page = await fill_in(client, need, f"{need}/take")
    assert "这项需求现在由您负责。" in page.text
    page = await fill_in(client, need, f"{need}/classify", domain="assistive_devices", urgency="urgent")
    assert "辅具适配" in page.text
    found = await client.get(f"{need}/identify?q=张伟")
    assert "138••••0002" in found.text
    page = await client.post(f"{need}/identify", data=hidden(found) | {"person_id": NEIGHBOUR})
    assert where(page) == need
    assert "张伟" in page.text
    assert "已确认提出人" in page.text


async def test_a_list_is_downloaded_as_it_is_shown(here: Town, tool: Tool):
    need = await raised(here, tool)
    client = browser(tool, SOCIAL_WORKER)
    asked = await client.get(f"{AT}/needs/sheet?domain=assistive_devices")
    assert "为什么查阅这份档案？" in asked.text
    page = await client.post(f"{AT}/because", data=hidden(asked) | {"why": "report"})
    lines = list(load_workbook(BytesIO(page.content)).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert lines[0][:3] == ("查询号", "姓名", "社区")
    assert any(line[1] == "欧阳秀兰" and line[4] == "助听器坏了" for line in lines[1:])
    assert (await client.get(need)).status_code == 200


async def test_what_others_may_not_see(here: Town, tool: Tool):
    need = await raised(here, tool)
    assert (await browser(tool, ELSEWHERE).get(need)).status_code == 403
    assert (await browser(tool, VOLUNTEER).get(need)).status_code == 403
    director = browser(tool, DIRECTOR)
    page = await director.get(need)
    assert "欧阳秀兰" in page.text
    assert "138••••" not in page.text
    assert (await director.get(f"{AT}/persons/{PERSON}/phone")).status_code == 403
    phone = f"{AT}/persons/{PERSON}/phone?why=visit"
    shown = await browser(tool, STAFF).get(phone, headers={"HX-Request": "true"})
    assert "13800000001" in shown.text
    assert "<html" not in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert (await browser(tool, SOCIAL_WORKER).get(f"{AT}/needs/need_ffffffff")).status_code == 404


async def test_what_a_need_a_visit_and_feedback_show_is_recorded_with_their_purpose(here: Town, tool: Tool):
    client = browser(tool, GRID_WORKER)
    need = await raised(here, tool)
    await client.get(need)
    [line] = [line for line in await looks(tool, client) if "办理需求" in line and "李强 · 网格员" in line]
    assert "本人的话" in line


async def test_what_cannot_be_recorded_is_hidden_and_the_page_still_works(
    here: Town, tool: Tool, monkeypatch: pytest.MonkeyPatch
):
    async def nobody(*_: object) -> None:
        raise Unavailable

    need = await raised(here, tool)
    client = browser(tool, SOCIAL_WORKER)
    # the registry is everybody's here; that one which is down is noticed is tested with the helper itself
    monkeypatch.setattr(disclosure, "_send", nobody)
    for address, hidden_value in (
        (need, "助听器坏了"),
        (f"{AT}/persons/{PERSON}", "听力二级"),
        (f"{AT}/persons/{PERSON}/address?why=visit", "和平路3号"),
        (f"{need}/identify", "助听器坏了"),
    ):
        page = await client.get(address)
        assert page.status_code == 200
        assert hidden_value not in page.text, address
        assert "暂不显示：这次查阅没能记录下来" in page.text
    sheet = await client.get(f"{AT}/needs/sheet?why=report")
    assert sheet.status_code == 503
    assert "暂不显示" in sheet.text


async def test_of_an_erased_person_nothing_is_told_or_offered(tool: Tool, here: Town):
    who, need_id = await somebody(here, 31)
    client = browser(tool, SOCIAL_WORKER)
    assert "诸葛墨痕" in (await until(lambda: client.get(f"/social-worker/needs/{need_id}"), "诸葛墨痕")).text
    await here.send(ErasePerson(person_id=who, ground=ErasureGround.REQUEST), by=STAFF)
    page = await until(lambda: client.get(f"/social-worker/needs/{need_id}"), "已删除")
    for left in ("诸葛墨痕", "已加密", "1950", "视力", "重新打开", who):
        assert left not in page.text
    listed = await until(lambda: client.get("/social-worker/needs?status="), "已删除")
    assert who not in listed.text
    for part in ("phone", "address"):
        gone = await client.get(f"/social-worker/persons/{who}/{part}?why=call")
        assert gone.status_code == 410
        assert "个人信息已删除" in gone.text
