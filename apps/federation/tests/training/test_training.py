"""Training: planned, attended by list, sheet and phone; passed online; and who lacks what this year."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from html import unescape

import httpx
import pytest
import pytest_asyncio
from apps.federation.tests.bench import LEADER, STAFF, Bench
from apps.federation.tests.team.test_team import HERE, MORE, THERE, enrolled, rows_of, worker
from openpyxl import load_workbook

from canlian_events.meta import Actor
from canlian_events.registry.training import SESSIONS_A_YEAR, PlanTraining
from canlian_events.terms import Role, WorkerKind
from canlian_federation.training.attendance_sheet import read_marks
from canlian_federation.training.attendance_token import GOOD_FOR, code_for, is_good
from canlian_sheets.made_up.people import COMMUNITIES
from canlian_web.export.sheet import workbook
from canlian_web.language.formats import now, today
from canlian_web.testing import fill_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
SESSION = "training_00000001"
GRID = Actor(worker("王安"), frozenset({Role.GRID_WORKER}), (HERE,))
RESIDENT = Actor("person_00000001", frozenset({Role.RESIDENT}), (HERE,))


def plan(training_id: str = SESSION, *, days: int = 0, title: str = "上门评估") -> PlanTraining:
    noon = datetime.combine(today(), datetime.min.time(), now().tzinfo) + timedelta(days=days)
    kinds = frozenset({WorkerKind.GRID_WORKER, WorkerKind.SOCIAL_WORKER})
    meant = frozenset({HERE})
    return PlanTraining(training_id=training_id, title=title, starts=noon, place="二楼", kinds=kinds, communities=meant)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(standing: Bench) -> Bench:
    """Two who must be trained, one who need not be; a session that is held today in their community."""
    await enrolled(standing, "王安", WorkerKind.GRID_WORKER, HERE)
    await enrolled(standing, "林晓", WorkerKind.SOCIAL_WORKER, HERE, THERE)
    await enrolled(standing, "孙乐", WorkerKind.VOLUNTEER, HERE)
    await standing.send(plan())
    return standing


async def test_a_session_is_planned_and_its_attendance_recorded_from_a_list(told: Bench):
    async with told.as_(STAFF) as client:
        filled = {
            "title": "手语入门",
            "day": today().isoformat(),
            "time": "00:30",
            "place": "三楼",
            "kinds": "social_worker",
            "communities": HERE,
        }
        planned = await fill_in(client, "/federation/training/new", "/federation/training/new", **filled)
        address = planned.url.path
        assert "0 of the 1 who are meant came" in planned.text
        assert "00:30" in planned.text, "the time of day as it was typed"
        nobody = await fill_in(client, address, f"{address}/attendance")
        assert nobody.status_code == 422
        both = [worker("林晓"), worker("孙乐")]
        recorded = await fill_in(client, address, f"{address}/attendance", workers=both)
        assert "Recorded: 2." in recorded.text
        assert "1 of the 1 who are meant came" in recorded.text
        twice = await fill_in(client, address, f"{address}/attendance", workers=[worker("孙乐")])
        assert twice.status_code == 409
        assert "Recorded already: 孙乐" in twice.text
        struck = await fill_in(client, address, f"{address}/strike", worker_id=worker("孙乐"))
        assert "The record is struck." in struck.text


async def test_nobody_is_recorded_before_the_day(told: Bench):
    later = "training_00000002"
    await told.send(plan(later, days=3))
    async with told.as_(STAFF) as client:
        page = await client.get(f"/federation/training/{later}")
        assert "From the day of the session on." in page.text
        early = await client.post(f"/federation/training/{later}/attendance", data={"workers": worker("王安")})
        assert early.status_code == 409
        cancelled = await fill_in(
            client, f"/federation/training/{later}/cancel", f"/federation/training/{later}/cancel", reason="停电"
        )
        assert "停电" in cancelled.text


async def test_the_list_comes_back_as_a_sheet_as_often_as_one_likes(told: Bench):
    address = f"/federation/training/{SESSION}"
    async with told.as_(STAFF) as client:
        answer = await client.get(f"{address}/list.xlsx")
        book = load_workbook(io.BytesIO(answer.content))
        page = book.worksheets[0]
        assert [row[1].value for row in page.iter_rows(min_row=2)] == ["林晓", "王安"]
        unmarked = await client.post(f"{address}/sheet", files={"sheet": ("list.xlsx", answer.content)})
        assert "Nobody is marked" in unmarked.text
        page.cell(row=2, column=5).value = "1"
        out = io.BytesIO()
        book.save(out)
        brought = await client.post(f"{address}/sheet", files={"sheet": ("list.xlsx", out.getvalue())})
        assert "Recorded: 1." in brought.text
        again = await client.post(f"{address}/sheet", files={"sheet": ("list.xlsx", out.getvalue())})
        assert "recorded already" in again.text
        broken = await client.post(f"{address}/sheet", files={"sheet": ("list.xlsx", b"%PDF-1.7 nothing of ours")})
        assert broken.status_code == 422


async def test_a_sheet_of_something_else_and_rows_without_a_worker_are_told():
    heads = {"Number"}, {"Came"}
    sheet = workbook("x", ["Number", "Came"], [["worker_00000001", "x"], ["nobody", "x"], ["other", None]], "en")
    marked = read_marks(sheet, "x.xlsx", *heads, ["worker_00000001"])
    assert (marked.workers, marked.unknown, marked.headed) == (["worker_00000001"], [3], True)
    other = read_marks(workbook("x", ["A", "B"], [["1", "2"]], "en"), "x.xlsx", *heads, [])
    assert not other.headed


async def test_a_worker_signs_in_with_the_picture_in_the_room(told: Bench):
    address = f"/federation/training/{SESSION}"
    async with told.as_(STAFF) as desk, told.as_(GRID) as phone:
        wall = await desk.get(f"{address}/code")
        assert "<svg" in wall.text
        found = re.search(r'href="http://canlian.test([^"]*/here[^"]*)"', wall.text)
        assert found
        link = unescape(found[1])
        assert "I am here" in (await phone.get(link)).text
        assert "too old" in (await phone.get(f"{address}/here?code=1-0")).text
        recorded = await fill_in(phone, link, f"{address}/here")
        assert "You are recorded" in recorded.text
        assert "signed in themselves" in (await desk.get(address)).text
        assert (await phone.get(address)).status_code == 403
    async with told.as_(RESIDENT) as resident:
        refused = await fill_in(resident, link, f"{address}/here")
        assert refused.status_code == 409
    async with told.as_(None) as nobody:
        assert (await nobody.get(link, follow_redirects=False)).status_code in (303, 307, 401)


async def test_the_picture_is_good_for_half_an_hour_and_for_one_session(told: Bench):
    settings, moment = told.tool.settings, now()
    code = code_for(settings, SESSION, moment)
    assert is_good(settings, SESSION, code, moment + GOOD_FOR - timedelta(seconds=2))
    assert not is_good(settings, SESSION, code, moment + GOOD_FOR)
    assert not is_good(settings, "training_00000002", code, moment)
    for forged in ("", "-", "x-y", code[:-1] + ("0" if code[-1] != "0" else "1"), f"9{code}", "①-x"):
        assert not is_good(settings, SESSION, forged, moment)


async def test_who_lacks_what_this_year_leads_to_what_closes_it(told: Bench):
    year, (first, second, *_) = today().year, MORE
    await enrolled(told, "高一", WorkerKind.GRID_WORKER, first)
    await enrolled(told, "高二", WorkerKind.SOCIAL_WORKER, first, second)
    await told.send(plan("training_00000003", title="下月例会").model_copy(update={"communities": frozenset({second})}))
    of_first = f"/federation/training/lacking.xlsx?community={first}"
    async with told.as_(STAFF) as client:
        rows = rows_of(await client.get(of_first))
        assert [(row[0], row[3], row[4]) for row in rows] == [
            ("高二", 0, SESSIONS_A_YEAR),
            ("高一", 0, SESSIONS_A_YEAR),
        ]
        lacking = await client.get(f"/federation/training/lacking?community={second}")
        assert "高二" in lacking.text
        assert "高一" not in lacking.text
        assert 'href="/federation/training/training_00000003"' in lacking.text
        for title in ("法律常识", "无障碍沟通"):
            assert "The online course is recorded." in (await passed(client, title)).text
        assert f"recorded in {year} already for: 高一" in (await passed(client, "法律常识")).text
        assert [row[0] for row in rows_of(await client.get(of_first))] == ["高二"]
        overview = await client.get("/federation/training")
        assert "at least 2 sessions a calendar year" in overview.text
        assert COMMUNITIES[first] in overview.text
        assert "2 / 2" in (await client.get(f"/federation/team?kind=grid_worker&community={first}")).text
        assert "高一" not in (await client.get("/federation/team?state=lacking")).text
        sheet = rows_of(await client.get(f"/federation/training/sheet.xlsx?year={year}"))
        assert {row[0] for row in sheet} >= {"上门评估", "法律常识", "无障碍沟通"}
    async with told.as_(LEADER) as client:
        assert "Plan a session" not in (await client.get("/federation/training")).text
        assert (await client.get("/federation/training/new")).status_code == 403


async def passed(client: httpx.AsyncClient, title: str) -> httpx.Response:
    """高一 passes an online course."""
    address = "/federation/training/online"
    return await fill_in(client, address, address, title=title, on=today().isoformat(), workers=[worker("高一")])


async def test_another_year_starts_anew(told: Bench):
    async with told.as_(LEADER) as client:
        page = await client.get(f"/federation/training?year={today().year + 1}")
        assert "Nothing is planned" in page.text
        assert "Lacked training" in page.text
