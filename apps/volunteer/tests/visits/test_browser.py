"""A visit in a real browser on a phone: what is typed outlives a reload and a lost connection, and counts once."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, async_playwright
from tests.support.needs import chromium_path
from tests.support.town import VOLUNTEER, Town, served

from canlian_volunteer.tool import volunteer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
DRAFTS = "Object.keys(localStorage).filter(key => key.startsWith('canlian.visit/')).length"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(here: Town) -> AsyncIterator[tuple[Browser, str]]:
    """A browser, and the tool's address."""
    async with served(volunteer(here.settings)) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield browser, f"{address}/volunteer"
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def phone(here: Town, standing: tuple[Browser, str]) -> AsyncIterator[tuple[Page, str]]:
    """A signed-in phone on which nothing was done yet, and the tool's address."""
    browser, address = standing
    token = {"Authorization": f"Bearer {here.signer.sign(VOLUNTEER)}"}
    page = await browser.new_page(viewport={"width": 390, "height": 844}, extra_http_headers=token)
    page.set_default_timeout(15_000)
    yield page, address
    await page.close()


async def is_fine(page: Page) -> None:
    found = (await Axe().run(page)).response["violations"]
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def open_report(page: Page, address: str, here: Town) -> str:
    visit_id = await here.visit()
    for _ in range(100):
        answer = await page.goto(f"{address}/visits/{visit_id}/complete")
        if answer and answer.ok:
            break
    return visit_id


async def test_every_page_is_accessible_and_as_wide_as_the_screen(phone: tuple[Page, str], here: Town):
    page, address = phone
    visit_id = await open_report(page, address, here)
    for path in ("", f"/visits/{visit_id}", f"/visits/{visit_id}/complete?lang=en", f"/visits/{visit_id}/missed"):
        await page.goto(address + path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.set_viewport_size({"width": 320, "height": 700})
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        await is_fine(page)
        await page.set_viewport_size({"width": 390, "height": 844})


async def test_what_was_typed_outlives_a_reload_and_is_forgotten_once_recorded(phone: tuple[Page, str], here: Town):
    page, address = phone
    await open_report(page, address, here)
    await page.fill("#findings", "门槛太高")
    await page.check("#needs-assistive_devices")
    await page.fill("#words_assistive_devices", "斜坡板")
    await page.reload()
    assert await page.input_value("#findings") == "门槛太高"
    assert await page.input_value("#words_assistive_devices") == "斜坡板"
    assert await page.is_visible("#words_assistive_devices")
    await page.get_by_text("已恢复您之前填写的内容。").wait_for()
    await page.check("input[name=tie][value=heart]")
    await page.get_by_role("button", name="提交记录").click()
    await page.get_by_text("已记下。谢谢您上门。").wait_for()
    assert await page.evaluate(DRAFTS) == 0


async def test_with_no_signal_nothing_is_lost_and_the_form_sent_again_counts_once(phone: tuple[Page, str], here: Town):
    page, address = phone
    visit_id = await open_report(page, address, here)
    await page.check("input[name=tie][value=heart]")
    await page.fill("#findings", "一切都好")
    sent = await page.input_value("input[name=command_id]")
    await page.context.set_offline(True)
    await page.get_by_role("button", name="提交记录").click()
    await page.wait_for_timeout(300)
    await page.context.set_offline(False)
    await page.goto(f"{address}/visits/{visit_id}/complete")
    assert await page.input_value("#findings") == "一切都好"
    assert await page.is_checked("input[name=tie][value=heart]")
    assert await page.input_value("input[name=command_id]") == sent
    await page.get_by_role("button", name="提交记录").click()
    await page.get_by_text("已记下。谢谢您上门。").wait_for()


async def test_the_draft_can_be_cleared(phone: tuple[Page, str], here: Town):
    page, address = phone
    await open_report(page, address, here)
    await page.fill("#findings", "写错了")
    await page.reload()
    await page.get_by_role("button", name="清空重填").click()
    await page.wait_for_function("document.getElementById('findings').value === ''")
    assert await page.evaluate(DRAFTS) == 0
