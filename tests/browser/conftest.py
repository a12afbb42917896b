"""The demonstration, a phone and a desk to use it from."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.demonstration import Made, made_in
from tests.browser.signing_in import DESK, PHONE
from tests.support.system import running_system

SECONDS = 30


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Made:
    """The demonstration, loaded once whichever worker comes first."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "demonstration"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return made_in(folder)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, made: Made) -> Iterator[str]:
    """The address of a demonstration of one's own."""
    folder = tmp_path_factory.mktemp("own") / "data"
    shutil.copytree(made.data, folder)
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
