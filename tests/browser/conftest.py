"""The demonstration, a phone and a desk to use it from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.signing_in import DESK, PHONE
from tests.support.system import running_system

SECONDS = 30


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a fresh demonstration, filled before it is ready."""
    folder = tmp_path_factory.mktemp("demonstration") / "data"
    with running_system(folder, environment={"CANLIAN_DEMO": "1"}) as system:
        yield system.url


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext]) -> Page:
    return opened(new_context, PHONE)


@pytest.fixture
def desk(new_context: Callable[..., BrowserContext]) -> Page:
    return opened(new_context, DESK)


def opened(new_context: Callable[..., BrowserContext], size: dict[str, int]) -> Page:
    context = new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    return page
