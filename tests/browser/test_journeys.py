"""What the tools are for, from the first page to the last, by keyboard alone; every page on the way is accessible."""

from __future__ import annotations

import re
import time
from datetime import date
from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Locator, Page

from canlian_events.assistance.ask_number import shown_number
from canlian_events.assistance.instruments import WG_SS
from canlian_events.numbers import make_citizen_id
from canlian_sheets.made_up.subdistrict import make_sample
from tests.browser import gaps
from tests.browser.keyboard import accessible, choose, follow, press, tick, type_in
from tests.browser.signing_in import sign_in
from tests.support.pdf import text_of

NOT_OF_THE_DEMONSTRATION = 20261
"""A seed that makes other people than those who are there already."""


def test_1_staff_bring_a_roster_in_and_the_same_sheet_again_changes_nothing(demo: str, desk: Page, tmp_path: Path):
    sample = make_sample(tmp_path, people=40, seed=NOT_OF_THE_DEMONSTRATION)
    refused = sum(sample.refuse.values())
    assert refused > 0
    sign_in(desk, demo, "staff")

    check_roster(desk, demo, tmp_path / "roster.xlsx")
    assert outcomes(desk) == {"created": sample.accept, "updated": 0, "unchanged": 0, "refused": refused}
    assert desk.locator("#rows tbody tr").count() == sample.rows
    bring_in(desk)
    assert outcomes(desk) == {"created": sample.accept, "updated": 0, "unchanged": 0, "refused": refused}
    with desk.expect_download() as download:
        press(desk.locator('a[href$="/refused.xlsx"]'))
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).active
    assert sheet is not None
    assert sheet.max_row == 1 + refused
    batch = desk.locator('a[href*="/import-batches/"]').first.get_attribute("href")

    check_roster(desk, demo, tmp_path / "roster.xlsx")
    bring_in(desk)
    assert outcomes(desk) == {"created": 0, "updated": 0, "unchanged": sample.accept, "refused": refused}

    desk.goto(f"{demo}{batch}")
    accessible(desk)
    tick(desk.locator("#sure"))
    press(desk.get_by_role("button", name="撤销这次导入"))
    expect_text(desk, f"已撤销：{sample.accept}人不再登记")
    accessible(desk)


def test_2_somebody_without_an_account_asks_for_help_and_follows_it(demo: str, phone: Page):
    phone.goto(f"{demo}/neighbours")
    accessible(phone)
    follow(phone.locator('main a[href="/neighbours/ask"]'))
    tick(phone.locator("input[name=about][value=day_care]"))
    type_in(phone.locator("#words"), "想有人白天陪陪我母亲")
    tick(phone.locator("input[name=urgency][value=normal]"))
    choose(phone.locator("#community"), "梧桐社区")
    type_in(phone.locator("#contact"), "19900000001")
    follow(phone.get_by_role("button", name="发送"))
    number = phone.locator(".ticket__number [aria-hidden]").inner_text()
    assert re.fullmatch(r"\w{4}-\w{4}-\w{2}", number)
    follow(phone.get_by_role("button", name="看办到哪一步了"))
    expect_text(phone, "我们收到了您的求助。")

    phone.goto(f"{demo}/neighbours")
    type_in(phone.locator("#number"), number)
    follow(phone.get_by_role("button", name="查看"))
    expect_text(phone, "我们收到了您的求助。")
    assert "想有人白天陪陪我母亲" not in phone.content(), "a number alone does not show what was said"


def test_3_to_5_from_a_request_to_a_met_need_and_feedback(demo: str, desk: Page, phone: Page):
    words = "轮椅太宽,进不了厨房的门"
    sign_in(phone, demo, "resident", "/neighbours")
    follow(phone.locator('main a[href="/neighbours/ask"]'))
    tick(phone.locator("input[name=about][value=assistive_devices]"))
    type_in(phone.locator("#words"), words)
    tick(phone.locator("input[name=urgency][value=normal]"))
    follow(phone.get_by_role("button", name="发送"))
    follow(phone.get_by_role("button", name="看办到哪一步了"))
    followed = phone.url
    withdraw_consent(phone, demo)

    sign_in(desk, demo, "social", "/social-worker")
    need = open_new_need(desk, followed, words)
    assess(desk, need)
    service = refer_to_the_best(desk)
    answer_and_serve(desk, demo, service)

    phone.goto(followed)
    expect_text(phone, "您的事办好了。", again=True)
    accessible(phone)
    give_feedback(phone, demo, service)


