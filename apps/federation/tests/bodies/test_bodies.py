"""A congress composed from the first name to the by-election, as the federation's staff meet it."""

from __future__ import annotations

import io
import re
from datetime import date

import httpx
from apps.federation.tests.bench import LEADER, STAFF, Bench
from openpyxl import load_workbook

from canlian_events.ids import derive
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.community import OpenCommunity
from canlian_events.registry.duplicates import MergeDuplicate
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import DisabilityClass, MergeGround, SpecialKind
from canlian_web.testing import hidden

HERE = "429999001001"
NAMES = {
    DisabilityClass.VISUAL: "盲阿一",
    DisabilityClass.HEARING: "聋阿二",
    DisabilityClass.PHYSICAL: "肢阿三",
    DisabilityClass.INTELLECTUAL: "智阿四",
    DisabilityClass.PSYCHIATRIC: "精阿五",
}
TERM = {"begins": "2026-12-01", "ends": "2031-11-30"}


async def registered(bench: Bench) -> None:
    await bench.send(OpenCommunity(community=HERE, name="此社区"))
    for n, (disability, name) in enumerate(NAMES.items()):
        await bench.send(
            RegisterPerson(
                person_id=derive("person", n),
                community=HERE,
                name=name,
                citizen_id=make_citizen_id("429999", date(1970, 1, 1), n),
                disability=disability,
            )
        )


async def opened(client: httpx.AsyncClient, kind: str, **more: str) -> str:
    """The address of a new term."""
    page = await client.post("/federation/bodies", data={"kind": kind, **TERM, **more})
    assert page.status_code == 200, page.text
    return page.url.path


async def nominated(
    client: httpx.AsyncClient, term: str, who: str, name: str, **said: str | list[str]
) -> httpx.Response:
    asked = await client.post(f"{term}/nominate", data={"who": who, "find": name})
    assert name not in str(asked.url)
    assert ('value="disabled_person"' in asked.text) == (who != "person"), "of a registered person the registry says so"
    chosen = re.findall(r'name="member_id" type="radio" value="([^"]+)"', asked.text)
    data = hidden(asked) | {"who": who, "find": name, **said}
    return await client.post(
        f"{term}/nominate", data=data | ({"name": name} if who == "other" else {"member_id": chosen[0]})
    )


async def test_a_congress_is_composed_until_every_quota_holds(bench: Bench):
    await registered(bench)
    async with bench.as_(STAFF) as client:
        term = await opened(client, "congress")
        page = await client.get(term)
        assert "Nobody is nominated yet" in page.text
        assert "at least 70 %" in page.text
        assert "at least 65 %" in page.text

        for n, name in enumerate(NAMES.values()):
            models = ["role_model"] if n < 4 else []
            page = await nominated(client, term, "person", name, position="delegate", categories=models)
            assert name in page.text
        for name, categories in (
            ("周亲友", ["relative", "grass_roots"]),
            ("吴社团", ["social_organisation", "grass_roots"]),
        ):
            page = await nominated(client, term, "other", name, position="delegate", categories=categories)
        assert "1 quota is missing" in page.text
        assert "No volunteer: 1 more" in page.text
        assert re.search(r"6 of 7 \(85\.7\s?%\)", page.text)

        refused = await client.post(f"{term}/confirm")
        assert refused.status_code == 409
        assert "no volunteer: 1 more" in refused.text
        assert "周亲友" in refused.text

        await nominated(client, term, "other", "郑志愿", position="delegate", categories=["volunteer"])
        page = await client.post(f"{term}/confirm")
        assert "The composition is confirmed." in page.text
        assert "Every quota holds" in page.text
        assert "Composition over time: congress" in page.text

        sheet = await client.get("/federation/bodies/shares/congress.xlsx")
        [line] = load_workbook(io.BytesIO(sheet.content)).worksheets[0].iter_rows(min_row=2, values_only=True)
        assert line[2:5] == (8, 6, 0.75)
        await check_leader(bench, term)
        await check_taken_away(client, term)
        await check_by_election(client, term)


