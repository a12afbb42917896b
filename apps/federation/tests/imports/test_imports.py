"""Journey 1: a roster is dropped, its columns seen, every row checked, then brought in, and again changes nothing."""

from __future__ import annotations

import asyncio
import io
import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from apps.federation.tests.bench import LEADER, OTHER_STAFF, STAFF, Bench
from openpyxl import Workbook, load_workbook

from canlian_federation.imports.job import Folder, Job
from canlian_federation.imports.jobs import Jobs
from canlian_sheets import roster_shape
from canlian_sheets.made_up.subdistrict import make_sample
from canlian_web.testing import token


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("sample")
    truth = make_sample(folder, people=320)
    return (folder / "roster.xlsx").read_bytes(), vars(truth)


async def upload(client: httpx.AsyncClient, data: bytes, name: str = "our-sheet.xlsx") -> httpx.Response:
    return await client.post("/federation/imports", files={"sheet": (name, data)})


def chosen_columns(page: httpx.Response) -> dict[str, str]:
    """The selects as they stand."""
    found = {}
    for name, options in re.findall(r'<select[^>]*name="(column_\w+)"[^>]*>(.*?)</select>', page.text, re.DOTALL):
        selected = re.search(r'<option value="(\d*)" selected', options)
        found[name] = selected[1] if selected else ""
    return found


async def finished(client: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    async with asyncio.timeout(60):
        while "hx-trigger" in page.text:
            await asyncio.sleep(0.05)
            page = await client.get(str(page.url))
    return page


def counts(page: httpx.Response) -> list[int]:
    """Created, updated, unchanged, refused, all: as the page adds them up."""
    line = re.search(r"([\d,]+) \+ ([\d,]+) \+ ([\d,]+) \+ ([\d,]+) = ([\d,]+) rows", page.text)
    assert line, page.text
    return [int(number.replace(",", "")) for number in line.groups()]


async def checked(client: httpx.AsyncClient, data: bytes) -> httpx.Response:
    page = await upload(client, data)
    return await finished(client, await client.post(f"{page.url}/check", data=chosen_columns(page)))


async def brought_in(client: httpx.AsyncClient, data: bytes) -> httpx.Response:
    page = await checked(client, data)
    return await finished(client, await client.post(f"{page.url}/start"))


def cells(sheet: httpx.Response) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(sheet.content)).worksheets[0].values)


async def test_a_roster_is_checked_then_brought_in_and_again_changes_nothing(
    bench: Bench, sample: tuple[bytes, dict[str, Any]]
):
    data, truth = sample
    refused = sum(truth["refuse"].values())
    await bench.open_communities()
    async with bench.as_(STAFF) as client:
        page = await checked(client, data)
        expected = [truth["accept"], 0, truth["same_as_earlier"], refused, truth["rows"]]
        assert "Nothing is recorded yet" in page.text
        assert counts(page) == expected
        assert "/behind/persons" in (overview := await client.get("/federation")).text
        assert f">{truth['accept']}<" not in overview.text
        page = await finished(client, await client.post(f"{page.url}/start"))
        assert counts(page) == expected
        again = await brought_in(client, data)
        assert counts(again) == [0, 0, truth["accept"] + truth["same_as_earlier"], refused, truth["rows"]]
        assert bench.tool.runner
        listed = await client.get("/federation/behind/persons")
        assert f"{truth['accept']} in all" in listed.text


