"""Households in the federation's tool: proposed by address, formed, changed, listed, explained."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from apps.federation.tests.bench import LEADER, STAFF, Bench
from openpyxl import load_workbook

from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import nats_server
from canlian_events.ids import derive
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import DisabilityClass, Grade
from canlian_federation.households.views import household_of, proposals, relatives_of
from canlian_federation.tool import federation
from canlian_registry.app import service as registry
from canlian_web.testing import running

pytestmark = pytest.mark.asyncio(loop_scope="module")
HERE, THERE = "429999001001", "429999001002"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("households")
    with nats_server(folder / "nats") as server:
        settings = Settings(nats_url=server.url, data=folder / "var")
        here = copy.copy(registry)
        here.settings = settings
        async with here.running(), running(federation(settings)) as tool:
            bench = Bench(tool)
            await bench.open_communities()
            yield bench


async def register(town: Bench, n: int, name: str, address: str, grade: Grade = Grade.THREE, born: int = 1990) -> str:
    person_id = derive("person", "households", n)
    await town.send(
        RegisterPerson(
            person_id=person_id,
            community=HERE,
            name=name,
            citizen_id=make_citizen_id("429999", date(born, 3, 4), n),
            disability=DisabilityClass.PHYSICAL,
            grade=grade,
            address=address,
        )
    )
    return person_id


async def read(town: Bench, query, *args):
    assert town.tool.runner
    return await town.tool.runner.read(query, *args)


async def post(town: Bench, path: str, data: Mapping[str, object], lang: str = "en"):
    async with town.as_(STAFF, lang) as client:
        return await client.post(f"/federation{path}", data=data, follow_redirects=True)


async def get(town: Bench, path: str, lang: str = "en") -> str:
    async with town.as_(STAFF, lang) as client:
        page = await client.get(f"/federation{path}")
        assert page.status_code == 200, page.text
        return page.text


async def test_a_household_from_address_to_history(town: Bench):
    li = await register(town, 1, "李强", "幸福路12号3栋2单元402室")
    wang = await register(town, 2, "王芳", "幸福路１２号３栋２单元４０２", Grade.ONE)
    await register(town, 3, "陈静", "幸福路12号3栋2单元403室")
    await register(town, 4, "刘洋", "和平路5号")
    await register(town, 5, "赵敏", "和平路5号")

    [flat, house] = sorted(await read(town, proposals, ["429999001"]), key=lambda one: one.vague)
    assert (set(flat.persons), flat.vague, house.vague) == ({li, wang}, False, True)
    page = await get(town, "/households/proposals?tick=1")
    assert "李强、王芳" in page or "王芳、李强" in page
    assert "幸福路" not in page
    assert len(re.findall(r"checked", page)) == 1

    nothing = await post(town, "/households/proposals", {"what": "confirm"})
    assert (nothing.status_code, "Tick at least one" in nothing.text) == (422, True)
    formed = await post(town, "/households/proposals", {"chosen": [flat.proposal_id], "what": "confirm"})
    assert "1 formed." in formed.text
    declined = await post(town, "/households/proposals", {"chosen": [house.proposal_id], "what": "decline"})
    assert "1 declined." in declined.text
    assert await read(town, proposals, ["429999001"]) == []

    row = await read(town, household_of, wang)
    page = await get(town, f"/households/{row.household_id}")
    for said in ("several disabled members", "orphaned or severely disabled", "王芳: grade 1 or 2", "every 30 days"):
        assert said in page
    chinese = await get(town, f"/households/{row.household_id}", "zh")
    for said in ("一户多残", "孤残重残", "王芳：残疾等级为一级或二级"):
        assert said in chinese

    home = f"/households/{row.household_id}"
    wrong = await post(town, f"{home}/relatives", {"name": "赵桂英", "kinship": "parent", "birth_date": "yesterday"})
    assert (wrong.status_code, "赵桂英" in wrong.text) == (422, True)
    mother = {"name": "赵桂英", "kinship": "parent", "birth_date": "1950-02-03", "phone": "13800000001"}
    added = await post(town, f"{home}/relatives", mother)
    assert "赵桂英" in added.text
    assert "1950-02-03" not in added.text
    assert "13800000001" not in added.text
    [relative] = await read(town, relatives_of, row.household_id)
    cared = await post(town, f"{home}/carer", {"person_id": li, "carer_id": relative.relative_id})
    assert "their only carer is 60 or over (赵桂英)" in cared.text
    own = await post(town, f"{home}/carer", {"person_id": li, "carer_id": li})
    assert (own.status_code, "Nobody is their own carer" in own.text) == (409, True)

    told = f"{home}/relatives/{relative.relative_id}/details"
    assert "13800000001" not in await get(town, told)
    assert "1950-02-03 · 13800000001" in await get(town, f"{told}?why=casework")

    corrected = await post(town, f"{home}/relatives/{relative.relative_id}", {"birth_date": "1980-02-03"})
    assert "their only carer" not in corrected.text
    assert "Special hardship cleared" in corrected.text
    unsaid = await post(town, f"{home}/leave", {"member_id": wang, "why": ""})
    assert (unsaid.status_code, "Choose one of the options" in unsaid.text) == (422, True)
    await post(town, f"{home}/leave", {"member_id": wang, "why": "moved_out"})
    page = await get(town, home)
    assert "No kind of special hardship holds" in page
    assert "Member left the household" in page


async def test_people_are_added_by_name_and_join_whom_they_live_with(town: Bench):
    one = await register(town, 11, "周杰", "长江路1号2栋301")
    form = await get(town, f"/households/new?person={one}")
    assert "Nobody else is registered at this address" in form
    done = await post(town, f"/households/new?person={one}", {})
    assert "Household of 周杰" in done.text
    row = await read(town, household_of, one)

    two = await register(town, 12, "周丽", "长江路1号2栋301室")
    [joins] = [p for p in await read(town, proposals, ["429999001"]) if p.joins == row.household_id]
    assert list(joins.persons) == [two]
    await post(town, "/households/proposals", {"chosen": [joins.proposal_id], "what": "confirm"})
    assert (await read(town, household_of, two)).household_id == row.household_id

    three = await register(town, 13, "孙涛", "长江路1号2栋302室", Grade.TWO)
    found = await get(town, f"/households/{row.household_id}/add?find=sun")
    assert "孙涛" in found
    added = await post(town, f"/households/{row.household_id}/add", {"person_id": three, "find": "sun"})
    assert "孙涛: grade 1 or 2" in added.text

    await post(town, f"/households/{row.household_id}/dissolve", {})
    assert await read(town, household_of, three) is None
    alone = await get(town, "/households/proposals?alone=1")
    assert "孙涛" in alone


async def test_lists_narrow_and_leave_as_a_sheet_that_says_why(town: Bench):
    person = await register(town, 21, "吴磊", "解放路7号1栋101", Grade.ONE)
    await post(town, f"/households/new?person={person}", {})
    for narrowed in ("show=hardship", "kind=orphaned_or_severe", "show=carerless", f"community={HERE}"):
        assert "吴磊" in await get(town, f"/households?{narrowed}")
    for other in ("kind=multiple_disabilities", "show=late", f"community={THERE}"):
        assert "吴磊" not in await get(town, f"/households?{other}")
    assert "Why do you look at this file?" in await get(town, "/households/sheet.xlsx?show=hardship")
    async with town.as_(STAFF) as client:
        answer = await client.get("/federation/households/sheet.xlsx?show=hardship&why=report")
    book = load_workbook(io.BytesIO(answer.content))
    rows = list(book[book.sheetnames[0]].values)
    [line] = [row for row in rows if "吴磊" in row]
    assert "orphaned or severely disabled" in line
    assert "吴磊: grade 1 or 2" in line


async def test_households_are_for_those_who_may_see_people(town: Bench):
    async with town.as_(LEADER) as client:
        assert (await client.get("/federation/households")).status_code == 403
    async with town.as_(STAFF) as client:
        assert (await client.get("/federation/households/household_00000099")).status_code == 404
