"""The pages on the running services: asking, following, saying how it was, one's own page."""

import asyncio
import uuid
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from tests.support.pdf import text_of
from tests.support.town import (
    DESK,
    HERE,
    OTHER_RESIDENT,
    PERSON,
    RESIDENT,
    SERVICE,
    SOCIAL_WORKER,
    STAFF,
    VOLUNTEER,
    Town,
    today,
)

from canlian_chassis.bus.client import Unavailable
from canlian_chassis.tokens import ANONYMOUS
from canlian_events.assistance.ask_number import ask_number, shown_number
from canlian_events.assistance.need import AssignNeed, RaiseNeed
from canlian_events.assistance.visit import CompleteVisit
from canlian_events.catalog.referral import AcceptReferral, ReferPerson
from canlian_events.evaluation.feedback import ReplyToFeedback, feedback_on
from canlian_events.ids import new_id
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.duplicates import MergeDuplicate
from canlian_events.registry.person import (
    DeclineErasure,
    IssueCertificate,
    ReclassifyDisability,
    RegisterPerson,
    SettleCorrection,
)
from canlian_events.registry.showing import ShowFile
from canlian_events.terms import Channel, DisabilityClass, Domain, FileField, Grade, MergeGround, Role, ShownFor, Tie
from canlian_neighbours.requests.rate_limit import Limit
from canlian_person_file import disclosure
from canlian_web.testing import browser, fill_in, hidden
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILLED = {"about": "assistive_devices", "words": "我妈妈听不见门铃", "urgency": "urgent", "community": HERE}


@pytest.fixture(autouse=True)
def _enough(tool: Tool):
    tool.app.state.asks = Limit(most=100, seconds=3600)


async def ask(tool: Tool, actor=ANONYMOUS, **filled):
    return await fill_in(browser(tool, actor), "/neighbours/ask", "/neighbours/ask", **(FILLED | filled))


def number_in(page):
    return page.url.path.rpartition("/")[2]


async def own_need(here: Town, domain=Domain.ASSISTIVE_DEVICES, words="助听器坏了"):
    need_id = new_id("need")
    await here.send(
        RaiseNeed(
            need_id=need_id,
            person_id=PERSON,
            community=HERE,
            channel=Channel.NEIGHBOURS,
            domain=domain,
            words=words,
        ),
        by=RESIDENT,
    )
    return need_id


async def until(get, text, seconds=5.0):
    """The page once it says the text: what policies do comes a moment later."""
    async with asyncio.timeout(seconds):
        while text not in unescape((page := await get()).text):  # noqa: ASYNC110 - the pages tell nobody
            await asyncio.sleep(0.05)
    return page


async def test_anybody_asks_without_an_account_and_gets_a_number_to_follow_it(tool: Tool, here: Town):
    page = await ask(tool, contact="１３８００００１１１１")
    number = number_in(page)
    assert shown_number(number) in page.text
    assert "给您打电话" in page.text
    followed = await browser(tool, ANONYMOUS).get("/neighbours/follow", params={"number": shown_number(number).lower()})
    assert followed.url.path == f"/neighbours/needs/{number}"
    assert "我们收到了您的求助。" in followed.text
    assert "李强" in followed.text
    assert "听不见" not in followed.text
    assert "13800001111" not in followed.text


async def test_who_leaves_no_phone_is_told_to_look_here(tool: Tool):
    assert "您没有留电话" in (await ask(tool)).text


async def test_the_form_sent_twice_is_one_request(tool: Tool):
    client = browser(tool, ANONYMOUS)
    form = hidden(await client.get("/neighbours/ask")) | FILLED
    first, second = [await client.post("/neighbours/ask", data=form) for _ in range(2)]
    assert number_in(first) == number_in(second)


async def test_what_is_missing_is_named_in_the_pages_order_and_nothing_typed_is_lost(tool: Tool):
    page = await ask(tool, about="", community="", contact="没有电话")
    assert page.status_code == 422
    text = unescape(page.text)
    links = [text.index(f'href="#{field}"') for field in ("about", "community", "contact")]
    assert links == sorted(links)
    assert "我妈妈听不见门铃" in text
    assert "没有电话" in text


async def test_something_else_needs_words(tool: Tool):
    page = await ask(tool, about="other", words=" ")
    assert page.status_code == 422
    assert "请写几个字，说说您需要什么" in page.text
    assert (await ask(tool, about="other", words="想找人下棋")).status_code == 200