async def check_leader(bench: Bench, term: str) -> None:
    """The leading group sees the composition, and nobody's name."""
    async with bench.as_(LEADER) as leader:
        page = await leader.get(term)
        assert "Every quota holds" in page.text
        assert not [name for name in [*NAMES.values(), "周亲友"] if name in page.text]
        assert (await leader.get(f"{term}/sheet.xlsx")).status_code == 403
        assert (await leader.post(f"{term}/confirm")).status_code == 403


async def check_taken_away(client: httpx.AsyncClient, term: str) -> None:
    """Once it is said why; then that is on record for each registered person."""
    asked = await client.get(f"{term}/sheet.xlsx")
    assert "why" in asked.text
    sheet = await client.get(f"{term}/sheet.xlsx?why=report")
    rows = list(load_workbook(io.BytesIO(sheet.content)).worksheets[0].iter_rows(min_row=2, values_only=True))
    assert {row[0] for row in rows} == {*NAMES.values(), "周亲友", "吴社团", "郑志愿"}
    assert "盲阿一" in (await client.get(f"{term}/print?why=report")).text
    ledger = await client.get(f"/federation/looked?person={derive('person', 0)}")
    assert "to make a list or report" in ledger.text


async def check_by_election(client: httpx.AsyncClient, term: str) -> None:
    page = await client.get(term)
    [seat] = re.findall(rf'href="({term}/seats/[^"]+)">郑志愿<', page.text)
    assert (await client.post(f"{seat}/withdraw")).status_code == 409
    vacated = await client.post(f"{seat}/vacate", data={"reason": "resigned"})
    assert "Vacancies" in vacated.text
    assert "No volunteer: 1 more" in vacated.text
    again = await nominated(
        client, term, "other", "王志愿", position="delegate", categories=["volunteer"], fills=seat.rpartition("/")[2]
    )
    assert "Confirm the by-election" in again.text
    confirmed = await client.post(f"{term}/confirm")
    assert "The composition is confirmed." in confirmed.text
    assert "Vacancies" not in confirmed.text

    erased = await client.post(f"{seat}/erase")
    assert "The name is erased" in erased.text
    assert "郑志愿" not in (await client.get(seat)).text
    closed = await client.post(f"{term}/close")
    assert "closed" in closed.text
    assert (await client.post(f"{term}/confirm")).status_code == 409


async def test_somebody_with_two_merged_files_is_counted_once_and_not_confirmed_twice(bench: Bench):
    await registered(bench)
    kept, duplicate = derive("person", 0), derive("person", 1)
    async with bench.as_(STAFF) as client:
        term = await opened(client, "congress")
        for name in list(NAMES.values())[:2]:
            await nominated(client, term, "person", name, position="delegate")
        assert "2 members are counted" in (await client.get(term)).text
        await bench.send(MergeDuplicate(person_id=kept, duplicate=duplicate, ground=MergeGround.MISTYPED), STAFF)
        page = await client.get(term)
        assert "1 member is counted" in page.text
        assert "1 seat is of somebody who sits here already" in page.text
        refused = await client.post(f"{term}/confirm")
        assert refused.status_code == 409
        assert "盲阿一: two files that were merged into one" in refused.text


async def test_terms_are_listed_with_what_is_wrong_with_them(bench: Bench):
    async with bench.as_(STAFF) as client:
        wrong = await client.post("/federation/bodies", data={"kind": "congress", "begins": "", "ends": "2031-01-01"})
        assert wrong.status_code == 422
        over = await opened(client, "leading_group", begins="2015-01-01", ends="2020-01-01")
        assert "term overdue" in (await client.get("/federation/bodies")).text
        assert "The last day of the term has passed" in (await client.get(over)).text
        second = await client.post("/federation/bodies", data={"kind": "leading_group", **TERM})
        assert second.status_code == 409
        assert "being composed already" in second.text
        assert (
            "Nobody found by that name"
            in (await client.post(f"{over}/nominate", data={"who": "worker", "find": "谁也不是"})).text
        )
        listed = await client.get("/federation/bodies/sheet.xlsx")
        [row] = load_workbook(io.BytesIO(listed.content)).worksheets[0].iter_rows(min_row=2, values_only=True)
        assert row[3:] == ("term overdue", 0, 0, 5)
        assert (await client.get("/federation/bodies/body_00000000")).status_code == 404


def test_every_kind_has_somebody_in_this_test():
    assert {SpecialKind.of(disability) for disability in NAMES} == set(SpecialKind)
