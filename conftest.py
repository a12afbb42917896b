"""Fixtures and rules that hold for the tests of every folder."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog

from canlian_chassis.clock import CLOCK

pytest_plugins = ("tests.support.needs", "tests.support.postgres")


@pytest.fixture(autouse=True, scope="module")
def clock_that_stays_in_its_module() -> Iterator[None]:
    """A process has one clock: what a test moved would be the time of every test file after it."""
    yield
    CLOCK.set_ahead(timedelta(0))


@pytest.fixture(autouse=True)
def logs_of_this_test_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command that a test runs sets up logging onto an output that is closed when the test ends."""
    configure = structlog.configure

    def without_keeping(**options: Any) -> None:
        configure(**options | {"cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", without_keeping)
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
