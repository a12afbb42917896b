"""Pages as somebody without a mouse uses them, and whether everybody could."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page


def press(what: Locator, key: str = "Enter") -> None:
    """Focus it and press a key: Enter follows links and presses buttons, Space ticks."""
    what.focus()
    assert what.evaluate("element => element === document.activeElement"), f"{what} cannot be focused"
    what.page.keyboard.press(key)


def tick(what: Locator) -> None:
    press(what, "Space")
    assert what.is_checked(), f"{what} is not ticked by the space bar"


def type_in(what: Locator, text: str) -> None:
    """In place of what stands there."""
    press(what, "ControlOrMeta+A")
    what.page.keyboard.insert_text(text)
    assert what.input_value() == text


def choose(what: Locator, text: str) -> None:
    """An option of a select, by typing how it begins."""
    what.focus()
    assert what.evaluate("element => element === document.activeElement"), f"{what} cannot be focused"
    for _ in range(what.locator("option").count()):
        if what.evaluate("element => element.selectedOptions[0].text.trim()") == text:
            return
        what.page.keyboard.press("ArrowDown")
    assert what.evaluate("element => element.selectedOptions[0].text.trim()") == text


def follow(what: Locator) -> None:
    """Press a link or a button that leads to another page, or the same once more, and check that page."""
    with what.page.expect_navigation():
        press(what)
    accessible(what.page)


def accessible(page: Page) -> None:
    """Nothing that axe finds, and nothing wider than the screen."""
    page.wait_for_load_state("load")
    assert problems(page) == []


def problems(page: Page) -> list[str]:
    found = [f"{wrong['id']}: {wrong['nodes'][0]['html'][:200]}" for wrong in Axe().run(page).response["violations"]]
    return found + too_wide(page)


def too_wide(page: Page) -> list[str]:
    width, screen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return [f"{width} px on a screen of {screen} px"] if width > screen else []