async def test_refused_rows_come_back_as_a_sheet_with_their_reasons(bench: Bench, sample: tuple[bytes, dict[str, Any]]):
    data, truth = sample
    await bench.open_communities()
    async with bench.as_(STAFF) as client:
        page = await brought_in(client, data)
        answer = await client.get(f"{page.url}/refused.xlsx")
        sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
        assert sheet.max_row - 1 == sum(truth["refuse"].values())
        reasons = [row[-1] for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert all(reasons)
        only_refused = await client.get(f"{page.url}?outcome=refused")
        assert "Would be" not in only_refused.text


async def test_a_column_nobody_recognises_is_chosen_by_hand(bench: Bench, lines: list[list[str]]):
    await bench.open_communities()
    lines[0][0] = "谁"
    async with bench.as_(STAFF) as client:
        page = await upload(client, xlsx(lines))
        columns = chosen_columns(page)
        assert columns["column_name"] == ""
        assert "社区 (community)" in (await client.get("/federation/imports")).text
        refused = await finished(client, await client.post(f"{page.url}/check", data=columns))
        assert "These columns are missing: 姓名 (name)" in refused.text
        same = columns | {"column_name": columns["column_citizen_id"]}
        twice = await client.post(f"{page.url}/check", data=same)
        assert (twice.status_code, "This column is chosen for" in twice.text) == (422, True)
        done = await finished(client, await client.post(f"{page.url}/check", data=columns | {"column_name": "0"}))
        assert counts(done) == [len(lines) - 1, 0, 0, 0, len(lines) - 1]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [("x.xlsx", b"%PDF-1.4 no sheet", "not a sheet"), ("x.csv", b"", "empty"), ("x.csv", b"a\nb\n", "header row")],
)
async def test_a_file_that_is_no_roster_is_refused_in_words(bench: Bench, name: str, data: bytes, says: str):
    async with bench.as_(STAFF) as client:
        answer = await upload(client, data, name)
        assert answer.status_code == 422
        assert says in answer.text


async def test_no_file_at_all_is_asked_for(bench: Bench):
    async with bench.as_(STAFF) as client:
        answer = await client.post("/federation/imports", data={"command_id": ""})
        assert (answer.status_code, "Choose a file" in answer.text) == (422, True)


async def test_a_sheet_is_only_for_whoever_chose_it_and_a_leader_brings_nothing_in(
    bench: Bench, lines: list[list[str]]
):
    async with bench.as_(STAFF) as client:
        page = await upload(client, xlsx(lines))
    async with bench.as_(OTHER_STAFF) as other, bench.as_(LEADER) as leader:
        for path in ("", "/columns", "/refused.xlsx"):
            assert (await other.get(f"{page.url}{path}")).status_code == 404
        assert "our-sheet.xlsx" not in (await other.get("/federation/imports")).text
        assert (await leader.get("/federation/imports")).status_code == 403
        assert (await upload(leader, xlsx(lines))).status_code == 403


