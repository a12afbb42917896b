"""One session: who is meant, who came, recorded one by one, by a sheet or by their own phones; or one online course."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import segno
from fastapi import APIRouter, HTTPException
from markupsafe import Markup
from starlette.datastructures import UploadFile
from starlette.responses import Response

from canlian_events.registry.training import CancelTraining, RecordAttendance, StrikeAttendance
from canlian_events.terms import Role, WorkerKind
from canlian_federation.imports.row_pages import in_words
from canlian_federation.shared.access import for_looking, for_staff, scopes_of
from canlian_federation.team.pages import scopes_called
from canlian_federation.team.views import WorkerRow, worker_names, working
from canlian_federation.training.attendance_sheet import read_marks
from canlian_federation.training.attendance_token import GOOD_FOR, code_for
from canlian_federation.training.pages import choices, named, now_is
from canlian_federation.training.views import TrainingRow, attended, training_called
from canlian_sheets.outcomes import Unreadable
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.formats import now
from canlian_web.language.i18n import LANGUAGES
from canlian_web.language.term_labels import say
from canlian_web.page import Context, Page

router = APIRouter(prefix="/training", dependencies=[for_looking])

LARGEST_SHEET = 2 * 1024 * 1024
"""Bytes of a list of those who came: ours has a line a worker."""


@router.get("/{training_id}")
async def one(page: Page, training_id: str) -> Response:
    return await show(page, await _own(page, training_id), page.blank())


@router.post("/{training_id}/attendance", dependencies=[for_staff])
async def record(page: Page, training_id: str) -> Response:
    row = await _own(page, training_id)
    chosen = [who for who in page.blank(**dict(page.typed)).chosen("workers") if who]
    return await send_attendance(page, row, chosen)


@router.post("/{training_id}/sheet", dependencies=[for_staff])
async def bring_sheet(page: Page, training_id: str) -> Response:
    """Those who are recorded already are left out: the same sheet may be brought again."""
    row, file = await _own(page, training_id), page.data.get("sheet")
    if not isinstance(file, UploadFile) or not file.filename:
        return await show(page, row, Form(errors={"sheet": page._("Choose a file")}))
    if (file.size or 0) > LARGEST_SHEET:
        return await show(page, row, Form(errors={"sheet": page._("The file is too big: bring the list of this page")}))
    names = await page.read(worker_names)
    try:
        number, came = ({page.tool.texts[lang].say(text) for lang in LANGUAGES} for text in ("Number", "Came"))
        marked = await asyncio.to_thread(read_marks, await file.read(), file.filename, number, came, names)
    except Unreadable as no:
        return await show(page, row, Form(errors={"sheet": in_words(no.code, no.facts, page.lang)}))
    if wrong := _wrong_with(page, marked.headed, marked.unknown):
        return await show(page, row, Form(errors={"sheet": wrong}))
    there = {attendance.worker_id for attendance in await page.read(attended, training_id)}
    new = [who for who in dict.fromkeys(marked.workers) if who not in there]
    if not new:
        text = page._("Everybody marked in the sheet is recorded already.") if marked.workers else None
        return await show(page, row, Form(errors={"sheet": text or page._("Nobody is marked in the sheet")}))
    return await send_attendance(page, row, new)


@router.post("/{training_id}/strike", dependencies=[for_staff])
async def strike(page: Page, training_id: str) -> Response:
    row, form = await _own(page, training_id), page.form(StrikeAttendance, training_id=training_id)
    if done := await page.submit(form):
        return page.redirect(f"/training/{training_id}", notice=page.told(done, page._("The record is struck.")))
    return await show(page, row, form)


@router.get("/{training_id}/cancel", dependencies=[for_staff])
async def cancel(page: Page, training_id: str) -> Response:
    return page.render("training/cancel.html", row=await _own(page, training_id), form=page.blank())


@router.post("/{training_id}/cancel", dependencies=[for_staff])
async def send_cancellation(page: Page, training_id: str) -> Response:
    row, form = await _own(page, training_id), page.form(CancelTraining, training_id=training_id)
    if done := await page.submit(form):
        return page.redirect(f"/training/{training_id}", notice=page.told(done, page._("The session is cancelled.")))
    return page.render("training/cancel.html", row=row, form=form)


@router.get("/{training_id}/code", dependencies=[for_staff])
async def code(page: Page, training_id: str) -> Response:
    """For the wall: a QR picture with a link that is good for half an hour."""
    row = await _own(page, training_id)
    if row.online or row.cancelled:
        raise HTTPException(404)
    moment = now()
    made = await asyncio.to_thread(code_for, page.tool.settings, training_id, moment)
    address = _outside(page, page.url(f"/training/{training_id}/here", code=made))
    return page.render("training/qr_code.html", row=row, address=address, picture=_qr(address), until=moment + GOOD_FOR)


@router.get("/{training_id}/list.xlsx", dependencies=[for_staff])
async def list_as_sheet(page: Page, training_id: str) -> Response:
    """To print and sign, or to fill in and bring back: a mark under “Came” stays a mark."""
    row, _ = await _own(page, training_id), page._
    places, names = await scopes_called(page), await page.read(worker_names)
    there = {attendance.worker_id for attendance in await page.read(attended, training_id)}
    meant = await _meant(page, row)
    others = [worker for worker in await page.read(working, scopes_of(page)) if worker.worker_id in there]
    lines = {worker.worker_id: worker for worker in [*meant, *others]}.values()
    columns = [_("Number"), _("Full name"), _("Kind"), _("Communities"), _("Came"), _("Signature")]
    cells = [
        [
            worker.worker_id,
            names.get(worker.worker_id),
            WorkerKind(worker.kind),
            say([places.get(place, place) for place in worker.places], page.lang),
            "✓" if worker.worker_id in there else None,
            None,
        ]
        for worker in lines
    ]
    return sheet(f"{row.title} {row.day.isoformat()}", columns, cells, page.lang)


async def send_attendance(page: Context, row: TrainingRow, workers: Sequence[str]) -> Response:
    form = page.form(RecordAttendance, training_id=row.training_id, workers=tuple(workers))
    if not workers:
        form.errors = {"workers": page._("Choose who came")}
    if await page.submit(form):
        notice = page._("Recorded: %(number)s.", number=len(workers))
        return page.redirect(f"/training/{row.training_id}", notice=notice)
    return await show(page, row, await named(page, form))


async def show(page: Context, row: TrainingRow, form: Form[Any]) -> Response:
    rows = await page.read(attended, row.training_id)
    there = {attendance.worker_id for attendance in rows}
    meant = await _meant(page, row)
    others = [one for one in await page.read(working, scopes_of(page)) if one not in meant]
    missing = [one for one in meant if one.worker_id not in there]
    return page.render(
        "training/attendance.html",
        row=row,
        form=form,
        attended=rows,
        names=await page.read(worker_names),
        places=await scopes_called(page),
        meant=len(meant),
        meant_and_came=len(meant) - len(missing),
        missing=choices(page, missing),
        others=choices(page, (one for one in others if one.worker_id not in there)),
        when=now_is(row),
        staff=page.actor.holds(Role.STAFF),
    )


async def _meant(page: Context, row: TrainingRow) -> list[WorkerRow]:
    if row.online:
        return []
    return [worker for worker in await page.read(working, scopes_of(page)) if row.is_meant_for(worker)]


async def _own(page: Context, training_id: str) -> TrainingRow:
    row = await page.read(training_called, training_id, scopes_of(page))
    if row is None:
        raise HTTPException(404)
    return row


def _wrong_with(page: Context, headed: bool, unknown: Sequence[int]) -> str | None:
    if not headed:
        return page._("The sheet lacks the columns “Number” and “Came”: use the list of this page")
    if unknown:
        lines = say([str(line) for line in unknown[:20]], page.lang)
        return page._("These rows have no number of a worker: %(lines)s. Nothing was recorded.", lines=lines)
    return None


def _outside(page: Context, path: str) -> str:
    """The address as a phone in the room reaches it: by the name that this page was asked for."""
    headers = page.request.headers
    scheme = headers.get("x-forwarded-proto") or page.request.url.scheme
    host = headers.get("x-forwarded-host") or headers.get("host") or "localhost"
    return f"{scheme}://{host}{path}"


def _qr(text: str) -> Markup:
    out = BytesIO()
    made = segno.make(text, error="m", micro=False)
    made.save(out, kind="svg", xmldecl=False, border=4, omitsize=True, light="#fff", svgclass="qr", lineclass=None)
    return Markup(out.getvalue().decode())
