"""The pages with all services behind them: from a stranger's request to a referral, and what is refused on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date
from io import BytesIO

import httpx
import pytest
from openpyxl import load_workbook
from tests.support.town import (
    DESK,
    GRID_WORKER,
    HERE,
    NEIGHBOUR,
    PERSON,
    SERVICE,
    SOCIAL_WORKER,
    STAFF,
    THERE,
    VOLUNTEER,
    Town,
)

from canlian_chassis.bus.client import Unavailable
from canlian_chassis.log.jetstream import Log
from canlian_events.assistance.need import RaiseNeed
from canlian_events.catalog.referral import DeclineReferral
from canlian_events.evaluation.feedback import AskFeedback, GiveFeedback
from canlian_events.ids import derive, new_id
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.household import FormHousehold
from canlian_events.registry.person import ErasePerson, GiveConsent, RegisterPerson, WithdrawConsent
from canlian_events.terms import (
    Channel,
    DeclineReason,
    DisabilityClass,
    Domain,
    ErasureGround,
    Grade,
    Occasion,
    Purpose,
    Role,
)
from canlian_person_file import disclosure
from canlian_web.language.formats import today
from canlian_web.testing import browser, fill_in, hidden
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")
AT = "/social-worker"
DIRECTOR = Actor("worker_00000009", frozenset({Role.DIRECTOR}), (HERE,))
ELSEWHERE = Actor("worker_00000008", frozenset({Role.SOCIAL_WORKER}), (THERE,))


async def raised(here: Town, tool: Tool, person_id: str = PERSON, **more: object) -> str:
    """A need; its address."""
    need_id = new_id("need")
    known: dict[str, object] = {"domain": Domain.ASSISTIVE_DEVICES, "words": "助听器坏了", "channel": Channel.WALK_IN}
    command = RaiseNeed(need_id=need_id, person_id=person_id, community=HERE, **(known | more))
    accepted = await here.send(command, by=SOCIAL_WORKER)
    assert tool.runner
    await tool.runner.reached(accepted.position)
    return f"{AT}/needs/{need_id}"


async def looks(tool: Tool, client: httpx.AsyncClient) -> list[str]:
    """Who looked at the person's file, the newest first, as their page lists it."""
    assert tool.nats
    assert tool.runner
    await tool.runner.reached(await Log(tool.nats).last_position())
    page = await client.get(f"{AT}/persons/{PERSON}")
    _, _, table = page.text.partition("谁查阅过这份档案</caption>")
    lines = re.findall(r"<tr.*?</tr>", table.partition("</table>")[0], re.S)[1:]
    return [" ".join(re.sub("<[^>]+>", " ", line).split()) for line in lines]


def where(page: httpx.Response) -> str:
    return page.url.path


async def test_the_day_opens_the_list_behind_each_figure(here: Town, tool: Tool):
    await raised(here, tool)
    client = browser(tool, SOCIAL_WORKER)
    page = await client.get(AT)
    figures = dict(re.findall(r'figure__link" href="([^"]+)">.*?figure__value">([^<]+)<', page.text, re.S))
    assert len(figures) == 13
    for address, number in figures.items():
        listed = await client.get(address.replace("&amp;", "&"))
        shown = listed.text.count('<th scope="row"')
        assert shown == int(number), address


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


async def test_without_consent_nothing_is_sent_and_the_page_records_it_and_goes_on(here: Town, tool: Tool):
    need = await raised(here, tool, NEIGHBOUR)
    client = browser(tool, SOCIAL_WORKER)
    matches = await client.get(f"{need}/matches")
    assert "助听器适配" in matches.text
    choosing = f"{need}/refer?service={SERVICE}"
    refused = await fill_in(client, choosing, f"{need}/refer", note="请发短信")
    assert refused.status_code == 409
    assert "请发短信" in refused.text
    page = await client.post(f"{need}/refer", data=hidden(refused) | {"note": "请发短信", "agreed": "true"})
    assert "转介已发给服务机构。" in page.text
    assert "为什么选这项服务" in page.text
    assert "有空位" in page.text
    again = await client.post(f"{need}/refer", data=hidden(refused) | {"note": "请发短信", "agreed": "true"})
    assert where(again) == where(page)
    listed = await client.get(f"{AT}/referrals?list=waiting")
    assert listed.text.count("张伟") >= 1
    withdrawn = await fill_in(client, where(page), f"{where(page)}/withdraw", why="本人改主意")
    assert "转介已撤回。" in withdrawn.text


