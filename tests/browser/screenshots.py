"""`make screenshots`: the main page of each tool as the documents show it, from a fresh demonstration."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.signing_in import DESK, PHONE, sign_in
from tests.support.needs import chromium_path
from tests.support.system import running_system

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PAGES = [
    ("start", None, "/", DESK),
    ("sign-in", None, "/sign-in", DESK),
    ("neighbours", None, "/neighbours", PHONE),
    ("neighbours-ask", None, "/neighbours/ask", PHONE),
    ("volunteer", "volunteer", "/volunteer", PHONE),
    ("social-worker", "social", "/social-worker", DESK),
    ("provider", "provider", "/provider", DESK),
    ("federation", "staff", "/federation", DESK),
    ("federation-import", "staff", "/federation/imports", DESK),
]


def take(url: str, folder: Path = PICTURES) -> None:
    """A picture of each page, at the size of the device it is made for."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path() or None, args=["--no-sandbox"])
        for name, login, path, size in PAGES:
            page = browser.new_page(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai")  # type: ignore[arg-type]
            if login:
                sign_in(page, url, login, path)
            else:
                page.goto(f"{url}{path}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as folder,
        running_system(Path(folder) / "data", environment={"CANLIAN_DEMO": "1"}) as system,
    ):
        take(system.url)
