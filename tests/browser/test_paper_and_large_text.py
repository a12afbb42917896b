"""Pages on paper, with text twice as large, and on a wide screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.keyboard import too_wide
from tests.browser.signing_in import sign_in

SHEET = {"width": 718, "height": 1046}
"""A4 within margins of 10 mm, in CSS px."""
ADDRESSES = """[...document.querySelectorAll("a")].filter(a =>
    !["none", "normal", '""'].includes(getComputedStyle(a, "::after").content)).length"""
SEEN = ".nav, .foot, .export, .head__who, form[method=get], .govuk-button"


@pytest.mark.parametrize(
    ("who", "path"), [("staff", "/federation"), ("staff", "/federation/team"), ("social", "/social-worker/needs")]
)
def test_a_page_is_printed_with_what_it_says_and_no_more(demo: str, desk: Page, who: str, path: str) -> None:
    sign_in(desk, demo, who)
    desk.goto(f"{demo}{path}")
    desk.wait_for_load_state("networkidle")
    drawn = desk.locator(".chart__drawing canvas").count()
    desk.emulate_media(media="print")
    desk.set_viewport_size(SHEET)  # type: ignore[arg-type]
    assert too_wide(desk) == []
    assert desk.evaluate(ADDRESSES) == 0
    assert not any(one.is_visible() for one in desk.locator(SEEN).all())
    assert sum(one.is_visible() for one in desk.locator(".chart__drawing canvas").all()) == drawn
    assert "打印于" in desk.locator(".print-only").inner_text()


@pytest.mark.parametrize(
    ("who", "path"),
    [(None, "/neighbours"), ("volunteer", "/volunteer"), ("social", "/social-worker"), ("staff", "/federation/team")],
)
def test_the_head_leaves_the_screen_to_the_page_where_text_is_twice_as_large(
    demo: str, phone: Page, who: str | None, path: str
) -> None:
    if who:
        sign_in(phone, demo, who)
    phone.goto(f"{demo}{path}")
    phone.evaluate("document.documentElement.style.fontSize = '200%'")
    box = phone.locator(".head").bounding_box()
    assert box
    assert box["height"] <= 844 / 3
    assert phone.evaluate("document.querySelector('.head').scrollWidth <= innerWidth")


def test_a_table_takes_the_width_of_a_wide_screen(demo: str, desk: Page) -> None:
    sign_in(desk, demo, "staff")
    desk.set_viewport_size({"width": 1600, "height": 900})
    desk.goto(f"{demo}/federation/team")
    box = desk.locator(".table-scroll").first.bounding_box()
    assert box
    assert box["width"] > 1400