async def test_after_a_no_the_page_says_what_comes_next(here: Town, tool: Tool):
    need = await raised(here, tool)
    client = browser(tool, SOCIAL_WORKER)
    page = await fill_in(client, f"{need}/refer?service={SERVICE}", f"{need}/refer")
    referral_id = where(page).rpartition("/")[2]
    told = await here.send(DeclineReferral(referral_id=referral_id, reason=DeclineReason.TOO_FAR), by=DESK)
    assert tool.runner
    await tool.runner.reached(told.position)
    for _ in range(100):
        page = await client.get(where(page))
        if "正在寻找" not in page.text:
            break
    assert "距离太远" in page.text
    assert "目前没有其他合适的服务" in page.text
    assert "欧阳秀兰" in (await client.get(f"{AT}/referrals?list=next")).text


async def test_an_assessment_names_the_question_that_is_unanswered_and_keeps_the_others(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    form = f"{AT}/persons/{PERSON}/assess?instrument=wg-ss"
    answers = {"seeing": "1", "hearing": "4", "walking": "1", "remembering": "1", "self_care": "1"}
    page = await fill_in(client, form, form, **answers)
    assert page.status_code == 422
    assert "第 6 题还没有回答" in page.text
    assert re.search(r'name="hearing" type="radio" value="4" checked', page.text)
    page = await client.post(form, data=hidden(page) | answers | {"communicating": "3"})
    assert "评估已完成。" in page.text
    assert "达到残疾界定" in page.text
    assert page.text.count("<li>") >= 2


async def test_a_person_is_registered_with_what_is_wrong_said_beside_its_field(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    filled = {"name": "陈明", "citizen_id": "429999199001011234", "community": HERE, "disability": "4", "grade": ""}
    page = await fill_in(client, f"{AT}/persons/new", f"{AT}/persons/new", **filled)
    assert page.status_code == 422
    assert 'href="#citizen_id"' in page.text
    assert "陈明" in page.text
    need = await raised(here, tool, "asker_00000002")
    number = make_citizen_id("429999", date(1990, 1, 1), 123)
    asked = f"{AT}/persons/new?need={need.rpartition('/')[2]}"
    page = await fill_in(client, asked, asked, **(filled | {"citizen_id": number}))
    assert where(page) == need
    assert "陈明" in page.text
    assert number not in page.text


async def test_files_like_who_is_registered_are_shown_before_anything_is_saved(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    number, other = (make_citizen_id("429999", date(1988, 2, 3), sequence) for sequence in (123, 958))
    filled = {"name": "欧阳雪梅", "community": HERE, "disability": "4", "grade": ""}
    at = f"{AT}/persons/new"
    first = where(await fill_in(client, at, at, **filled, citizen_id=number))
    again = filled | {"name": "欧阳雪眉", "citizen_id": other}
    page = await fill_in(client, at, at, **again)
    assert where(page) == at
    assert f'href="{first}"' in page.text
    assert "姓名读音相同；出生日期相同" in page.text
    page = await fill_in(client, at, at, **again, seen_alike=first.rpartition("/")[2])
    assert where(page) not in (at, first)


async def test_a_visit_is_planned_given_away_and_written_up(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    plan = f"{AT}/visits/new?person={PERSON}"
    past = await fill_in(client, plan, plan, worker_id=SOCIAL_WORKER.id, due="2020-01-01")
    assert past.status_code == 422
    page = await fill_in(client, plan, plan, worker_id=GRID_WORKER.id, due=today().isoformat(), look_for="看看助听器")
    visit = where(page)
    assert "李强" in page.text
    page = await fill_in(client, visit, f"{visit}/reassign", worker_id=SOCIAL_WORKER.id)
    assert "访视已改派。" in page.text
    page = await fill_in(client, visit, f"{visit}/complete", tie="family", findings="要换电池", domains="rights")
    assert "访视情况已记录。" in page.text
    assert "要换电池" in page.text


async def test_low_feedback_is_answered(here: Town, tool: Tool):
    feedback_id = new_id("feedback")
    asked = AskFeedback(
        feedback_id=feedback_id, person_id=PERSON, community=HERE, occasion=Occasion.VISIT, occasion_id=new_id("visit")
    )
    await here.send(asked, by=SOCIAL_WORKER)
    given = await here.send(GiveFeedback(feedback_id=feedback_id, score=1, words="没人来"), by=SOCIAL_WORKER)
    assert tool.runner
    await tool.runner.reached(given.position)
    client = browser(tool, SOCIAL_WORKER)
    one = f"{AT}/feedback/{feedback_id}"
    listed = await client.get(f"{AT}/feedback")
    assert one in listed.text
    assert "没人来" not in listed.text
    assert "没人来" in (await client.get(one)).text
    page = await fill_in(client, one, f"{one}/reply", words="明天上门")
    assert "明天上门" in page.text
    assert one not in (await client.get(f"{AT}/feedback")).text


async def test_consent_needs_the_persons_agreement_said(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    person = f"{AT}/persons/{PERSON}"
    page = await fill_in(client, person, f"{person}/consents", purpose="visits")
    assert page.status_code == 422
    page = await fill_in(client, person, f"{person}/consents", purpose="visits", agreed="true")
    assert "本人的同意已记录。" in page.text
    page = await fill_in(client, person, f"{person}/access", features=["captions", "large_print"])
    assert "大字版、字幕" in page.text


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


async def test_a_phone_is_shown_once_it_is_said_why_and_the_persons_page_lists_who_looked(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    page = await client.get(f"{AT}/persons/{PERSON}")
    assert f"{AT}/persons/{PERSON}/phone" in page.text
    phone = f"{AT}/persons/{PERSON}/phone"
    asked = await client.get(phone)
    assert "13800000001" not in asked.text
    assert 'value="own"' not in asked.text
    assert (await client.get(f"{phone}?why=other")).status_code == 422
    assert "13800000001" in (await client.get(f"{phone}?why=other&words=家属来电核实")).text
    assert any("王芳 · 社工 电话 其他 · 家属来电核实" in line for line in await looks(tool, client))


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


async def until(get: Callable[[], Awaitable[httpx.Response]], text: str) -> httpx.Response:
    """The page once it says the text: what policies do comes a moment later."""
    async with asyncio.timeout(20):
        while text not in (page := await get()).text:  # noqa: ASYNC110 - the pages tell nobody
            await asyncio.sleep(0.05)
    return page


async def somebody(here: Town, number: int) -> tuple[str, str]:
    """A person of their own, with an open need."""
    who, need_id = derive("person", "own", number), new_id("need")
    register = RegisterPerson(
        person_id=who,
        community=HERE,
        name="诸葛墨痕",
        citizen_id=make_citizen_id("429999", date(1950, 1, 2), number),
        disability=DisabilityClass.VISUAL,
        grade=Grade.ONE,
        phone="13811112222",
    )
    await here.send(register, by=STAFF)
    raise_need = RaiseNeed(
        need_id=need_id, person_id=who, community=HERE, channel=Channel.WALK_IN, domain=Domain.RIGHTS, words="想咨询"
    )
    await here.send(raise_need, by=SOCIAL_WORKER)
    return who, need_id


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


async def test_a_death_is_recorded_and_what_is_open_ends(tool: Tool, here: Town):
    who, need_id = await somebody(here, 33)
    client = browser(tool, SOCIAL_WORKER)
    address = f"/social-worker/persons/{who}"
    await until(lambda: client.get(address), "登记去世")
    assert "还没有到" in (await fill_in(client, address, f"{address}/death", on="2099-01-01")).text
    dead = await fill_in(client, address, f"{address}/death", on=today().isoformat())
    assert "去世" in dead.text
    closed = await until(lambda: client.get(f"/social-worker/needs/{need_id}"), "去世")
    assert "重新打开" not in closed.text
    await until(lambda: client.get(address), "待安排")


async def test_who_refused_calls_is_not_called(tool: Tool, here: Town):
    who, _ = await somebody(here, 35)
    for command in (GiveConsent, WithdrawConsent):
        await here.send(command(person_id=who, purpose=Purpose.CONTACT), by=SOCIAL_WORKER)
    client = browser(tool, SOCIAL_WORKER)
    shown = await client.get(f"/social-worker/persons/{who}/phone?why=call")
    assert "13811112222" not in shown.text
    assert "本人已撤回电话或短信联系的同意" in shown.text


async def test_a_household_in_hardship_is_visited_in_rhythm_and_who_was_not_is_one_click_away(here: Town, tool: Tool):
    person = derive("person", "severe")
    registered = RegisterPerson(
        person_id=person,
        community=HERE,
        name="吴磊",
        citizen_id=make_citizen_id("429999", date(1990, 1, 1), 77),
        disability=DisabilityClass.PHYSICAL,
        grade=Grade.ONE,
    )
    await here.send(registered, STAFF)
    home = derive("household", person)
    await here.send(FormHousehold(household_id=home, community=HERE, persons=(person,)), STAFF)
    async with browser(tool, SOCIAL_WORKER) as client:

        async def listed() -> str:
            return (await client.get(f"{AT}/households?list=all")).text

        async with asyncio.timeout(20):
            while "待安排" not in (page := await listed()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert "孤残重残" in page
        assert "吴磊：残疾等级为一级或二级" in page
        assert "孤残重残每30天一次" in page
        assert "吴磊" not in (await client.get(f"{AT}/households?list=late")).text
        assert f'href="{AT}/households?list=late"' in (await client.get(AT)).text
        answer = await client.get(f"{AT}/households/sheet?list=all")
        book = load_workbook(BytesIO(answer.content))
        assert any("吴磊：残疾等级为一级或二级" in row for row in book[book.sheetnames[0]].values)
    async with browser(tool, ELSEWHERE) as client:
        assert "吴磊" not in (await client.get(f"{AT}/households?list=all&community={HERE}")).text
