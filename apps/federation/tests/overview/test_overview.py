"""The figures of somebody's communities, each with the list behind it."""

from __future__ import annotations

import io
import re
from datetime import date

import httpx
import pytest
from apps.federation.tests.bench import LEADER, STAFF, Bench
from openpyxl import load_workbook

from canlian_events.ids import derive
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.community import OpenCommunity
from canlian_events.registry.person import RegisterPerson
from canlian_events.registry.worker import AssignWorker, EnrolWorker
from canlian_events.terms import DisabilityClass, Role, WorkerKind
from canlian_federation.overview.views import distinct

HERE, THERE, ELSEWHERE = "429999001001", "429999001002", "429999003001"
RESIDENT = Actor("person_00000001", frozenset({Role.RESIDENT}), (HERE,))


def person(n: int, community: str) -> RegisterPerson:
    return RegisterPerson(
        person_id=derive("person", community, n),
        community=community,
        name="甲",
        citizen_id=make_citizen_id("429999", date(1960, 1, 1), n),
        disability=DisabilityClass.PHYSICAL,
    )


@pytest.fixture
async def told(bench: Bench) -> Bench:
    """Two of our communities with three persons and one, and another subdistrict's with one."""
    for code, name in ((HERE, "此社区"), (THERE, "彼社区"), (ELSEWHERE, "外街社区")):
        await bench.send(OpenCommunity(community=code, name=name))
    for n, code in enumerate((HERE, HERE, HERE, THERE, ELSEWHERE)):
        await bench.send(person(n, code))
    return bench


def links(page: httpx.Response) -> list[tuple[str, int]]:
    """Each plain figure's address with the figure."""
    cards = re.findall(
        r'href="([^"]*/behind/[^"]*)">\s*<span class="figure__label">.*?value">([\d,]+)<', page.text, re.S
    )
    cells = re.findall(r'href="([^"]*/behind/[^"]*)">([\d,]+)<', page.text)
    return [(address.replace("&amp;", "&"), int(number.replace(",", ""))) for address, number in [*cards, *cells]]


async def test_every_figure_opens_a_list_as_long_as_it_says(told: Bench):
    async with told.as_(LEADER) as client:
        for path in ("/federation", f"/federation/overview/{HERE}"):
            found = links(await client.get(path))
            assert len(found) > 15
            assert {number for _, number in found} > {0, 3}
            for address, number in found:
                listed = await client.get(address)
                assert f"{number} in all" in listed.text, address
                assert listed.text.count("govuk-table__header code") == number


async def test_the_whole_is_the_sum_of_its_communities_and_of_no_others(told: Bench):
    async with told.as_(STAFF) as client:
        page = await client.get("/federation")
        assert "此社区" in page.text
        assert "外街社区" not in page.text
        assert ("4 in all") in (await client.get("/federation/behind/persons")).text
        assert "1 in all" in (await client.get(f"/federation/behind/persons?community={THERE}")).text
        assert (await client.get(f"/federation/behind/persons?community={ELSEWHERE}")).status_code == 403
        assert (await client.get(f"/federation/overview/{ELSEWHERE}")).status_code == 403


async def test_a_rate_stands_with_its_parts_and_too_few_is_said(told: Bench):
    async with told.as_(LEADER) as client:
        page = await client.get(f"/federation/overview/{HERE}")
        assert "too few" in page.text
        assert "0 of 3" in page.text
        numerator = await client.get(f"/federation/behind/participation?community={HERE}")
        assert "Divided by: Persons registered" in numerator.text


async def test_a_list_is_exported_as_it_is_shown(told: Bench):
    async with told.as_(LEADER) as client:
        answer = await client.get(f"/federation/behind/persons/sheet.xlsx?community={HERE}")
        rows = list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(min_row=2, values_only=True))
        assert len(rows) == 3
        assert {row[2] for row in rows} == {"此社区"}
        table = await client.get("/federation/overview.xlsx")
        lines = list(load_workbook(io.BytesIO(table.content)).worksheets[0].iter_rows(min_row=2, values_only=True))
        assert [(line[0], line[2]) for line in lines] == [("此社区", 3), ("彼社区", 1)]
        assert (await client.get(f"/federation/services.xlsx?community={HERE}")).status_code == 200


async def test_an_earlier_period_counts_what_was_then(told: Bench):
    async with told.as_(LEADER) as client:
        then = await client.get("/federation/behind/persons?from=2020-01-01&to=2020-12-31")
        assert "0 in all" in then.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=soon", "Enter a real date"),
        ("from=2026-02-01&to=2026-01-01", "choose a later end"),
        ("from=0001-01-01", "2000"),
    ],
)
async def test_a_period_that_cannot_be_is_said_to_be_wrong_and_kept(bench: Bench, query: str, says: str):
    async with bench.as_(LEADER) as client:
        page = await client.get(f"/federation?{query}")
        assert page.status_code == 200
        assert says in page.text


async def test_figures_nobody_defined_are_not_found(bench: Bench):
    async with bench.as_(LEADER) as client:
        for path in ("behind/nonsense", "behind/needs_open?service=service_00000001", f"overview/{HERE}"):
            assert (await client.get(f"/federation/{path}")).status_code == 404


async def test_the_figures_are_for_the_federation_alone(bench: Bench):
    async with bench.as_(RESIDENT) as resident, bench.as_(None) as nobody:
        assert (await resident.get("/federation")).status_code == 403
        assert (await nobody.get("/federation", follow_redirects=False)).status_code in (303, 307, 401)


async def test_communities_are_opened_renamed_and_their_gaps_closed(bench: Bench):
    async with bench.as_(STAFF) as client:
        opened = await client.post("/federation/communities", data={"community": HERE, "name": "旧名社区"})
        assert "旧名社区" in opened.text
        renamed = await client.post(f"/federation/communities/{HERE}/change", data={"name": "新名社区"})
        assert "新名社区" in renamed.text
        assert "新名社区" in (await client.get("/federation/communities?lacking=grid_worker")).text
        worker = derive("worker", "王")
        await bench.send(EnrolWorker(worker_id=worker, kind=WorkerKind.GRID_WORKER, name="王安"))
        await bench.send(AssignWorker(worker_id=worker, community=HERE))
        named = await client.post(f"/federation/communities/{HERE}/grid-worker", data={"worker_id": worker})
        assert "王安" in named.text
        assert "新名社区" not in (await client.get("/federation/communities?lacking=grid_worker")).text
        again = await client.post("/federation/communities", data={"community": HERE, "name": "又一社区"})
        assert again.status_code == 409
        assert "又一社区" in again.text


async def test_a_leader_looks_at_communities_and_changes_none(bench: Bench):
    await bench.open_communities()
    async with bench.as_(LEADER) as client:
        page = await client.get("/federation/communities")
        assert "Open the community" not in page.text
        answer = await client.post("/federation/communities", data={"community": HERE, "name": "x"})
        assert answer.status_code == 403


def test_scopes_within_another_count_once():
    assert distinct(["429999001001", "429999001000", "429999001"]) == ["429999001"]
    assert distinct(["429999001002", "429999001001"]) == ["429999001001", "429999001002"]