def test_5_a_declined_referral_comes_back_to_the_worker_with_the_next_match(demo: str, desk: Page):
    sign_in(desk, demo, "social", "/social-worker/referrals?list=waiting")
    asked = desk.locator("main tbody tr", has_text="样例街道残疾人之家").locator('a[href*="/referrals/"]').first
    referral = str(asked.get_attribute("href")).rsplit("/", 1)[-1]

    desk.context.clear_cookies()
    sign_in(desk, demo, "provider", "/provider")
    follow(figure(desk, "/provider/referrals?list=waiting"))
    follow(desk.locator(f'main tbody a[href*="{referral}"]'))
    follow(desk.locator('main a[href*="/decline"]'))
    tick(desk.locator("input[name=reason]").first)
    follow(desk.get_by_role("button", name="婉拒"))

    desk.context.clear_cookies()
    sign_in(desk, demo, "social", "/social-worker")
    follow(figure(desk, "/social-worker/referrals?list=next"))
    link = desk.locator(f'main a[href$="{referral}"]')
    there(link)
    follow(link)
    there(desk.locator(".next-step", has_text=re.compile("建议下一家|没有其他合适")))
    accessible(desk)


def test_6_a_volunteer_records_a_visit_and_nothing_typed_is_lost(demo: str, phone: Page):
    sign_in(phone, demo, "volunteer", "/volunteer")
    accessible(phone)
    stop = phone.locator('ul[aria-labelledby="today"] a.stop').first
    address = str(stop.get_attribute("href"))
    follow(stop)
    follow(phone.get_by_role("button", name="见到了，填写记录"))
    type_in(phone.locator("#findings"), "一个人在家,精神不错")
    tick(phone.locator("#needs-assistive_devices"))
    type_in(phone.locator("#words_assistive_devices"), "门口要一块斜坡板")
    send = phone.get_by_role("button", name="提交记录")

    follow(send)
    phone.get_by_role("alert").wait_for()
    assert phone.locator("#findings").input_value() == "一个人在家,精神不错"
    assert phone.locator("#needs-assistive_devices").is_checked()
    assert phone.locator("#words_assistive_devices").input_value() == "门口要一块斜坡板"

    tick(phone.locator("input[name=tie]").first)
    tick(phone.locator("input[name=again]").first)
    follow(send)
    expect_text(phone, "已记下。谢谢您上门。")
    phone.goto(f"{demo}/volunteer")
    assert phone.locator(f'a[href="{address}"]').count() == 0

    phone.context.clear_cookies()
    sign_in(phone, demo, "social", "/social-worker/needs")
    open_newest_need(phone, "辅具适配", "门口要一块斜坡板")


def test_10_each_gap_of_the_team_leads_to_the_page_that_closes_it(demo: str, desk: Page, phone: Page):
    sign_in(desk, demo, "staff", "/federation/gaps")
    gaps.name_responsible_member(desk, demo)
    session = gaps.plan_session(desk, demo, "上门评估与沟通技巧")
    sign_in(phone, demo, "grid")
    gaps.sign_in_at(phone, desk, session)
    gaps.record_online_course(desk, demo, "无障碍沟通")
    gaps.release_with_successor(desk, demo)


def test_17_a_resident_reads_corrects_and_takes_their_file_and_reads_why_it_is_not_erased(
    demo: str, phone: Page, desk: Page
):
    sign_in(phone, demo, "resident", "/neighbours/me")
    accessible(phone)
    follow(phone.locator('a[href$="/me/reach"]').first)
    type_in(phone.locator("#phone"), "13900000017")
    follow(phone.get_by_role("button", name="保存"))
    expect_text(phone, "13900000017")

    follow(phone.get_by_role("button", name="看我的档案"))
    expect_text(phone, "13900000017")
    with phone.expect_download() as download:
        press(phone.locator('a[href$="/copy.pdf"]'))
    text = text_of(download.value.path())
    assert "个人信息副本" in text
    assert "13900000017" in text
    with phone.expect_download() as download:
        press(phone.locator('a[href$="/copy.json"]'))
    assert "13900000017" in download.value.path().read_text(encoding="utf-8")

    phone.goto(f"{demo}/neighbours/me")
    follow(phone.get_by_role("button", name="申请删除"))
    type_in(phone.locator("#words"), "不想再留资料")
    follow(phone.get_by_role("button", name="申请删除"))
    assert phone.get_by_role("button", name="撤回申请").count() == 1

    sign_in(desk, demo, "staff", "/federation/erasures")
    accessible(desk)
    follow(desk.locator("main li a").first)
    expect_text(desk, "申请删除全部个人信息")
    desk.goto(f"{demo}/federation/erasures")
    follow(desk.get_by_role("link", name="不予删除").first)
    type_in(desk.locator("#why"), "正在发放护理补贴")
    follow(desk.get_by_role("button", name="以此原因答复"))

    phone.goto(f"{demo}/neighbours/me")
    expect_text(phone, "正在发放护理补贴", again=True)
    expect_text(phone, "残联工作人员", again=True)
    accessible(phone)


