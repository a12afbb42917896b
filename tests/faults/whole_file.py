"""All that the registry may come to know of one person, by every way it comes: for the test that erases them."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Iterable
from datetime import date, timedelta

import httpx
import pyotp
from openpyxl import Workbook

from canlian_accounts import Accounts
from canlian_accounts.throttling import SignInRefused
from canlian_events.calendar import begin_of
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.association import AdmitMember, FoundAssociation, HoldActivity
from canlian_events.registry.body import ConfirmComposition, NominateMember, OpenTerm
from canlian_events.registry.duplicates import MergeDuplicate
from canlian_events.registry.household import FormHousehold, NameCarer, Relative
from canlian_events.registry.person import RegisterPerson, RequestCorrection, RequestErasure
from canlian_events.terms import BodyKind, Category, DisabilityClass, Kinship, MergeGround, Position, Role
from canlian_web.testing import browser
from canlian_web.tool import Tool
from tests.support.pdf import text_of
from tests.support.town import GRID_WORKER, HERE, PERSON, STAFF, today

WHO, TWIN, RELATIVE = "person_0erased0", "person_0erased1", "relative_0erased0"
HOUSEHOLD, ASSOCIATION, ACTIVITY = "household_0erased0", "association_0erased0", "activity_0erased0"
BODY, DIRECTORS_SEAT, SEAT = "body_0erased0", "seat_0erased0", "seat_0erased1"
BORN = date(1971, 3, 4)
CITIZEN_ID, TWINS_ID = make_citizen_id("429999", BORN, 77), make_citizen_id("429999", BORN, 79)
CERTIFICATE = f"{CITIZEN_ID}43"
NAME, PHONE, ADDRESS = "欧阳墨痕", "13871230457", "翰墨巷三十七号乙门"
LOGIN, PASSWORD = "ouyang-mohen-1971", "雨后初晴的翰墨巷口 37"
KNOWN = {
    "name": NAME,
    "citizen id": CITIZEN_ID,
    "certificate": CERTIFICATE,
    "phone": PHONE,
    "address": ADDRESS,
    "the second file's citizen id": TWINS_ID,
    "remark of the sheet": "右手写字困难须有人代笔",
    "carer of the sheet": "闻人砚秋",
    "phone of the sheet's carer": "13871235512",
    "why somebody looked": "家属来电询问轮椅何时能到",
    "what they say is wrong": "户口簿上我的名字是另一个字",
    "why they want to be erased": "我不愿意再被任何人记录在案",
    "login": LOGIN,
    "day they turn 60": f"{begin_of(date(2031, 3, 4)):%Y-%m-%dT%H:%M:%S}",
}
OTHERS = {"relative": "令狐远舟", "neighbour in the household": "欧阳秀兰", "neighbour in the sheet": "第五望舒"}
"""What must stay: nobody asked for these to be erased."""
RESIDENT = Actor(WHO, frozenset({Role.RESIDENT}))
NEW_IN_THE_SHEET = make_citizen_id("429999", date(1966, 9, 8), 21)


def told() -> Iterable[tuple[Command, Actor]]:
    """By commands: a second file that is merged, a household, an association, a body, a wish."""
    twin = RegisterPerson(
        person_id=TWIN,
        community=HERE,
        name=NAME,
        citizen_id=TWINS_ID,
        disability=DisabilityClass.PHYSICAL,
        phone=PHONE,
        address=ADDRESS,
    )
    yield twin, STAFF
    relative = Relative(relative_id=RELATIVE, name=OTHERS["relative"], kinship=Kinship.SPOUSE)
    form = FormHousehold(household_id=HOUSEHOLD, community=HERE, persons=(WHO, PERSON), relatives=(relative,))
    yield form, STAFF
    yield NameCarer(household_id=HOUSEHOLD, person_id=WHO, carer_id=RELATIVE), STAFF
    yield FoundAssociation(association_id=ASSOCIATION, community=HERE), STAFF
    yield AdmitMember(association_id=ASSOCIATION, member_id=WHO), STAFF
    came = frozenset({WHO, PERSON})
    held = HoldActivity(association_id=ASSOCIATION, activity_id=ACTIVITY, title="读书会", on=today(), attendees=came)
    yield held, STAFF
    begins = today()
    yield (
        OpenTerm(body_id=BODY, kind=BodyKind.EXECUTIVE_BOARD, begins=begins, ends=begins + timedelta(days=1000)),
        STAFF,
    )
    director = {"position": Position.DIRECTOR, "categories": frozenset({Category.DEPARTMENT_HEAD})}
    seat = {"body_id": BODY, "seat_id": DIRECTORS_SEAT, "member_id": GRID_WORKER.id}
    yield NominateMember.model_validate(seat | director), STAFF
    yield NominateMember(body_id=BODY, seat_id=SEAT, member_id=WHO, position=Position.MEMBER), STAFF
    yield ConfirmComposition(body_id=BODY), STAFF
    yield RequestCorrection(person_id=WHO, words=KNOWN["what they say is wrong"]), RESIDENT
    yield RequestErasure(person_id=WHO, words=KNOWN["why they want to be erased"]), RESIDENT


MERGE = MergeDuplicate(person_id=WHO, duplicate=TWIN, ground=MergeGround.MISTYPED)


def roster() -> bytes:
    """The person again, as a clerk's sheet has them, and somebody new."""
    book = Workbook()
    sheet = book.worksheets[0]
    head = ("社区", "姓名", "残疾人证号", "联系电话", "家庭住址", "监护人", "监护人电话", "备注")
    carer = (KNOWN["carer of the sheet"], KNOWN["phone of the sheet's carer"], KNOWN["remark of the sheet"])
    sheet.append(head)
    sheet.append(("新华社区", NAME, CERTIFICATE, PHONE, ADDRESS, *carer))
    sheet.append(("新华社区", OTHERS["neighbour in the sheet"], f"{NEW_IN_THE_SHEET}43", "", "", "", "", ""))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


