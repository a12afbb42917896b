"""Services on a real log: listed, changed, withdrawn."""

from __future__ import annotations

from apps.provider.tests.conftest import (
    ONE,
    SERVICE,
    Bench,
)

from canlian_web.testing import fill_in


async def test_places_are_changed_but_not_below_those_in_use(bench: Bench):
    await bench.refer(1)
    client = bench.desk()
    await fill_in(client, ONE, f"{ONE}/accept")
    address = f"/provider/services/{SERVICE}"
    assert "名额已调整。" in (await fill_in(client, address, f"{address}/places", places="3")).text
    refused = await fill_in(client, address, f"{address}/places", places="0")
    assert refused.status_code == 409
    assert 'value="0"' in refused.text


async def test_a_service_is_listed_and_withdrawn_with_a_reason(bench: Bench):
    client = bench.desk()
    new = "/provider/services/new"
    told = {"name": "手语课", "domain": "education", "layer": "community", "places": "8", "yuan": "12.5"}
    page = await fill_in(client, new, new, **told)
    assert "手语课" in page.text
    address = f"/provider/services/{SERVICE}"
    assert (await fill_in(client, address, f"{address}/withdraw")).status_code == 422
    assert "已停办：装修" in (await fill_in(client, address, f"{address}/withdraw", why="装修")).text