async def test_an_address_that_asks_too_much_is_told_so_and_loses_nothing(tool: Tool):
    tool.app.state.asks = Limit(most=1, seconds=3600)
    assert (await ask(tool)).status_code == 200
    page = await ask(tool)
    assert page.status_code == 429
    assert "请过一会儿再发送" in page.text
    assert "我妈妈听不见门铃" in page.text


async def test_a_number_nobody_has_and_what_is_no_number_are_told_apart(tool: Tool):
    client = browser(tool, ANONYMOUS)
    assert "没有查到这个编号" in (await client.get("/neighbours/follow?number=K7M2-9QXD-4F")).text
    assert "编号有10个字符" in (await client.get("/neighbours/follow?number=12345")).text
    assert (await client.get("/neighbours/needs/K7M29QXD4F")).status_code == 404


async def test_a_resident_asks_for_themselves_and_finds_it_at_the_start(tool: Tool):
    page = await ask(tool, RESIDENT, community="", words="想学盲文")
    assert "给您打电话" in page.text
    assert "想学盲文" in (await browser(tool, RESIDENT).get("/neighbours")).text
    followed = await browser(tool, RESIDENT).get(f"/neighbours/needs/{number_in(page)}")
    assert "想学盲文" in followed.text


async def test_another_resident_sees_neither_the_words_nor_the_way_to_close_it(tool: Tool, here: Town):
    need_id = await own_need(here, words="别人的事")
    client = browser(tool, OTHER_RESIDENT)
    address = f"/neighbours/needs/{ask_number(need_id)}"
    page = await until(lambda: client.get(address), "我们收到了")
    assert "别人的事" not in page.text
    assert f"{address}/close" not in page.text
    assert (await client.get(f"{address}/close")).status_code == 404
    assert (await client.post(f"{address}/close", data={"reason": "met"})).status_code == 404


async def test_where_it_stands_is_followed_to_the_service(tool: Tool, here: Town):
    need_id, referral_id = await own_need(here), new_id("referral")
    await here.send(AssignNeed(need_id=need_id, worker_id=SOCIAL_WORKER.id), by=SOCIAL_WORKER)
    referred = ReferPerson(
        referral_id=referral_id, person_id=PERSON, community=HERE, service_id=SERVICE, need_id=need_id, note="听力二级"
    )
    await here.send(referred, by=SOCIAL_WORKER)
    client, address = browser(tool, RESIDENT), f"/neighbours/needs/{ask_number(need_id)}"
    page = await until(lambda: client.get(address), "对方还没有答复")
    assert "助听器适配" in page.text
    assert "02780000001" in page.text
    assert "王芳" in page.text
    await here.send(AcceptReferral(referral_id=referral_id), by=DESK)
    await until(lambda: client.get(address), "服务机构同意为您服务。")
    page = await fill_in(client, f"{address}/close", f"{address}/call-off", why_not="太远了")
    assert "已经不用这家服务了" in page.text
    await until(lambda: client.get(address), "那家服务机构没有办成。")


async def test_a_resident_closes_their_request_and_opens_it_again(tool: Tool, here: Town):
    need_id = await own_need(here, Domain.RIGHTS)
    client, address = browser(tool, RESIDENT), f"/neighbours/needs/{ask_number(need_id)}"
    await until(lambda: client.get(address), "我们收到了")
    assert (await fill_in(client, f"{address}/close", f"{address}/close")).status_code == 422
    page = await fill_in(client, f"{address}/close", f"{address}/close", reason="withdrawn")
    assert "您不再需要" in page.text
    page = await fill_in(client, f"{address}/close", f"{address}/reopen", why="changed_mind")
    assert "已重新办理" in page.text


async def test_a_resident_says_how_a_visit_was_and_reads_the_answer(tool: Tool, here: Town):
    visit_id = await here.visit()
    await here.send(CompleteVisit(visit_id=visit_id, tie=Tie.HEART), by=VOLUNTEER)
    client, address = browser(tool, RESIDENT), f"/neighbours/feedback/{feedback_on(visit_id)}"
    await until(lambda: client.get("/neighbours/feedback"), address)
    assert address in (await client.get("/neighbours")).text
    wrong = await fill_in(client, address, address, words="来晚了")
    assert wrong.status_code == 422
    assert "来晚了" in wrong.text
    given = await fill_in(client, address, address, score="4", words="来晚了")
    assert "您说：好" in given.text
    await here.send(ReplyToFeedback(feedback_id=feedback_on(visit_id), words="下次早点"), by=SOCIAL_WORKER)
    await until(lambda: client.get("/neighbours/feedback"), "下次早点")
    assert (await browser(tool, OTHER_RESIDENT).get(address)).status_code == 404
    assert "您已经说过了" in (await client.get(address)).text