async def undone(client: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    return await finished(client, await client.post(f"{page.url}/undo", data={"sure": "yes"}))


async def test_an_import_is_seen_as_a_batch_and_undone_and_what_is_taken_away_comes_back_unchanged(
    bench: Bench, lines: list[list[str]]
):
    await bench.open_communities()
    async with bench.as_(STAFF) as client:
        page = await brought_in(client, xlsx(lines))
        first = page.url.path
        away = await client.get("/federation/roster.xlsx")
        assert away.headers["content-type"].endswith("sheet")
        again = await brought_in(client, away.content)
        assert counts(again) == [0, 0, len(lines) - 1, 0, len(lines) - 1]
        link = re.search(r'href="(/federation/import-batches/[^"]+)"', page.text)
        assert link
        batch = await client.get(link[1])
        assert lines[1][0] in batch.text
        unsure = await client.post(f"{batch.url}/undo")
        assert "Tick that this import" in unsure.text
        page = await undone(client, batch)
        assert f"Undone: {len(lines) - 1} people are no longer registered, 0 are as they were before." in page.text
        assert "0 in all" in (await client.get("/federation/behind/persons")).text
        assert "brought in, and undone since" in (await client.get("/federation/imports")).text
        looked = await client.get(str(again.url).replace(again.url.path, first))
        assert "Brought in, and undone since" in looked.text
        assert counts(await brought_in(client, xlsx(lines)))[0] == len(lines) - 1
        assert (await client.get("/federation/import-batches/import_00000000")).status_code == 404


async def test_those_of_a_list_are_taken_away_as_a_roster_with_all_that_is_known_of_them(
    bench: Bench, lines: list[list[str]]
):
    await bench.open_communities()
    said = {"民族": "苗族", "文化程度": "初中", "就业状况": "退休", "监护人": "李芳", "监护人电话": "13800138001"}
    said |= {"备注": "+住二楼"}
    at = [lines[0].index(title) for title in said]
    for n, value in zip(at, said.values(), strict=True):
        lines[1][n] = value
    async with bench.as_(STAFF) as client:
        await brought_in(client, xlsx(lines))
        number = lines[1][lines[0].index("残疾人证号")]
        list_ = await client.post("/federation/people", data={"words": number})
        link = re.search(r'href="(/federation/people/roster.xlsx[^"]*)"', list_.text)
        assert link
        away = await client.get(link[1].replace("&amp;", "&"))
        heads, *rows = cells(away)
        assert (heads, [row[2] for row in rows]) == (roster_shape.COLUMNS, [number])
        assert said.items() <= dict(zip(heads, rows[0], strict=True)).items()
        assert counts(await brought_in(client, away.content)) == [0, 0, 1, 0, 1]
        none = await client.get("/federation/roster.xlsx?sex=male&age_from=150")
        assert cells(none) == [roster_shape.COLUMNS]
        wrong = await client.get("/federation/roster.xlsx?age_from=old")
        assert wrong.status_code == 422
        lost = await client.get("/federation/people/roster.xlsx?q=0123456789ab")
        assert "only known to the browser" in lost.text


async def test_a_sheet_that_names_somebody_erased_goes_at_once(bench: Bench, lines: list[list[str]]):
    await bench.open_communities()
    jobs: Jobs = bench.tool.app.state.jobs
    async with bench.as_(STAFF) as client:
        page = await checked(client, xlsx(lines))
        other = await checked(client, xlsx([lines[0], *lines[3:]]))
        job = jobs.folder.load(page.url.path.rpartition("/")[2])
        assert job
        with closing(jobs.folder.store(job)) as store:
            (person_id,) = store._db.execute("SELECT person_id FROM row ORDER BY no LIMIT 1").fetchone()
        unread = await upload(client, xlsx(lines), "刘某某.xlsx")
        jobs.folder.forget_erased({person_id: datetime.now(UTC) + timedelta(seconds=5)}, datetime.now(UTC))
        later = await upload(client, xlsx([lines[0], *lines[3:]]))
        jobs.folder.forget_erased({person_id: datetime.now(UTC) - timedelta(seconds=5)}, datetime.now(UTC))
        assert (await client.get(str(later.url))).status_code == 200, "it was chosen after the erasure"
        gone = await client.get(str(page.url))
        assert gone.status_code == 410
        assert "The data of somebody in it was erased" in gone.text
        assert "might have named them" in (await client.get(str(unread.url))).text
        listed = await client.get("/federation/imports")
        assert "Your sheets that had to go" in listed.text
        assert "刘某某" not in listed.text, "a sheet's name may be somebody's"
        assert (await client.get(str(other.url))).status_code == 200


async def test_columns_chosen_by_hand_are_known_again_for_the_next_sheet_of_that_shape(
    bench: Bench, lines: list[list[str]]
):
    await bench.open_communities()
    lines[0][0] = "谁"
    async with bench.as_(STAFF) as client:
        page = await upload(client, xlsx(lines))
        await finished(client, await client.post(f"{page.url}/check", data=chosen_columns(page) | {"column_name": "0"}))
        assert chosen_columns(await upload(client, xlsx(lines)))["column_name"] == "0"


async def test_an_import_that_was_killed_goes_on_where_it_was(bench: Bench, sample: tuple[bytes, dict[str, Any]]):
    data, truth = sample
    await bench.open_communities()
    jobs: Jobs = bench.tool.app.state.jobs
    async with bench.as_(STAFF) as client:
        page = await checked(client, data)
        await client.post(f"{page.url}/start")
        await jobs.close()  # as when the process ends
        jobs._now.clear()
        stopped = await client.get(str(page.url))
        assert "Interrupted" in stopped.text
        done = await finished(client, await client.post(f"{page.url}/continue"))
        assert counts(done)[0] == truth["accept"]
        assert sum(counts(done)[:4]) == counts(done)[4]


async def test_an_import_whose_token_ran_out_says_so_and_goes_on(bench: Bench, lines: list[list[str]]):
    await bench.open_communities()
    jobs: Jobs = bench.tool.app.state.jobs
    async with bench.as_(STAFF) as client:
        page = await checked(client, xlsx(lines))
        job = await jobs.find(str(page.url).rpartition("/")[2], STAFF.id)
        assert job
        jobs.bring_in(job, "no longer good")
        async with asyncio.timeout(10):
            while jobs.running(job):  # noqa: ASYNC110 - a look at the page would bring a fresh token
                await asyncio.sleep(0.02)
        stopped = await client.get(str(page.url))
        assert "Interrupted" in stopped.text
        assert "Nobody had this page open for five minutes" in stopped.text
        done = await finished(client, await client.post(f"{page.url}/continue"))
        assert counts(done)[0] == len(lines) - 1


async def test_a_step_that_is_watched_goes_on_with_the_tokens_of_its_watcher(bench: Bench, lines: list[list[str]]):
    await bench.open_communities()
    jobs: Jobs = bench.tool.app.state.jobs
    async with bench.as_(STAFF) as client:
        page = await checked(client, xlsx(lines))
        job = await jobs.find(str(page.url).rpartition("/")[2], STAFF.id)
        assert job
        jobs.bring_in(job, "no longer good")
        jobs.watched(job, token(bench.tool.settings, STAFF))
        assert counts(await finished(client, await client.get(str(page.url))))[0] == len(lines) - 1


async def test_a_sheet_is_deleted_when_asked(bench: Bench, lines: list[list[str]]):
    async with bench.as_(STAFF) as client:
        page = await upload(client, xlsx(lines))
        assert "our-sheet.xlsx" in (await client.get("/federation/imports")).text
        answer = await client.post(f"{page.url}/delete")
        assert "our-sheet.xlsx" not in answer.text
        assert (await client.get(str(page.url))).status_code == 404
    assert list((bench.tool.settings.data / "imports").iterdir()) == []


async def test_a_row_tells_all_that_is_wrong_with_it_and_a_sheet_is_called_by_its_name_once(
    bench: Bench, lines: list[list[str]]
):
    await bench.open_communities()
    lines[1][lines[0].index("残疾人证号")] = "12"
    lines[1][lines[0].index("性别")] = "X"
    lines[1][lines[0].index("残疾等级")] = "九级"
    text = "\n".join(",".join(row) for row in lines)
    async with bench.as_(STAFF) as client:
        page = await upload(client, text.encode(), "new.csv")
        assert "new.csv · new.csv" not in page.text
        page = await finished(client, await client.post(f"{page.url}/check", data=chosen_columns(page)))
        assert counts(page)[3] == 1
        sheet = cells(await client.get(f"{page.url}/refused.xlsx"))
        for said in (page.text, sheet[1][-1]):
            for fault in ("has 2 characters instead of 20", "The sex “X” cannot be read", "There is no grade “九级”"):
                assert fault in said


def test_that_a_sheet_had_to_go_is_told_for_a_month(tmp_path: Path):
    folder, now = Folder(tmp_path / "imports"), datetime.now(UTC)
    job = Job.begin("worker_00000001", "roster.xlsx")
    folder.create(job, b"personal")
    folder.forget_erased({"person_00000001": now + timedelta(seconds=1)}, now)
    assert folder.load(job.id) is None
    assert [(one.job_id, one.named) for one in folder.gone("worker_00000001")] == [(job.id, False)]
    assert folder.gone("worker_00000002") == []
    folder.forget_old(now + timedelta(days=29))
    assert folder.gone()
    folder.forget_old(now + timedelta(days=31))
    assert folder.gone() == []


def test_sheets_are_deleted_after_a_day(tmp_path: Path):
    folder, now = Folder(tmp_path / "imports"), datetime.now(UTC)
    job = Job.begin("worker_00000001", "roster.xlsx")
    folder.create(job, b"personal")
    folder.forget_old(now + timedelta(hours=23))
    assert folder.load(job.id) == job
    folder.forget_old(now + timedelta(hours=25))
    assert folder.load(job.id) is None
    assert not (tmp_path / "imports" / job.id).exists()


def test_a_job_named_by_a_path_is_none(tmp_path: Path):
    (tmp_path / "job.json").write_text(json.dumps({}))
    assert Folder(tmp_path / "imports").load("job_/../..") is None
    assert Folder(tmp_path / "imports").load("..") is None


@pytest.fixture
def lines() -> list[list[str]]:
    from canlian_sheets.columns import ROSTER
    from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
    from canlian_sheets.made_up.subdistrict import roster_line

    titles = {field.name: field.zh for field in ROSTER}
    rows = [roster_line(person) for person in made_up_people(6, 5, list(COMMUNITIES))]
    wanted = ["name", *(name for name in rows[0] if name != "name")]
    return [[titles[name] for name in wanted], *([str(row[name]) for name in wanted] for row in rows)]


def xlsx(rows: list[list[str]]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
