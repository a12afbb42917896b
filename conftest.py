"""Fixtures and rules that hold for the tests of every folder."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog

pytest_plugins = ("tests.support.needs", "tests.support.postgres")


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
