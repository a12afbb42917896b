"""A visit on the running services: seen on its day, written down once, or not made."""

from datetime import timedelta
from html import unescape

import pytest
from tests.support.town import GRID_WORKER, OTHER_VOLUNTEER, SOCIAL_WORKER, STAFF, VOLUNTEER, Town, today

from canlian_chassis.bus.client import Unavailable
from canlian_chassis.log.jetstream import Log
from canlian_events import subjects
from canlian_events.assistance.visit import CompleteVisit, ReassignVisit
from canlian_events.terms import Tie
from canlian_person_file import disclosure
from canlian_web.testing import browser, fill_in, hidden
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def events_of(tool: Tool, visit_id: str) -> list[str]:
    """The bodies of the log's events that name the visit, as text."""
    assert tool.nats
    entries = await Log(tool.nats).read(subjects.EVENTS)
    return [entry.body.decode() for entry in entries if visit_id in entry.body.decode()]


async def seen(tool: Tool, visit_id: str):
    """The visit's page, once the tool's view has it."""
    assert tool.runner
    await tool.level()
    return await browser(tool, VOLUNTEER).get(f"/volunteer/visits/{visit_id}")


async def scheduled(tool: Tool, here: Town, days: int = 0, look_for: str | None = None) -> str:
    visit_id = await here.visit(days, look_for=look_for)
    for _ in range(200):
        if (await seen(tool, visit_id)).status_code == 200:
            return visit_id
    raise AssertionError("the visit did not come into the view")


async def test_the_list_shows_whom_and_where_only_for_what_is_due(tool: Tool, here: Town):
    await scheduled(tool, here, 0)
    await scheduled(tool, here, -2)
    coming = await scheduled(tool, here, 3)
    page = unescape((await browser(tool, VOLUNTEER).get("/volunteer")).text)
    assert "欧阳女士" in page
    assert "秀兰" not in page
    assert "晚了2天" in page
    assert page.count("和平路3号2单元501") == 2
    assert "手语" in page
    assert "和平路" not in (await seen(tool, coming)).text


async def test_a_visit_page_has_the_way_there_and_what_to_look_for(tool: Tool, here: Town):
    page = await seen(tool, await scheduled(tool, here, 0, "看看药是不是按时吃"))
    assert 'href="geo:0,0?q=%E5%92%8C' in page.text
    assert "看看药是不是按时吃" in page.text


async def test_that_an_address_is_shown_is_recorded_first(tool: Tool, here: Town, monkeypatch: pytest.MonkeyPatch):
    async def nobody(*_: object) -> None:
        raise Unavailable

    visit_id = await scheduled(tool, here, 0, "看看药")
    client = browser(tool, VOLUNTEER)
    await client.get("/volunteer")
    await client.get(f"/volunteer/visits/{visit_id}")
    assert tool.nats
    told = [entry.body.decode() for entry in await Log(tool.nats).read(subjects.events_of("registry", "showing"))]
    assert any('"what":["address"],"why":"visit"' in body for body in told)
    assert any('"what":["access_needs","address","notes"],"why":"visit"' in body for body in told)
    monkeypatch.setattr(disclosure, "_send", nobody)
    for address in ("/volunteer", f"/volunteer/visits/{visit_id}"):
        page = await client.get(address)
        assert page.status_code == 200
        assert "欧阳女士" in page.text
        assert "和平路" not in page.text
        assert "看看药" not in page.text
        assert "暂不显示：这次查阅没能记录下来" in page.text


async def test_another_volunteer_does_not_see_it(tool: Tool, here: Town):
    visit_id = await scheduled(tool, here)
    for path in ("", "/complete", "/missed"):
        answer = await browser(tool, OTHER_VOLUNTEER).get(f"/volunteer/visits/{visit_id}{path}")
        assert answer.status_code == 404
        assert "和平路" not in answer.text


async def test_what_was_found_is_written_down(tool: Tool, here: Town):
    visit_id = await scheduled(tool, here)
    address = f"/volunteer/visits/{visit_id}/complete"
    client = browser(tool, VOLUNTEER)
    again = (today() + timedelta(days=14)).isoformat()
    page = await fill_in(
        client,
        address,
        address,
        tie="family",
        helps=["illness", "morale"],
        findings="血压偏高",
        needs=["rehabilitation", "assistive_devices"],
        words_rehabilitation="想做康复",
        urgent_assistive_devices="1",
        again=again,
    )
    assert "已记下。谢谢您上门。" in page.text
    assert "这次访视已完成" in (await seen(tool, visit_id)).text
    completed = next(body for body in await events_of(tool, visit_id) if '"tie"' in body)
    assert f'"next_due":"{again}"' in completed
    assert completed.index('"rehabilitation"') < completed.index('"assistive_devices"')
    assert "血压" not in completed
    assert "想做康复" not in completed