async def bring_in(federation: Tool) -> None:
    """One sheet brought in by the page, and the same one left with its columns unconfirmed."""
    async with browser(federation, STAFF, "en") as client:
        page = await _choose(client)
        page = await _finished(client, await client.post(f"{page.url}/check", data=_columns(page)))
        page = await _finished(client, await client.post(f"{page.url}/start"))
        assert "1 + 1 + 0 + 0 = 2 rows" in page.text, page.text
        await _choose(client)


async def _choose(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/federation/imports", files={"sheet": (f"{NAME}.xlsx", roster())})


def _columns(page: httpx.Response) -> dict[str, str]:
    """The selects as they stand."""
    found = re.findall(r'<select[^>]*name="(column_\w+)"[^>]*>(.*?)</select>', page.text, re.DOTALL)
    chosen = ((name, re.search(r'<option value="(\d*)" selected', options)) for name, options in found)
    return {name: selected[1] if selected else "" for name, selected in chosen}


async def _finished(client: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    async with asyncio.timeout(60):
        while "hx-trigger" in page.text:
            await asyncio.sleep(0.05)
            page = await client.get(str(page.url))
    return page


async def found_alike(federation: Tool) -> None:
    async with browser(federation, STAFF, "en") as client:
        assert NAME in (await client.get("/federation/duplicates")).text


async def look_and_take_copies(federation: Tool, neighbours: Tool) -> None:
    """Shown, found by a number, and given away: as a PDF, as JSON and in a sheet."""
    said = f"why=other&words={KNOWN['why somebody looked']}"
    async with browser(federation, STAFF, "zh") as client:
        file = f"/federation/people/{WHO}"
        assert PHONE in (await client.get(f"{file}/show/phone?{said}")).text
        assert NAME in text_of((await client.get(f"{file}/copy.pdf?{said}")).content)
        assert CITIZEN_ID in json.dumps((await client.get(f"{file}/copy.json?{said}")).json())
        found = await client.post("/federation/people", data={"words": CITIZEN_ID, "why": "casework"})
        assert NAME in found.text
        sheet = await client.get("/federation/people/sheet.xlsx?why=report")
        assert sheet.content.startswith(b"PK"), sheet.text
    async with browser(neighbours, RESIDENT, "zh") as client:
        assert NAME in (await client.get("/neighbours/me/file")).text
        assert CITIZEN_ID in json.dumps((await client.get("/neighbours/me/copy.json")).json())


def open_account(accounts: Accounts) -> None:
    """With a second factor, signed in, and once with a wrong password."""
    accounts.upsert_account(LOGIN, actor_id=WHO, roles=[Role.RESIDENT], password=PASSWORD, display_name=NAME)
    secret = accounts.factors.propose(LOGIN)
    accounts.take_second_factor(accounts.sign_in(LOGIN, PASSWORD), pyotp.TOTP(secret).now())
    try:
        accounts.sign_in(LOGIN, "不是这个")
    except SignInRefused:
        return
    raise AssertionError("a wrong password was taken")
