"""Asking and following in a real browser: a narrow phone, large print, the keyboard alone, checked with axe."""

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, async_playwright
from tests.support.needs import chromium_path
from tests.support.town import RESIDENT, Town, served

from canlian_chassis.tokens import ANONYMOUS
from canlian_neighbours.tool import neighbours

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


SIZES = [(390, "100%"), (320, "100%"), (320, "200%")]
"""Widths of a phone in pixels, with the size of print; the hardest last."""


async def is_fine(page: Page) -> None:
    found = (await Axe().run(page)).response["violations"]
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def press_until(page: Page, element_id: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == element_id:
            return
    raise AssertionError(f"{element_id} is not reached by keyboard")


async def test_every_page_is_accessible_and_as_wide_as_the_screen(here: Town):
    async with served(neighbours(here.settings)) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        for actor, paths in (
            (ANONYMOUS, ["", "/ask", "/asked/K7M29QXD4F", "/follow?number=1"]),
            (RESIDENT, ["", "/ask?lang=en", "/feedback", "/me", "/me/reach", "/me/access"]),
        ):
            token = {"Authorization": f"Bearer {here.signer.sign(actor)}"}
            page = await browser.new_page(extra_http_headers=token)
            for path in paths:
                await page.goto(f"{address}/neighbours{path}")
                for width, print_size in SIZES:
                    await page.set_viewport_size({"width": width, "height": 700})
                    await page.evaluate(f"document.documentElement.style.fontSize = '{print_size}'")
                    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                await is_fine(page)
        await browser.close()


async def test_help_is_asked_for_by_keyboard_alone(here: Town):
    async with served(neighbours(here.settings)) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        token = {"Authorization": f"Bearer {here.signer.sign(ANONYMOUS)}"}
        page = await browser.new_page(viewport={"width": 390, "height": 844}, extra_http_headers=token)
        await page.goto(f"{address}/neighbours/ask")
        await press_until(page, "about")
        await page.keyboard.press("Space")
        await press_until(page, "words")
        await page.keyboard.type("想有人白天陪陪我")
        await press_until(page, "community")
        await page.keyboard.press("ArrowDown")
        await press_until(page, "contact")
        await page.keyboard.type("13800001111")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/asked/**")
        await is_fine(page)
        await page.get_by_role("button", name="看办到哪一步了").click()
        await page.get_by_role("heading", name="我们收到了您的求助。").wait_for()
        await is_fine(page)
        await browser.close()