async def test_sent_twice_it_counts_once(tool: Tool, here: Town):
    visit_id = await scheduled(tool, here)
    address = f"/volunteer/visits/{visit_id}/complete"
    client = browser(tool, VOLUNTEER)
    form = hidden(await client.get(address)) | {"tie": "heart", "again": "no"}
    first, second = [await client.post(address, data=form) for _ in range(2)]
    assert first.status_code == second.status_code == 200
    assert "已记下" in second.text
    assert len([body for body in await events_of(tool, visit_id) if '"tie"' in body]) == 1


async def test_what_is_missing_is_said_and_nothing_typed_is_lost(tool: Tool, here: Town):
    address = f"/volunteer/visits/{await scheduled(tool, here)}/complete"
    page = await fill_in(
        browser(tool, VOLUNTEER),
        address,
        address,
        findings="门槛太高",
        needs="assistive_devices",
        words_assistive_devices="斜坡板",
        again="date",
        day=today().isoformat(),
    )
    assert page.status_code == 422
    text = unescape(page.text)
    assert "请选择六连中的一项" in text
    assert "门槛太高" in text
    assert "斜坡板" in text
    assert 'value="assistive_devices" data-aria-controls="more-assistive_devices" checked' in text


@pytest.mark.parametrize(
    ("again", "day"), [("date", ""), ("date", "0"), ("no", "-1"), ("date", "+x")], ids=["none", "today", "past", "bad"]
)
async def test_the_next_visit_is_on_a_later_day(tool: Tool, here: Town, again: str, day: str):
    address = f"/volunteer/visits/{await scheduled(tool, here)}/complete"
    filled = (today() + timedelta(days=int(day))).isoformat() if day in ("0", "-1") else day
    page = await fill_in(browser(tool, VOLUNTEER), address, address, tie="heart", again=again, day=filled)
    assert page.status_code == 422
    assert "请选今天以后的一天" in page.text


async def test_a_day_filled_in_counts_without_its_choice(tool: Tool, here: Town):
    visit_id = await scheduled(tool, here)
    address, day = f"/volunteer/visits/{visit_id}/complete", (today() + timedelta(days=9)).isoformat()
    await fill_in(browser(tool, VOLUNTEER), address, address, tie="heart", again="no", day=day)
    assert any(f'"next_due":"{day}"' in body for body in await events_of(tool, visit_id))


async def test_a_visit_that_could_not_be_made_is_written_down_with_why(tool: Tool, here: Town):
    visit_id = await scheduled(tool, here)
    address = f"/volunteer/visits/{visit_id}/missed"
    client = browser(tool, VOLUNTEER)
    assert "请选择是什么情况" in (await fill_in(client, address, address)).text
    assert "请写几个字，说说是什么情况" in (await fill_in(client, address, address, why="other")).text
    assert "已记下" in (await fill_in(client, address, address, why="nobody_home")).text
    assert "这次没有见到人" in (await seen(tool, visit_id)).text


async def test_a_conflict_is_shown_with_what_was_typed(tool: Tool, here: Town):
    visit_id = await scheduled(tool, here)
    address = f"/volunteer/visits/{visit_id}/complete"
    client = browser(tool, VOLUNTEER)
    form = hidden(await client.get(address)) | {"tie": "heart", "findings": "我去过了"}
    await here.send(CompleteVisit(visit_id=visit_id, tie=Tie.HEART), by=STAFF)
    page = await client.post(address, data=form)
    assert page.status_code == 409
    assert "我去过了" in page.text


async def test_a_visit_given_to_somebody_else_meanwhile_is_refused_with_the_reason(tool: Tool, here: Town):
    visit_id = await scheduled(tool, here)
    address = f"/volunteer/visits/{visit_id}/complete"
    client = browser(tool, VOLUNTEER)
    form = hidden(await client.get(address)) | {"tie": "heart", "findings": "我去过了"}
    given_away = await here.send(ReassignVisit(visit_id=visit_id, worker_id=OTHER_VOLUNTEER.id), by=SOCIAL_WORKER)
    assert tool.runner
    await tool.runner.reached(given_away.position)
    page = await client.post(address, data=form)
    assert page.status_code == 409
    assert "我去过了" in page.text
    assert "和平路" not in page.text


async def test_grid_workers_and_social_workers_see_their_own_visits_others_are_turned_away(tool: Tool):
    for actor in (GRID_WORKER, SOCIAL_WORKER):
        assert "今天没有访视" in (await browser(tool, actor).get("/volunteer")).text
    assert (await browser(tool, STAFF).get("/volunteer")).status_code == 403