async def test_a_residents_own_page_shows_and_changes_what_is_theirs(tool: Tool):
    client = browser(tool, RESIDENT)
    me = await client.get("/neighbours/me")
    assert "和平路3号2单元501" in me.text
    assert "手语" in me.text
    corrected = hidden(await client.get("/neighbours/me/reach")) | {"phone": "13700000000", "address": "新路1号"}
    page = await client.post("/neighbours/me/reach", data=corrected)
    assert "13700000000" in page.text
    assert "新路1号" in page.text
    assert "您的电话已更改。您的地址已更改。" in page.text
    wrong = await fill_in(client, "/neighbours/me/reach", "/neighbours/me/reach", phone="没有")
    assert wrong.status_code == 422
    reach = "/neighbours/me/reach"
    emptied = await client.post(reach, data=hidden(await client.get(reach)) | {"phone": "", "address": "新路1号"})
    assert emptied.status_code == 422
    assert "空着不会改动" in emptied.text
    assert "没有改动" in (await fill_in(client, reach, reach, phone="13700000000")).text
    moved = await client.post(reach, data=hidden(await client.get(reach)) | {"phone": "", "address": "新路2号"})
    assert "您的地址已更改。" in moved.text
    assert "电话已" not in moved.text
    assert "13700000000" in moved.text, "an empty field is no wish to have no phone"
    assert (await fill_in(client, reach, reach, phone="13700000001", gone="phone")).status_code == 422
    removed = await fill_in(client, reach, reach, phone="13700000000", gone="phone")
    assert "您的电话已删除。" in removed.text
    assert "13700000000" not in removed.text
    assert 'name="gone"' not in (await client.get(reach)).text
    page = await fill_in(client, "/neighbours/me/access", "/neighbours/me/access", features=["ramp", "captions"])
    assert "无障碍坡道" in page.text
    assert "手语" not in page.text
    page = await fill_in(client, "/neighbours/me/access", "/neighbours/me/access")
    assert "还没有勾选" in page.text


async def test_a_resident_asks_for_another_name_and_reads_the_answer(tool: Tool, here: Town):
    client, ask = browser(tool, RESIDENT), "/neighbours/me/correction"
    assert (await fill_in(client, ask, ask)).status_code == 422
    asked = await fill_in(client, ask, ask, words="名字里的字写错了")
    assert "名字里的字写错了" in asked.text
    assert "会更正，或在这里说明原因" in asked.text
    await here.send(SettleCorrection(person_id=PERSON, corrected=False, why="与身份证一致"), by=STAFF)
    await until(lambda: client.get("/neighbours/me/file"), "与身份证一致")


async def test_a_residents_own_page_lists_who_looked_and_hides_what_cannot_be_recorded(
    tool: Tool, here: Town, monkeypatch: pytest.MonkeyPatch
):
    async def nobody(*_: object) -> None:
        raise Unavailable

    looked = ShowFile(
        showing_id=new_id("showing"),
        person_id=PERSON,
        community=HERE,
        what=frozenset({FileField.PHONE}),
        why=ShownFor.CALL,
    )
    await here.send(looked, by=SOCIAL_WORKER)
    client = browser(tool, RESIDENT)
    page = await until(lambda: client.get("/neighbours/me"), "王芳 · 社工")
    assert "谁查阅过我的档案" in page.text
    assert "电话联系" in page.text
    assert "本人查阅" not in page.text
    monkeypatch.setattr(disclosure, "_send", nobody)
    for address in ("/neighbours/me", "/neighbours/me/reach"):
        page = await client.get(address)
        assert page.status_code == 200
        assert "和平路" not in page.text
        assert "新路1号" not in page.text
        assert "暂不显示" in page.text


async def test_consent_is_given_and_taken_back(tool: Tool):
    client = browser(tool, OTHER_RESIDENT)
    agree = {"purpose": "visits", "command_id": str(uuid.uuid4())}
    assert ">我同意<" not in (await client.get("/neighbours/me")).text
    assert ">我同意<" in (await client.post("/neighbours/me/consent", data=agree)).text
    back = agree | {"command_id": str(uuid.uuid4())}
    assert ">我同意<" not in (await client.post("/neighbours/me/consent/withdraw", data=back)).text


