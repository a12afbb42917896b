"""Finding people, page by page."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from apps.federation.tests.bench import LEADER, SCOPE, STAFF, Bench
from openpyxl import load_workbook

from canlian_events.ids import derive
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import ErasePerson, RecordAccessNeeds, RegisterPerson
from canlian_events.terms import AccessFeature, DisabilityClass, ErasureGround, Grade, Role
from canlian_federation.people import pages, search

COMMISSIONER = Actor("worker_00000004", frozenset({Role.COMMISSIONER}), SCOPE)
HERE, THERE, ELSEWHERE = "429999001001", "429999001002", "429999003001"
ANYBODY = Actor("worker_00000009", frozenset({Role.OPERATOR}), ("429999",))
NAMES = ["张晓明", "张小明", "李芳", "王海涛"]
IDS = [derive("person", n) for n in range(len(NAMES))]
NUMBERS = [make_citizen_id("429999", date(1950 + 20 * n, 3, 8), 11 + n) for n in range(len(NAMES) - 1)]
NUMBERS.append(make_citizen_id("429999", date(2020, 3, 8), 17))


@pytest.fixture
async def people(bench: Bench) -> Bench:
    await bench.open_communities()
    for number, name in enumerate(NAMES):
        somebody = RegisterPerson(
            person_id=IDS[number], community=THERE if number == 1 else HERE, name=name, citizen_id=NUMBERS[number],
            disability=DisabilityClass(1 + number), grade=Grade.TWO if number else None, phone=f"1990000000{number}",
        )  # fmt: skip
        await bench.send(somebody)
    await bench.send(RecordAccessNeeds(person_id=IDS[2], features=frozenset({AccessFeature.BRAILLE})), STAFF)
    return bench


async def test_people_are_found_by_name_and_the_name_stands_in_no_address(people: Bench):
    async with people.as_(STAFF) as client:
        page = await client.post("/federation/people", data={"words": "张晓明", "disability": "", "sort": ""})
        assert page.text.index("张晓明</a>") < page.text.index("张小明</a>")
        assert "sounds the same" in page.text
        assert "李芳" not in page.text
        assert set(page.url.params) == {"q"}
        assert "%E5" not in str(page.url)
        # the same page again, and a page of codes alone
        assert "张晓明</a>" in (await client.get(str(page.url))).text
        narrowed = await client.post("/federation/people", data={"words": "zxm", "disability": "2", "grade": "2"})
        assert ("张小明</a>" in narrowed.text, "张晓明</a>" in narrowed.text) == (True, False)
        assert dict(narrowed.url.params).keys() == {"q", "disability", "grade"}
        codes = await client.get("/federation/people?need=braille&age_from=30&community=429999001001&grade=2")
        assert ("李芳" in codes.text, "张小明" in codes.text) == (True, False)
        assert "王海涛" in (await client.get("/federation/people?age_to=17&sort=youngest")).text
    async with people.as_(STAFF) as other:
        assert "only known to the browser" in (await other.get(str(page.url))).text


async def test_numbers_are_masked_until_asked_for_and_finding_by_one_is_a_showing(people: Bench):
    async with people.as_(STAFF) as client:
        whole = await client.get("/federation/people")
        assert NUMBERS[2] not in whole.text
        assert "19900000002" not in whole.text
        asked = await client.get(f"/federation/people/{IDS[2]}/show/phone")
        assert "19900000002" not in asked.text, "the list leads to the same page as the file, which asks why"
        assert f'href="/federation/people/{IDS[2]}/show/phone"' in whole.text
        shown = await client.get(f"/federation/people/{IDS[2]}/show/phone?why=casework", headers={"HX-Request": "true"})
        assert "19900000002" in shown.text
        assert "<html" not in shown.text
        found = await client.post("/federation/people", data={"words": NUMBERS[2][6:14]})
        assert ("李芳" in found.text, "张晓明" in found.text) == (True, False)
        assert NUMBERS[2][6:14] not in str(found.url)
        mistyped = await client.post("/federation/people", data={"words": NUMBERS[3][:-3] + "000"})
        assert "Nobody was found" in mistyped.text
        short = await client.post("/federation/people", data={"words": "123"})
        assert (short.status_code, "at least 4 characters" in short.text) == (422, True)
        await people.caught_up()
        ledger = (await client.get(f"/federation/looked?person={IDS[2]}")).text
        assert ("phone" in ledger, "citizen" in ledger or "ID" in ledger) == (True, True)
    async with people.as_(COMMISSIONER) as client:
        page = await client.get("/federation/people")
        assert ("李芳" in page.text, "199••••0002" in page.text) == (True, False)
        assert "does not see" in (await client.post("/federation/people", data={"words": NUMBERS[2]})).text
        refused = await client.get(f"/federation/people/{IDS[2]}/show/phone?why=casework")
        assert "19900000002" not in refused.text


async def test_the_list_is_taken_away_as_shown_and_that_is_recorded(people: Bench, monkeypatch: pytest.MonkeyPatch):
    async with people.as_(STAFF, "zh") as client:
        page = await client.post("/federation/people", data={"words": "张晓明"})
        answer = await client.get("/federation/people/sheet.xlsx", params=page.url.params)
        sheet = load_workbook(BytesIO(answer.content)).active
        assert sheet is not None
        lines = list(sheet.iter_rows(values_only=True))
        assert [line[0] for line in lines] == ["姓名", "张晓明", "张小明"]
        assert not any(number in str(lines) for number in NUMBERS)
        await people.caught_up()
        assert "制表上报" in (await client.get(f"/federation/looked?person={IDS[0]}")).text
        monkeypatch.setattr(pages, "IN_A_SHEET", 1)
        assert (await client.get("/federation/people/sheet.xlsx")).status_code == 422


async def test_somebody_erased_is_found_no_more_and_counted_still(people: Bench):
    await people.send(ErasePerson(person_id=IDS[0], ground=ErasureGround.REQUEST), STAFF)
    async with people.as_(STAFF) as client:
        page = await client.post("/federation/people", data={"words": "zhangxiaoming"})
        assert ("张晓明</a>" in page.text, "张小明</a>" in page.text) == (False, True)
        assert "1 more is like that" in (await client.get("/federation/people?disability=1")).text
        assert (await client.get(f"/federation/people/{IDS[0]}/show/phone?why=casework")).status_code == 410


async def test_lists_of_people_are_for_those_who_may_see_them_and_only_their_own(people: Bench):
    async with people.as_(LEADER) as client:
        assert (await client.get("/federation/people")).status_code == 403
    async with people.as_(STAFF) as client:
        assert (await client.get(f"/federation/people?community={ELSEWHERE}")).status_code == 403
        wrong = await client.get("/federation/people?age_from=x&community=")
        assert wrong.status_code == 422
    elsewhere = Actor("worker_00000005", frozenset({Role.STAFF}), (ELSEWHERE,))
    async with people.as_(elsewhere) as client:
        assert "李芳" not in (await client.get("/federation/people")).text
        assert (await client.get(f"/federation/people/{IDS[2]}/show/phone?why=casework")).status_code == 403


async def test_any_page_that_is_asked_for_is_a_page_of_the_list(people: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "SHOWN", 3)
    async with people.as_(STAFF) as client:
        for path in ("people", "households", "households/proposals", "duplicates", "looked", "behind/persons"):
            for asked in ("0", "-3", "abc", "", "99999", "９" * 30):
                answer = await client.get(f"/federation/{path}", params={"at": asked})
                assert answer.status_code == 200, (path, asked)
        for asked, shown in (("abc", 1), ("2", 2), ("99999", 2)):
            assert f"Page {shown} of 2" in (await client.get("/federation/people", params={"at": asked})).text


async def test_what_holds_neither_a_name_nor_a_number_finds_nobody(people: Bench):
    async with people.as_(STAFF) as client:
        for words in ("'", "--", "，。", "%", "_"):
            answer = await client.post("/federation/people", data={"words": words})
            assert (answer.status_code, "no name in this" in answer.text) == (422, True), words
            assert "李芳" not in answer.text


async def test_a_part_that_everybodys_number_holds_is_to_be_longer(people: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(search, "MOST", 3)
    async with people.as_(STAFF) as client:
        answer = await client.post("/federation/people", data={"words": "429999"})
        assert (answer.status_code, "type more of it" in answer.text, "李芳" in answer.text) == (422, True, False)
        named = await client.post("/federation/people", data={"words": "李芳 429999"})
        assert ("李芳</a>" in named.text, "王海涛" in named.text) == (True, False)
        assert (await client.get("/federation/people/roster.xlsx", params=answer.url.params)).status_code == 422
