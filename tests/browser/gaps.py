"""Gaps of the team, closed one after another, each from the line that shows it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from canlian_web.language.formats import today
from tests.browser.keyboard import accessible, choose, follow, press, tick, type_in

HERE, WHO = "梧桐社区", "郭海涛"
"""Of the demonstration: a community, and its grid worker, who signs in as `grid`."""


def name_responsible_member(desk: Page, url: str) -> None:
    desk.goto(f"{url}/federation/gaps")
    accessible(desk)
    follow(line(desk, "#responsible_member", HERE).get_by_role("link", name="任命"))
    chosen = desk.locator("#responsible-member")
    chosen.focus()
    desk.keyboard.press("ArrowDown")
    follow(desk.locator('form[action$="/responsible-member"] button'))
    desk.goto(f"{url}/federation/gaps")
    assert line(desk, "#responsible_member", HERE).count() == 0


def plan_session(desk: Page, url: str, title: str) -> str:
    """For today, from half past midnight, so that whoever runs this may sign in at once; the session's address."""
    desk.goto(f"{url}/federation/training")
    follow(desk.get_by_role("button", name="安排培训"))
    type_in(desk.locator("#title"), title)
    type_in(desk.locator("#place"), "街道二楼会议室")
    # how the parts of a date are typed differs with the system's locale
    desk.locator("#day").fill(today().isoformat())
    desk.locator("#time").fill("00:30")
    follow(desk.locator("main form button[type=submit]"))
    return desk.url


def sign_in_at(phone: Page, desk: Page, session: str) -> None:
    """The phone opens what the picture in the room holds."""
    desk.goto(session)
    follow(desk.get_by_role("button", name="显示签到二维码"))
    assert desk.locator(".qr-picture svg path").count() > 0
    address = desk.locator(".code a").get_attribute("href")
    assert address
    phone.goto(address)
    accessible(phone)
    follow(phone.get_by_role("button", name="我已到场"))
    phone.get_by_text("您已签到").wait_for()
    desk.goto(session)
    assert line(desk, "main", WHO).get_by_text("本人签到").count() == 1


def record_online_course(desk: Page, url: str, title: str) -> None:
    """From the list of those who lack training, where they then are no more."""
    desk.goto(f"{url}/federation/training/lacking")
    accessible(desk)
    follow(line(desk, "main", WHO).get_by_role("link", name="登记线上课程"))
    type_in(desk.locator("#title"), title)
    assert desk.locator("input[name=workers]:checked").count() == 1
    press(desk.locator("main form button[type=submit]"))
    desk.wait_for_url("**/training/training_*")
    desk.goto(f"{url}/federation/training/lacking")
    assert line(desk, "main", WHO).count() == 0


def release_with_successor(desk: Page, url: str) -> None:
    """The one grid worker of a community goes only where another comes."""
    desk.goto(f"{url}/federation/team/new?kind=grid_worker")
    tick(desk.locator("input[name=kind][value=grid_worker]"))
    type_in(desk.locator("#name"), "宋接班")
    follow(desk.locator("main form button[type=submit]"))
    desk.goto(f"{url}/federation/team?kind=grid_worker")
    follow(desk.get_by_role("link", name="曾云帆"))
    follow(desk.get_by_role("link", name="解除派驻"))
    follow(desk.locator("main form button[type=submit]"))
    assert desk.locator(".govuk-error-summary").count() == 1
    choose(desk.locator("#successor"), "宋接班")
    follow(desk.locator("main form button[type=submit]"))
    desk.goto(f"{url}/federation/communities")
    assert desk.get_by_text("宋接班").count() == 1


def line(page: Page, where: str, text: str) -> Locator:
    return page.locator(f"{where} tbody tr", has_text=text)
