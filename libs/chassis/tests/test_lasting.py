"""Trying for as long as it takes: what is waited for, what is not, and what the log says meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest
from nats.js.errors import ServerError
from structlog.testing import capture_logs

from canlian_chassis.bus.client import Failed, Unavailable
from canlian_chassis.policies import retry as under_test
from canlian_chassis.policies.retry import lasting

FULL = ServerError(code=500, err_code=10077, description="maximum bytes exceeded")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "_PAUSE_SECONDS", 0)


def failing(*errors: Exception) -> Callable[[], Awaitable[str]]:
    """An act that raises these one after the other, then comes to "done"."""
    left: Iterator[Exception] = iter(errors)

    async def act() -> str:
        for error in left:
            raise error
        return "done"

    return act


@pytest.mark.parametrize("away", [FULL, TimeoutError(), ConnectionResetError(), Unavailable()], ids=str)
async def test_what_is_away_is_tried_again(away: Exception) -> None:
    assert await lasting(failing(away, away)) == "done"


async def test_a_service_that_says_it_cannot_is_not_asked_for_ever() -> None:
    with pytest.raises(Failed):
        await lasting(failing(Failed()))


@pytest.mark.parametrize(("every", "said"), [(0.0, ["maximum bytes exceeded"]), (60.0, [])], ids=["long", "a moment"])
async def test_the_log_tells_why_it_takes_so_long(
    monkeypatch: pytest.MonkeyPatch, every: float, said: list[str]
) -> None:
    monkeypatch.setattr(under_test, "_SAY_EVERY_SECONDS", every)
    with capture_logs() as logs:
        await lasting(failing(FULL))
    assert [entry["event"] for entry in logs] == ["policies.still_trying"] * len(said)
    for entry, words in zip(logs, said, strict=True):
        assert words in entry["why"]
