"""Households in special hardship, with all services behind the pages."""

from __future__ import annotations

import asyncio
from datetime import date
from io import BytesIO

import pytest
from openpyxl import load_workbook
from tests.support.social_worker_pages import AT, ELSEWHERE
from tests.support.town import (
    HERE,
    SOCIAL_WORKER,
    STAFF,
    Town,
)

from canlian_events.ids import derive
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.household import FormHousehold
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import (
    DisabilityClass,
    Grade,
)
from canlian_web.testing import browser
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_household_in_hardship_is_visited_in_rhythm_and_who_was_not_is_one_click_away(here: Town, tool: Tool):
    person = derive("person", "severe")
    registered = RegisterPerson(
        person_id=person,
        community=HERE,
        name="吴磊",
        citizen_id=make_citizen_id("429999", date(1990, 1, 1), 77),
        disability=DisabilityClass.PHYSICAL,
        grade=Grade.ONE,
    )
    await here.send(registered, STAFF)
    home = derive("household", person)
    await here.send(FormHousehold(household_id=home, community=HERE, persons=(person,)), STAFF)
    async with browser(tool, SOCIAL_WORKER) as client:

        async def listed() -> str:
            return (await client.get(f"{AT}/households?list=all")).text

        async with asyncio.timeout(20):
            while "待安排" not in (page := await listed()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert "孤残重残" in page
        assert "吴磊：残疾等级为一级或二级" in page
        assert "孤残重残每30天一次" in page
        assert "吴磊" not in (await client.get(f"{AT}/households?list=late")).text
        assert f'href="{AT}/households?list=late"' in (await client.get(AT)).text
        answer = await client.get(f"{AT}/households/sheet?list=all")
        book = load_workbook(BytesIO(answer.content))
        assert any("吴磊：残疾等级为一级或二级" in row for row in book[book.sheetnames[0]].values)
    async with browser(tool, ELSEWHERE) as client:
        assert "吴磊" not in (await client.get(f"{AT}/households?list=all&community={HERE}")).text
