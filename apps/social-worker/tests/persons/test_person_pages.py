"""A person's file with all services behind it: registered, reached, agreed to, ended."""

from __future__ import annotations

from datetime import date

import pytest
from tests.support.social_worker_pages import AT, looks, raised, somebody, until, where
from tests.support.town import (
    HERE,
    PERSON,
    SOCIAL_WORKER,
    Town,
)

from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import GiveConsent, WithdrawConsent
from canlian_events.terms import (
    Purpose,
)
from canlian_web.language.formats import today
from canlian_web.testing import browser, fill_in
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_person_is_registered_with_what_is_wrong_said_beside_its_field(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    filled = {"name": "陈明", "citizen_id": "429999199001011234", "community": HERE, "disability": "4", "grade": ""}
    page = await fill_in(client, f"{AT}/persons/new", f"{AT}/persons/new", **filled)
    assert page.status_code == 422
    assert 'href="#citizen_id"' in page.text
    assert "陈明" in page.text
    need = await raised(here, tool, "asker_00000002")
    number = make_citizen_id("429999", date(1990, 1, 1), 123)
    asked = f"{AT}/persons/new?need={need.rpartition('/')[2]}"
    page = await fill_in(client, asked, asked, **(filled | {"citizen_id": number}))
    assert where(page) == need
    assert "陈明" in page.text
    assert number not in page.text


async def test_files_like_who_is_registered_are_shown_before_anything_is_saved(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    number, other = (make_citizen_id("429999", date(1988, 2, 3), sequence) for sequence in (123, 958))
    filled = {"name": "欧阳雪梅", "community": HERE, "disability": "4", "grade": ""}
    at = f"{AT}/persons/new"
    first = where(await fill_in(client, at, at, **filled, citizen_id=number))
    again = filled | {"name": "欧阳雪眉", "citizen_id": other}
    page = await fill_in(client, at, at, **again)
    assert where(page) == at
    assert f'href="{first}"' in page.text
    assert "姓名读音相同；出生日期相同" in page.text
    page = await fill_in(client, at, at, **again, seen_alike=first.rpartition("/")[2])
    assert where(page) not in (at, first)


async def test_consent_needs_the_persons_agreement_said(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    person = f"{AT}/persons/{PERSON}"
    page = await fill_in(client, person, f"{person}/consents", purpose="visits")
    assert page.status_code == 422
    page = await fill_in(client, person, f"{person}/consents", purpose="visits", agreed="true")
    assert "本人的同意已记录。" in page.text
    page = await fill_in(client, person, f"{person}/access", features=["captions", "large_print"])
    assert "大字版、字幕" in page.text


async def test_a_phone_is_shown_once_it_is_said_why_and_the_persons_page_lists_who_looked(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    page = await client.get(f"{AT}/persons/{PERSON}")
    assert f"{AT}/persons/{PERSON}/phone" in page.text
    phone = f"{AT}/persons/{PERSON}/phone"
    asked = await client.get(phone)
    assert "13800000001" not in asked.text
    assert 'value="own"' not in asked.text
    assert (await client.get(f"{phone}?why=other")).status_code == 422
    assert "13800000001" in (await client.get(f"{phone}?why=other&words=家属来电核实")).text
    assert any("王芳 · 社工 电话 其他 · 家属来电核实" in line for line in await looks(tool, client))


async def test_a_death_is_recorded_and_what_is_open_ends(tool: Tool, here: Town):
    who, need_id = await somebody(here, 33)
    client = browser(tool, SOCIAL_WORKER)
    address = f"/social-worker/persons/{who}"
    await until(lambda: client.get(address), "登记去世")
    assert "还没有到" in (await fill_in(client, address, f"{address}/death", on="2099-01-01")).text
    dead = await fill_in(client, address, f"{address}/death", on=today().isoformat())
    assert "去世" in dead.text
    closed = await until(lambda: client.get(f"/social-worker/needs/{need_id}"), "去世")
    assert "重新打开" not in closed.text
    await until(lambda: client.get(address), "待安排")


async def test_who_refused_calls_is_not_called(tool: Tool, here: Town):
    who, _ = await somebody(here, 35)
    for command in (GiveConsent, WithdrawConsent):
        await here.send(command(person_id=who, purpose=Purpose.CONTACT), by=SOCIAL_WORKER)
    client = browser(tool, SOCIAL_WORKER)
    shown = await client.get(f"/social-worker/persons/{who}/phone?why=call")
    assert "13811112222" not in shown.text
    assert "本人已撤回电话或短信联系的同意" in shown.text
