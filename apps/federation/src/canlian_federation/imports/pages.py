"""The roster: choose the sheet, see its columns, check every row, bring it in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import datetime
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, HTTPException
from openpyxl.utils import get_column_letter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from canlian_chassis.clock import CLOCK
from canlian_events.calendar import SHANGHAI
from canlian_federation.erasure.views import erased_since
from canlian_federation.imports.job import KEPT, Folder, Job, State
from canlian_federation.imports.jobs import Jobs
from canlian_federation.imports.row_pages import OUTCOMES, column_title, in_words, shown, tally, words_with
from canlian_federation.imports.views import all_imports, one_import
from canlian_federation.imports.wording import in_minutes, state_of, why_gone, why_stopped
from canlian_federation.overview.views import open_communities
from canlian_federation.shared.access import for_staff, scopes_of
from canlian_federation.shared.names import account_names
from canlian_sheets.columns import ROSTER
from canlian_sheets.giving_back import refused_sheet
from canlian_sheets.importer.row_store import MENDED, About, Phase, StoredRow
from canlian_sheets.outcomes import Unreadable
from canlian_sheets.reading import MAX_FILE
from canlian_sheets.tables import Preview
from canlian_web.forms import Form
from canlian_web.language.event_labels import say_who
from canlian_web.page import Context, Page
from canlian_web.paging import At, pages_of
from canlian_web.tool import Tool

SHOWN = 100
UNDONE = ("undoing", "undone")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@asynccontextmanager
async def at_work(app: FastAPI) -> AsyncIterator[None]:
    """The jobs live as long as the tool; what is past its day is deleted even when nobody looks."""
    tool = cast(Tool, app.state.tool)

    async def erased() -> dict[str, datetime]:
        """Those erased since sheets that are still kept may have been chosen."""
        since = CLOCK.now().astimezone(SHANGHAI).date() - 2 * KEPT
        return await tool.read(erased_since, since)

    jobs = app.state.jobs = Jobs(tool.settings, lambda: tool.client, erased)
    sweeping = asyncio.create_task(jobs.sweeping(), name="imports-sweep")
    try:
        yield
    finally:
        sweeping.cancel()
        await jobs.close()


router = APIRouter(prefix="/imports", dependencies=[for_staff], lifespan=at_work)


@router.get("")
async def imports(page: Page) -> Response:
    return await show_imports(page, page.blank())


@router.post("")
async def choose(page: Page) -> Response:
    file = page.data.get("sheet")
    if not isinstance(file, UploadFile) or not file.filename:
        return await show_imports(page, Form(errors={"sheet": page._("Choose a file")}))
    try:
        if (file.size or 0) > MAX_FILE:
            raise Unreadable("too_big", limit=MAX_FILE // 1024**2)
        job = await jobs_of(page).begin(page.actor.id, file.filename, await file.read())
    except Unreadable as no:
        return await show_imports(page, Form(errors={"sheet": in_words(no.code, no.facts, page.lang)}))
    return page.redirect(f"/imports/{job.id}")


@router.get("/{job_id}")
async def one(page: Page, job_id: str, outcome: str = "", at: At = 1) -> Response:
    gone = await jobs_of(page).gone(page.actor.id)
    if dropped := next((one for one in gone if one.job_id == job_id), None):
        title = page._("This sheet is no longer here")
        return page.render("canlian/error.html", status=410, title=title, text=why_gone(page, dropped))
    job = await own(page, job_id)
    if job.at_work:
        jobs_of(page).watched(job, page.token)
        return show_progress(page, job)
    if job.state is State.COLUMNS:
        return await show_columns(page, job)
    return await show_rows(page, job, outcome, at)


@router.get("/{job_id}/columns")
async def columns(page: Page, job_id: str) -> Response:
    """Once more, after the check."""
    job = await own(page, job_id)
    return await show_columns(page, job) if job.state in (State.COLUMNS, State.CHECKED) else _to(page, job)


@router.post("/{job_id}/check")
async def check(page: Page, job_id: str) -> Response:
    job = await own(page, job_id)
    if job.state in (State.COLUMNS, State.CHECKED):
        places = {row.name: row.community for row in await page.read(open_communities, scopes_of(page))}
        preview = await jobs_of(page).preview(job)
        mapping = _mapping(page, preview)
        if twice := _chosen_twice(mapping):
            form = page.blank(**{f"column_{name}": at for name, at in mapping.items()})
            for name, other in twice.items():
                title = column_title(other, page.lang)
                form.errors[f"column_{name}"] = page._("This column is chosen for %(other)s already", other=title)
            return await show_columns(page, job, form)
        await asyncio.to_thread(jobs_of(page).folder.remember, preview.header, mapping)
        await jobs_of(page).check(job, page.token, mapping, places, page.today)
    return _to(page, job)


@router.post("/{job_id}/start")
async def start(page: Page, job_id: str) -> Response:
    job = await own(page, job_id)
    if job.state is State.CHECKED:
        jobs_of(page).bring_in(job, page.token)
    return _to(page, job)


@router.post("/{job_id}/continue")
async def go_on(page: Page, job_id: str) -> Response:
    job = await own(page, job_id)
    if job.at_work:
        jobs_of(page).go_on(job, page.token)
    return _to(page, job)


@router.post("/{job_id}/delete")
async def delete(page: Page, job_id: str) -> Response:
    await jobs_of(page).delete(await own(page, job_id))
    return page.redirect("/imports", notice=page._("The sheet is deleted here. What was brought in stays."))


@router.get("/{job_id}/refused.xlsx")
async def refused(page: Page, job_id: str) -> Response:
    """The refused rows as they stood, to mend and bring in again."""
    job = await own(page, job_id)
    if job.state not in (State.CHECKED, State.IMPORTED):
        raise HTTPException(404)
    data = await asyncio.to_thread(_refused_sheet, jobs_of(page).folder, job)
    name = quote(f"退回-{job.filename.rpartition('.')[0] or job.filename}")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}.xlsx"}
    return Response(data, media_type=_XLSX, headers=headers)


async def show_imports(page: Context, form: Form[Any]) -> Response:
    jobs = jobs_of(page)
    mine = await jobs.mine(page.actor.id)
    batches = await page.read(all_imports)
    names = await page.read(account_names)
    stages = {batch.import_id: batch.stage for batch in batches}
    communities = await page.read(open_communities, scopes_of(page))
    return page.render(
        "imports/list.html",
        form=form,
        jobs=mine,
        running=jobs.running,
        gone=[(one, why_gone(page, one)) for one in await jobs.gone(page.actor.id)],
        batches=batches,
        by=lambda actor: say_who(actor, page.lang, names),
        state=lambda job: state_of(job, jobs.running(job), stages.get(job.batch_id), page),
        limit=MAX_FILE // 1024**2,
        places=len(communities),
        wanted=[field.heading for field in ROSTER if field.needed],
    )


def show_progress(page: Context, job: Job) -> Response:
    now = time.time()
    left = job.seconds_left(now)
    return page.render(
        "imports/progress.html",
        job=job,
        running=jobs_of(page).running(job),
        why=why_stopped(job, page),
        rate=round(job.rate(now)),
        left=None if left is None else in_minutes(left, page),
    )


async def show_columns(page: Context, job: Job, form: Form[Any] | None = None) -> Response:
    preview = await jobs_of(page).preview(job)
    found = preview.recognised
    letters = [
        (str(n), f"{get_column_letter(n + 1)} · {heading or page._('(no heading)')}")
        for n, heading in enumerate(preview.header)
    ]
    form = form or page.blank(**{f"column_{name}": at for name, at in found.columns.items()})
    return page.render(
        "imports/columns.html",
        job=job,
        preview=preview,
        form=form,
        fields_of=[(field.name, column_title(field.name, page.lang), field.needed) for field in ROSTER],
        letters=letters,
        missing=[field.heading for field in ROSTER if field.name in found.missing],
        title=lambda name: column_title(name, page.lang),
        letter=lambda n: get_column_letter(n + 1),
        why=why_stopped(job, page),
    )


async def show_rows(page: Context, job: Job, outcome: str, at: int) -> Response:
    """What would become of each row, or what became of it."""
    imported = job.state is State.IMPORTED
    found = await asyncio.to_thread(_look, jobs_of(page).folder, job, outcome, at)
    counts = tally(found.counts, found.mended)
    batch = await page.read(one_import, job.batch_id) if imported else None
    undone = batch is not None and batch.stage in UNDONE
    return page.render(
        "imports/rows.html",
        job=job,
        imported=imported,
        undone=undone,
        title=_title(page, job, batch.stage if undone and batch else None),
        about=found.about,
        counts=counts,
        changed=counts["created"] + counts["updated"],
        all=found.counts["rows"],
        outcomes=OUTCOMES,
        outcome=outcome,
        listed=shown(found.rows, page.lang, _named(job)),
        total=found.number,
        at=found.at,
        pages=found.pages,
        address=lambda **more: page.url(f"/imports/{job.id}", **{"outcome": outcome or None} | more),
    )


def _title(page: Context, job: Job, undone: str | None) -> str:
    if undone:
        return state_of(job, False, undone, page)
    return page._("Brought in") if job.state is State.IMPORTED else page._("What would happen")


class Look(NamedTuple):
    """A page of a sheet's rows, and what is known of all of them."""

    about: About
    counts: dict[str, Any]
    mended: int
    rows: list[StoredRow]
    number: int
    at: int
    pages: int


