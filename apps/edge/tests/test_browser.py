"""Start and sign-in in a real browser: by keyboard alone, on a narrow phone, checked with axe."""

from collections.abc import Iterator

import pytest
from apps.edge.tests.system import PASSWORD, System
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright
from tests.support.needs import chromium_path

from canlian_events.terms import Role

pytestmark = pytest.mark.browser

PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def screen(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with chromium.new_context(viewport=request.param, locale="zh-CN") as context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        yield page


@pytest.mark.parametrize("address", ["/", "/sign-in", "/sign-in?lang=en", "/nowhere", "/provider"])
def test_a_page_is_accessible_and_as_wide_as_the_screen(system: System, screen: Page, address: str) -> None:
    blocked: list[str] = []
    screen.on("console", lambda message: blocked.append(message.text) if "Security Policy" in message.text else None)
    screen.goto(system.address + address)
    found = Axe().run(screen).response["violations"]
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found] == []
    assert screen.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert blocked == []


@pytest.mark.parametrize(
    "address",
    [
        "/account", "/account/password", "/account/second-factor?lang=en", "/sign-in/code",
        "/federation/accounts", "/federation/accounts/new?lang=en",
    ],
)  # fmt: skip
def test_a_page_of_accounts_is_accessible_and_as_wide_as_the_screen(system: System, screen: Page, address: str) -> None:
    if system.accounts.get("keeper") is None:
        system.accounts.upsert_account(
            "keeper", actor_id="worker_0000000021", roles=[Role.STAFF], communities=["429999001"], password=PASSWORD
        )
    cookie = system.accounts.sign_in("keeper", PASSWORD)
    screen.context.add_cookies([{"name": "session", "value": cookie, "url": system.address}])
    blocked: list[str] = []
    screen.on("console", lambda message: blocked.append(message.text) if "Security Policy" in message.text else None)
    answer = screen.goto(system.address + address)
    assert answer is not None
    assert answer.ok
    found = Axe().run(screen).response["violations"]
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found] == []
    assert screen.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert blocked == []


def test_signing_in_and_out_by_keyboard_alone(system: System, screen: Page) -> None:
    screen.goto(f"{system.address}/sign-in?next=/")
    press_until(screen, "login")
    screen.keyboard.type("social.worker")
    screen.keyboard.press("Tab")
    screen.keyboard.type(PASSWORD)
    screen.keyboard.press("Enter")
    screen.wait_for_url(f"{system.address}/")
    assert "王芳" in screen.locator(".head__name").inner_text()
    press_until(screen, "退出登录")
    screen.keyboard.press("Enter")
    screen.get_by_role("status").filter(has_text="您已退出登录。").wait_for()


def test_errors_are_announced_and_lead_to_their_fields(system: System, screen: Page) -> None:
    screen.goto(f"{system.address}/sign-in")
    screen.get_by_role("button", name="登录", exact=True).first.click()
    screen.get_by_role("alert").get_by_role("link").first.click()
    assert screen.evaluate("document.activeElement.id") == "login"
    assert screen.title().startswith("错误")


def test_the_language_can_be_changed_on_the_page_one_is_on(system: System, screen: Page) -> None:
    screen.goto(f"{system.address}/sign-in?next=/volunteer")
    screen.get_by_role("link", name="English").click()
    assert screen.locator("html").get_attribute("lang") == "en-GB"
    assert screen.locator("input[name=next]").first.get_attribute("value") == "/volunteer"


def press_until(screen: Page, wanted: str) -> None:
    """Tab on until what is wanted, by its name or its text, has the focus."""
    for _ in range(30):
        screen.keyboard.press("Tab")
        at = screen.evaluate("[document.activeElement.name, document.activeElement.textContent.trim()]")
        if wanted in at:
            return
    raise AssertionError(f"{wanted} cannot be reached by keyboard")