def test_17_staff_register_a_person_and_erase_them_on_request_with_a_certificate(demo: str, desk: Page):
    sign_in(desk, demo, "staff", "/federation/people/new")
    accessible(desk)
    type_in(desk.locator("#name"), "闻人墨痕")
    type_in(desk.locator("#citizen_id"), make_citizen_id("429999", date(1949, 12, 31), 417))
    choose(desk.locator("#community"), "梧桐社区")
    tick(desk.locator("input[name=disability][value='4']"))
    tick(desk.locator("input[name=grade][value='2']"))
    follow(desk.get_by_role("button", name="登记"))
    expect_text(desk, "闻人墨痕")
    person = desk.url

    follow(desk.get_by_role("link", name="代记本人的删除申请"))
    follow(desk.get_by_role("button", name="记下申请"))
    desk.goto(f"{demo}/federation/erasures")
    follow(desk.locator("main li.card", has_text="闻人墨痕").locator('a[href*="/erasures/new"]'))
    tick(desk.locator("input[name=ground][value=request]"))
    tick(desk.locator("input[name=sure]"))
    follow(desk.get_by_role("button", name="永久删除"))
    follow(desk.locator("main form button"))
    assert desk.locator('a[href$="/certificate.json"]').count() == 1

    answer = desk.goto(person)
    assert answer is not None
    assert answer.status == 410
    assert "闻人墨痕" not in desk.content()
    expect_text(desk, "个人信息已删除")
    accessible(desk)


def check_roster(page: Page, url: str, sheet: Path) -> None:
    """Up to what would become of each row."""
    page.goto(f"{url}/federation/imports")
    accessible(page)
    page.locator("#sheet").set_input_files(sheet)
    follow(page.get_by_role("button", name="继续"))
    recognised, missing, _ = page.locator(".figure__value").all_inner_texts()
    assert int(recognised) > 10
    assert int(missing) == 0
    press(page.get_by_role("button", name="逐行核对"))
    page.locator("h1", has_text="核对结果").wait_for()
    accessible(page)


def bring_in(page: Page) -> None:
    press(page.get_by_role("button", name="确认导入"))
    page.locator("h1", has_text="导入结果").wait_for()
    accessible(page)


def outcomes(page: Page) -> dict[str, int]:
    """The counts of a sheet, which add up to its rows."""
    names = ("created", "updated", "unchanged", "refused")
    counts = {
        name: int(page.locator(f'#import a[href*="outcome={name}"] .figure__value').inner_text()) for name in names
    }
    assert sum(counts.values()) == int(page.locator("#import .figure__value").first.inner_text())
    return counts


def withdraw_consent(page: Page, url: str) -> None:
    """To telling a provider about oneself."""
    page.goto(f"{url}/neighbours/me")
    accessible(page)
    withdraw = page.locator('form[action$="/me/consent/withdraw"]:has(input[value=share_with_provider]) button')
    follow(withdraw)
    assert withdraw.count() == 0


def open_new_need(page: Page, followed: str, words: str) -> str:
    """From the day through the list behind its number, found by the request's own; taken. The need's address."""
    accessible(page)
    new = figure(page, "/social-worker/needs?holder=nobody")
    number = int(new.locator(".figure__value").inner_text())
    follow(new)
    assert page.locator("main tbody tr").count() == number
    row = page.locator("main tbody tr", has_text=shown_number(followed.rpartition("/")[2]))
    there(row)
    follow(row.locator('a[href*="/needs/"]'))
    expect_text(page, words)
    address = page.url
    follow(page.get_by_role("button", name="我来负责"))
    assert page.get_by_role("button", name="我来负责").count() == 0
    return address


