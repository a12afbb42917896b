"""For the tests that cross packages: those of a folder bear its marker, the browser's go last and use the machine's."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.needs import chromium_path
from tests.support.system import System, running_system

HERE = Path(__file__).parent
MARKED = {"browser", "containers"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            folder = item.path.relative_to(HERE).parts[0]
            if folder in MARKED:
                item.add_marker(folder)
    # Playwright leaves its event loop running until the session ends, where no asynchronous test can run any more
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium when there is one, Playwright's own otherwise."""
    system = {"executable_path": chromium_path()} if chromium_path() else {}
    sandbox = {"args": ["--no-sandbox"]} if os.geteuid() == 0 else {}
    return browser_type_launch_args | system | sandbox


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A whole, empty system that the tests of a session share; one that a test breaks should be its own."""
    folder = tmp_path_factory.mktemp("system") / "data"
    with running_system(folder, environment={"CANLIAN_MOVABLE_CLOCK": "1"}) as system:
        yield system