async def test_feedback_and_ones_own_page_are_for_residents_who_signed_in(tool: Tool):
    stranger = browser(tool, ANONYMOUS)
    stranger.follow_redirects = False
    for address in ("/neighbours/feedback", "/neighbours/me"):
        assert (await stranger.get(address)).headers["location"].startswith("/sign-in")
        assert (await browser(tool, VOLUNTEER).get(address)).status_code == 403


async def until_listed(tool: Tool, address: str) -> dict[str, Any]:
    """The copy, once it shows that it was looked at itself."""
    async with asyncio.timeout(5):
        while not (said := (await browser(tool, RESIDENT).get(address)).json())["looked"]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    return dict(said)


async def test_residents_read_their_whole_file_and_take_a_copy_with_them(tool: Tool, here: Town):
    await own_need(here, words="想学按摩")
    client = browser(tool, RESIDENT)
    page = await until(lambda: client.get("/neighbours/me/file"), "想学按摩")
    number = make_citizen_id("429999", date(1961, 3, 14), 122)
    for theirs in ("欧阳秀兰", number, "听力", "二级", "提出需求"):
        assert theirs in page.text
    said = await until_listed(tool, "/neighbours/me/copy.json")
    assert said["file"]["citizen_id"] == number
    assert "想学按摩" in str(said["happened"])
    pdf = await client.get("/neighbours/me/copy.pdf")
    text = text_of(pdf.content)
    for theirs in ("个人信息副本", "欧阳秀兰", number, "想学按摩", "本人查阅"):
        assert theirs in text
    assert (await client.get("/neighbours/me/copy.doc")).status_code == 404
    assert (await browser(tool, ANONYMOUS).get("/neighbours/me/copy.json")).status_code == 404


async def test_a_resident_asks_to_be_erased_takes_it_back_and_reads_why_it_was_declined(tool: Tool, here: Town):
    client = browser(tool, OTHER_RESIDENT)
    address = "/neighbours/me/erasure"
    assert "撤回申请" in (await fill_in(client, address, address, words="不想留")).text
    assert "撤回申请" not in (await fill_in(client, "/neighbours/me", f"{address}/withdraw")).text
    await fill_in(client, address, address)
    await here.send(DeclineErasure(person_id=OTHER_RESIDENT.id, why="正在发放补贴"), by=STAFF)
    page = await until(lambda: client.get("/neighbours/me"), "正在发放补贴")
    assert "上次的申请没有同意" in page.text


async def test_a_resident_whose_file_was_merged_goes_on_with_the_one_that_was_kept(tool: Tool, here: Town):
    kept, other = "person_00000003", "person_00000004"
    for number, id_ in enumerate((kept, other)):
        somebody = RegisterPerson(
            person_id=id_, community=HERE, name="赵一鸣", disability=DisabilityClass.VISUAL,
            citizen_id=make_citizen_id("429999", date(1970, 5, 4), 31 + number),
        )  # fmt: skip
        await here.send(somebody, by=STAFF)
    await here.send(MergeDuplicate(person_id=kept, duplicate=other, ground=MergeGround.MISTYPED), by=STAFF)
    client = browser(tool, Actor(other, frozenset({Role.RESIDENT})))
    await until(lambda: client.get("/neighbours/me/file"), "赵一鸣")
    address = "/neighbours/me/erasure"
    assert "撤回申请" in (await fill_in(client, address, address, words="不想留")).text
    assert "撤回申请" not in (await fill_in(client, "/neighbours/me", f"{address}/withdraw")).text


async def test_a_resident_is_told_before_the_certificate_runs_out_and_may_dispute_a_result(tool: Tool, here: Town):
    number = make_citizen_id("429999", date(1961, 3, 14), 122) + "22"
    soon = today() + timedelta(days=30)
    issued = soon.replace(year=soon.year - 10, day=min(soon.day, 28))
    await here.send(IssueCertificate(person_id=PERSON, number=number, issued=issued), by=STAFF)
    client = browser(tool, RESIDENT)
    await until(lambda: client.get("/neighbours/me"), "残疾人证快到期了")
    reclassified = ReclassifyDisability(person_id=PERSON, disability=DisabilityClass.HEARING, grade=Grade.ONE)
    await here.send(reclassified, by=STAFF)
    page = await until(lambda: client.get("/neighbours/me/file"), "我不同意评定结果")
    assert "10 个工作日内" in page.text
    disputed = await fill_in(client, "/neighbours/me/file", "/neighbours/me/reassessment")
    assert "您已申请重新评定" in disputed.text