def _look(folder: Folder, job: Job, outcome: str, at: int) -> Look:
    which = outcome if outcome in (*OUTCOMES, MENDED) else ""
    phase = _phase(job)
    with closing(folder.store(job)) as store:
        number = store.number(phase, which)
        pages = pages_of(number, SHOWN)
        at = min(max(at, 1), pages)
        rows = store.page(phase, which, (at - 1) * SHOWN, SHOWN)
        return Look(store.about(), store.counts(phase), store.mended(), rows, number, at, pages)


def _refused_sheet(folder: Folder, job: Job) -> bytes:
    with closing(folder.store(job)) as store:
        return refused_sheet(store.refused(_phase(job)), store.about().header, words_with(_named(job)))


def _named(job: Job) -> dict[str, str]:
    """Code → name, of the communities as the sheet was read."""
    return {code: name for name, code in job.places.items()}


def _phase(job: Job) -> Phase:
    return "done" if job.state is State.IMPORTED else "tried"


def jobs_of(page: Context) -> Jobs:
    return cast(Jobs, page.request.app.state.jobs)


async def own(page: Context, job_id: str) -> Job:
    """The job, where the one who asks started it. Raises 404: others are not told that it exists."""
    job = await jobs_of(page).find(job_id, page.actor.id)
    if job is None:
        raise HTTPException(404)
    return job


def _to(page: Context, job: Job) -> Response:
    return page.redirect(f"/imports/{job.id}")


def _mapping(page: Context, preview: Preview) -> dict[str, int]:
    """The columns as chosen: every field of the form, -1 where it has none."""
    found = {}
    for field in ROSTER:
        text = page.typed.get(f"column_{field.name}", "")
        number = int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else -1
        found[field.name] = number if number < len(preview.header) else -1
    return found


def _chosen_twice(mapping: Mapping[str, int]) -> dict[str, str]:
    """Field → the one before it that has the same column."""
    first: dict[int, str] = {}
    return {name: first[at] for name, at in mapping.items() if at >= 0 and first.setdefault(at, name) != name}
