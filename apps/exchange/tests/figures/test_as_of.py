"""The overview as it stood at a position or at the end of a day."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from apps.exchange.tests.running import GRID_WORKER_HERE, HERE, THERE, Api, person

from canlian_chassis.views import as_of
from canlian_chassis.views.store import ViewStore
from canlian_events.calendar import day_of
from canlian_exchange.access import callers
from canlian_web.language.formats import now, today

ALL = "/api/v1/communities"


async def persons(api: Api, **query: Any) -> tuple[int, int]:
    """The persons registered in one community, and the position at which that is so."""
    answer = await api.get(f"{ALL}/{HERE}", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["figures"]["persons"]["value"], answer.json()["position"]


async def test_at_each_position_the_figures_are_those_of_then(api: Api):
    reached = [(await api.send("RegisterPerson", person(number))).json()["position"] for number in range(1, 4)]
    await persons(api, position=reached[-1])
    for number, position in ((2, reached[1]), (1, reached[0]), (3, reached[2]), (0, reached[0] - 1)):
        assert await persons(api, as_of=position) == (number, position)


async def test_what_was_not_yet_is_not_there(api: Api):
    assert (await api.get(ALL, as_of=0)).json()["communities"] == []
    gone = await api.get(f"{ALL}/{HERE}", as_of=0)
    assert (gone.status_code, gone.json()["code"]) == (404, "no_such_community")


async def test_a_day_means_its_end_and_the_days_counted_end_with_it(api: Api):
    done = (await api.send("RegisterPerson", person())).json()["position"]
    assert await persons(api, as_of=today().isoformat()) == (1, done)
    yesterday = today() - timedelta(days=1)
    before = (await api.get(ALL, as_of=yesterday.isoformat())).json()
    assert (before["position"], before["communities"]) == (0, [])
    assert (before["from"], before["to"]) == (date(yesterday.year, 1, 1).isoformat(), yesterday.isoformat())
    assert (await api.get(ALL, as_of=done)).json()["to"] == day_of(now()).isoformat()


@pytest.mark.parametrize("then", [10**9, "tomorrow", "2026-02-30", "soon", "0000-01-01"])
async def test_what_has_not_come_yet_and_what_is_no_day_is_422(api: Api, then: object):
    # the day that is tomorrow when it is asked, which is another than when tests were collected before midnight
    asked = str(today() + timedelta(days=1)) if then == "tomorrow" else str(then)
    answer = await api.get(ALL, as_of=asked)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["as_of"])


async def test_what_takes_long_to_fold_is_503_and_then_there(api: Api, monkeypatch: pytest.MonkeyPatch):
    go_on, fold = asyncio.Event(), as_of.fold  # type: ignore[attr-defined]

    async def slowly(store: ViewStore, *rest: Any) -> None:
        await go_on.wait()
        await fold(store, *rest)

    monkeypatch.setattr(as_of, "fold", slowly)
    monkeypatch.setattr(callers, "PATIENCE", 0.1)
    answer = await api.get(f"{ALL}/{HERE}", as_of=1)
    assert (answer.status_code, answer.json()["code"]) == (503, "still_folding")
    assert int(answer.headers["Retry-After"]) > 0
    monkeypatch.setattr(callers, "PATIENCE", 5)
    go_on.set()
    assert (await persons(api, as_of=2))[0] == 0


async def test_who_may_not_see_a_community_starts_nothing(api: Api):
    assert (await api.get(f"{ALL}/{THERE}", GRID_WORKER_HERE, as_of=1)).status_code == 403
    assert not list(api.tool.settings.data.glob("views/as-of/**/*.sqlite"))
