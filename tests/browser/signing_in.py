"""Opening a tool as somebody of the demonstration."""

from __future__ import annotations

from playwright.sync_api import Page

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
PASSWORD = "demo"


def sign_in(page: Page, url: str, login: str, then: str = "/") -> None:
    """Through the form, by keyboard, as anyone would."""
    page.goto(f"{url}/sign-in?next={then}")
    page.get_by_label("登录名").focus()
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}{then}")
