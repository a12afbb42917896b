"""Whatever is sent, the exchange answers as its OpenAPI document says; and the log holds what it accepted, and no more.

`make fuzz FOR=300` does the same for longer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from apps.exchange.tests.fuzzing import fuzz, steer, whole
from apps.exchange.tests.running import HERE, Api

from canlian_chassis.settings import Settings
from canlian_exchange.access import callers


@pytest.fixture
async def system(settings: Settings) -> AsyncIterator[Api]:
    async with whole(settings) as api:
        yield api


async def test_any_request_is_answered_as_documented_and_only_what_was_accepted_is_in_the_log(
    system: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "PATIENCE", 0.05)
    tried, strange = await fuzz(system, examples=1, number=7)
    assert dict(tried.wrong) == {}
    assert strange == []
    assert {200, 409, 422} <= set(tried.answers)
    assert tried.told, "something is accepted, so that the count says something"


def test_requests_are_steered_to_things_there_are() -> None:
    assert steer({"community": "000000000000", "ids": ["person_0000000000"], "grade": 2}) == {
        "community": HERE,
        "ids": [f"person_fuzz{sum(b'person_0000000000') % 3:08d}"],
        "grade": 2,
    }
