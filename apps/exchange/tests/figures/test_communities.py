"""The overview of each community, for programs."""

from __future__ import annotations

from typing import Any

import pytest
from apps.exchange.tests.running import GRID_WORKER_HERE, HERE, STAFF, THERE, Api, actor, person

from canlian_events.terms import Role
from canlian_exchange.access import callers

ALL = "/api/v1/communities"


def days(start: str, end: str) -> dict[str, Any]:
    return {"from": start, "to": end}


async def test_each_community_has_its_figures_and_rates_their_numerator_and_denominator(api: Api):
    done = await api.send("RegisterPerson", person())
    body = (await api.get(ALL, position=done.json()["position"])).json()
    assert [one["name"] for one in body["communities"]] == ["幸福社区", "和平社区"]
    figures = body["communities"][0]["figures"]
    assert figures["persons"] == {"zh": "登记残疾人", "en": "Persons registered", "value": 1, "rate": None}
    rate = {"numerator": 0, "denominator": 1, "percent": 0.0, "too_few": False}
    assert figures["participation"]["rate"] == rate
    assert figures["satisfaction"]["rate"] == {"numerator": 0, "denominator": 0, "percent": None, "too_few": True}
    assert body["position"] >= done.json()["position"]


async def test_a_figure_is_there_as_soon_as_its_position_is_asked_for(api: Api):
    for number in range(1, 4):
        done = await api.send("RegisterPerson", person(number))
        one = (await api.get(f"{ALL}/{HERE}", position=done.json()["position"])).json()
        assert one["figures"]["persons"]["value"] == number


@pytest.mark.asyncio(loop_scope="module")
async def test_one_community_has_its_services_too(standing: Api):
    one = await standing.get(f"{ALL}/{HERE}")
    assert one.status_code == 200
    assert one.json().keys() == {"position", "from", "to", "code", "name", "figures", "services"}


async def test_a_subdistricts_code_gives_its_communities_together(api: Api):
    for number, community in ((1, HERE), (2, THERE)):
        done = await api.send("RegisterPerson", person(number, community=community))
    whole = (await api.get(f"{ALL}/429999001000", position=done.json()["position"])).json()
    assert whole["figures"]["persons"]["value"] == 2
    assert whole["name"] is None


@pytest.mark.asyncio(loop_scope="module")
async def test_a_period_may_be_asked_for(standing: Api):
    body = (await standing.get(ALL, **days("2026-01-01", "2026-03-31"))).json()
    assert (body["from"], body["to"]) == ("2026-01-01", "2026-03-31")
    backwards = await standing.get(ALL, **days("2026-04-01", "2026-03-31"))
    assert (backwards.status_code, list(backwards.json()["fields"])) == (422, ["from"])
    assert (await standing.get(ALL, **days("2026-02-30", "2026-03-31"))).status_code == 422


@pytest.mark.asyncio(loop_scope="module")
async def test_who_works_in_one_community_sees_that_one(standing: Api):
    assert [one["code"] for one in (await standing.get(ALL, GRID_WORKER_HERE)).json()["communities"]] == [HERE]
    assert (await standing.get(f"{ALL}/{THERE}", GRID_WORKER_HERE)).status_code == 403
    assert (await standing.get(f"{ALL}/429999001000", GRID_WORKER_HERE)).status_code == 403
    assert (await standing.get(ALL, actor(Role.RESIDENT))).status_code == 403


@pytest.mark.asyncio(loop_scope="module")
async def test_a_community_that_is_not_there_is_404(standing: Api):
    answer = await standing.get(f"{ALL}/429999001099", STAFF)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_community")
    assert (await standing.get(f"{ALL}/wuhan")).status_code == 422


@pytest.mark.asyncio(loop_scope="module")
async def test_a_position_not_reached_in_time_is_503(standing: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(callers, "PATIENCE", 0.1)
    answer = await standing.get(ALL, position=2**62)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
