"""Journey 9: a congress composed by keyboard; an unlawful one cannot be confirmed, and the page says what to change."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.keyboard import accessible, choose, follow, press, tick, type_in
from tests.browser.signing_in import sign_in

DELEGATES = {
    "样例甲": ("blind", ["disabled_person", "role_model"]),
    "样例乙": ("deaf", ["disabled_person", "grass_roots", "volunteer"]),
    "样例丙": ("physical", ["disabled_person", "role_model", "social_organisation"]),
    "样例丁": ("intellectual", ["relative", "grass_roots"]),
    "样例戊": ("psychiatric", ["relative", "grass_roots"]),
}


def test_9_a_congress_is_composed_until_it_is_lawful_and_confirmed(demo: str, desk: Page):
    sign_in(desk, demo, "staff", "/federation/bodies")
    accessible(desk)
    follow(desk.locator("main tbody tr", has_text="代表大会").filter(has_text="任期内").locator("a"))
    fill_up_and_close(desk)

    choose(desk.locator("#kind"), "代表大会")
    desk.locator("#begins").fill("2027-01-01")
    desk.locator("#ends").fill("2031-12-31")
    follow(desk.get_by_role("button", name="开始组建"))
    term = desk.url

    for name, (kind, categories) in DELEGATES.items():
        nominate(desk, name, kind, categories)
        if name == "样例丙":
            refused(desk)
            desk.goto(term)
    expect(desk, "全部达到要求")
    accessible(desk)
    assert desk.locator("#quotas .govuk-tag--orange").count() == 0
    follow(desk.get_by_role("button", name="确认组成人员"))
    expect(desk, "组成人员已确认。")
    assert desk.locator("main tbody tr", has_text="已确认").count() == len(DELEGATES)


def nominate(page: Page, name: str, kind: str, categories: list[str]) -> None:
    """Somebody known by name only; what was typed is in no address."""
    tick(page.locator("input[name=who][value=other]"))
    type_in(page.locator("#find"), name)
    go(page, "继续")
    tick(page.locator("input[name=position]").first)
    for category in categories:
        tick(page.locator(f"input[name=categories][value={category}]"))
    page.locator("#represents").select_option(kind)
    go(page, "提名")
    assert "%" not in page.url
    expect(page, "已提名")


def fill_up_and_close(page: Page) -> None:
    """A by-election into the congress that sits, of somebody registered; then its term is closed."""
    type_in(page.locator("#find"), "wang")
    follow(page.get_by_role("button", name="继续"))
    tick(page.locator("input[name=member_id]").first)
    tick(page.locator("input[name=position]").first)
    tick(page.locator("input[name=categories][value=role_model]"))
    follow(page.get_by_role("button", name="提名"))
    follow(page.get_by_role("button", name="确认补选"))
    expect(page, "组成人员已确认。")
    press(page.locator("details", has_text="结束本届").locator("summary"))
    follow(page.get_by_role("button", name="结束本届任期"))


def refused(page: Page) -> None:
    """Below the quotas: nothing is confirmed, and what to change is said in the error and beside each quota."""
    follow(page.get_by_role("button", name="确认组成人员"))
    summary = page.get_by_role("alert").inner_text()
    assert "没有残疾人亲友：再增加1名" in summary
    assert "没有智力残疾人及亲友的代表：再增加1名" in summary
    assert page.locator("#quotas .quota__missing").count() == 3


def go(page: Page, button: str) -> None:
    """Like `follow`, without looking at what every nomination shows again."""
    with page.expect_navigation():
        press(page.get_by_role("button", name=button, exact=True))


def expect(page: Page, text: str) -> None:
    page.locator("main", has_text=text).first.wait_for()
