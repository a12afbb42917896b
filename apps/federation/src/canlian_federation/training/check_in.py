"""“I am here”: what a worker's phone opens from the QR picture in the room. For whoever is signed in."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.registry.training import SignInToTraining
from canlian_federation.training.attendance_token import is_good
from canlian_federation.training.views import TrainingRow, attended, one_training
from canlian_web.forms import Form
from canlian_web.language.formats import now
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/training", dependencies=[require()])


@router.get("/{training_id}/here")
async def here(page: Page, training_id: str, code: str = "") -> Response:
    return await show(page, await _training(page, training_id), code, page.blank())


@router.post("/{training_id}/here")
async def sign_in(page: Page, training_id: str) -> Response:
    row, code = await _training(page, training_id), str(page.typed.get("code", ""))
    form: Form[Any] = page.form(SignInToTraining, training_id=training_id, worker_id=page.actor.id)
    if not await _is_good(page, training_id, code):
        return await show(page, row, code, page.blank())
    if await page.submit(form):
        return page.redirect(f"/training/{training_id}/here")
    if form.errors:  # an account of somebody who is no worker
        form = Form(refusal=page._("This account is no worker's, so it cannot sign in to training."))
    return await show(page, row, code, form)


async def show(page: Context, row: TrainingRow, code: str, form: Form[Any]) -> Response:
    there = {attendance.worker_id: attendance for attendance in await page.read(attended, row.training_id)}
    return page.render(
        "training/check_in.html",
        row=row,
        form=form,
        code=code if await _is_good(page, row.training_id, code) else None,
        came=there.get(page.actor.id),
    )


async def _is_good(page: Context, training_id: str, code: str) -> bool:
    return await asyncio.to_thread(is_good, page.tool.settings, training_id, code, now())


async def _training(page: Context, training_id: str) -> TrainingRow:
    row = await page.read(one_training, training_id)
    if row is None or row.online:
        raise HTTPException(404)
    return row