def assess(page: Page, need: str) -> None:
    """With the Washington Group's Short Set: a lot of difficulty walking."""
    follow(page.locator('main a[href*="/assess?need="]'))
    follow(page.get_by_role("link", name=WG_SS.zh))
    for item in WG_SS.items:
        answer = 3 if item.code == "walking" else 1
        tick(page.locator(f'input[name="{item.code}"][value="{answer}"]'))
    follow(page.get_by_role("button", name="完成评估"))
    page.goto(need)
    there(page.get_by_role("link", name=WG_SS.zh).first)


def refer_to_the_best(page: Page) -> str:
    """The first match, with the consent that was missing; its reasons go along. The service's name."""
    follow(page.get_by_role("button", name="找服务"))
    best = page.locator(".match").first
    service = best.locator("h2").inner_text()
    reasons = best.locator(".grounds li").all_inner_texts()
    assert reasons
    press(page.locator("details > summary").first)
    assert page.locator("details .grounds__against").first.is_visible()
    accessible(page)
    follow(best.get_by_role("button", name="选择这项"))
    refer = page.get_by_role("button", name="记录同意并转介")
    tick(page.locator("#agreed"))
    follow(refer)
    there(page.get_by_role("heading", name="为什么选这项服务"))
    assert page.locator("main .grounds").first.locator("li").all_inner_texts() == reasons
    return service


def answer_and_serve(page: Page, url: str, service: str) -> None:
    """The provider's front desk: accept, begin, one session, complete."""
    page.context.clear_cookies()
    sign_in(page, url, "provider", "/provider")
    accessible(page)
    follow(figure(page, "/provider/referrals?list=waiting"))
    row = page.locator("main tbody tr", has_text=service).filter(has_text="郭涛平")
    there(row)
    follow(row.locator("a").first)
    follow(page.get_by_role("button", name="接收"))
    follow(page.get_by_role("button", name="今天开始服务"))
    tick(page.locator("input[name=attended][value=true]"))
    type_in(page.locator("#note"), "试了两种轮椅")
    follow(page.get_by_role("button", name="登记", exact=True))
    follow(page.locator('main a[href*="/complete"]'))
    tick(page.locator("input[name=outcome][value=met]"))
    follow(page.get_by_role("button", name="办结"))


def give_feedback(page: Page, url: str, service: str) -> None:
    page.goto(f"{url}/neighbours")
    asked = page.locator('main a[href*="/neighbours/feedback/"]', has_text=service).first
    there(asked)
    follow(asked)
    tick(page.locator("input[name=score][value='5']"))
    type_in(page.locator("#words"), "现在能自己进厨房了")
    follow(page.get_by_role("button", name="发送"))
    page.goto(f"{url}/neighbours/feedback")
    expect_text(page, "现在能自己进厨房了", again=True)
    accessible(page)


def figure(page: Page, address: str) -> Locator:
    """A number of a page, which opens the list behind it."""
    return page.locator(f'main a.figure__link[href="{address}"]')


def expect_text(page: Page, text: str, *, again: bool = False) -> None:
    """`again` for what follows from somebody else's deed: the page is opened anew until it says so."""
    found = page.get_by_text(text).first
    if again:
        there(found)
    else:
        found.wait_for()


def open_newest_need(page: Page, domain: str, words: str, seconds: float = 30) -> None:
    """The list says nothing of what was said, so that the newest need is opened until it is the one with the words."""
    address, end = page.url, time.monotonic() + seconds
    while True:
        follow(page.locator("main tbody tr", has_text=domain).last.locator('a[href*="/needs/"]'))
        if page.get_by_text(words).count():
            return
        assert time.monotonic() < end, f"no need says {words} within {seconds:g} s"
        page.wait_for_timeout(300)
        page.goto(address)


def there(what: Locator, seconds: float = 30) -> None:
    """Waits for what other services have to hear of first, opening the page anew."""
    end = time.monotonic() + seconds
    while not what.first.is_visible():
        assert time.monotonic() < end, f"{what} is not on {what.page.url} within {seconds:g} s"
        what.page.wait_for_timeout(300)
        what.page.reload()
