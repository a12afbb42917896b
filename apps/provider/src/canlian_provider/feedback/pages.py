"""What people said of the services, and the reply to it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.evaluation.feedback import ReplyToFeedback
from canlian_provider.feedback.views import FeedbackRow, feedback_on, one_feedback
from canlian_provider.services.views import ServiceRow, service, services_of
from canlian_provider.shared.desk import Desk, choose, desk_or_404, find_desk, for_desks
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.formats import local
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_desks])
COLUMNS = (N_("Given on"), N_("Service"), N_("Score"), N_("Given by"), N_("Words"), N_("Reply"))


async def _names(page: Context, desk: Desk) -> dict[str, str]:
    return {row.service_id: row.name for row in await page.read(services_of, desk.provider_id)}


@router.get("/feedback")
async def feedback(page: Page) -> Response:
    desk = await find_desk(page)
    if desk is None:
        return await choose(page)
    rows = await page.read(feedback_on, desk.provider_id, desk.scopes)
    return page.render("feedback/list.html", desk=desk, rows=rows, names=await _names(page, desk))


@router.get("/feedback/sheet")
async def feedback_sheet(page: Page) -> Response:
    desk = await desk_or_404(page)
    names = await _names(page, desk)
    rows = [
        [local(row.given_at).date(), names[row.service_id], row.score, row.rater, row.words, row.reply]
        for row in await page.read(feedback_on, desk.provider_id, desk.scopes)
    ]
    return sheet(page._("Feedback"), [page._(text) for text in COLUMNS], rows, page.lang)


async def _own(page: Context, feedback_id: str) -> tuple[Desk, FeedbackRow, ServiceRow]:
    row = await page.read(one_feedback, feedback_id)
    on = await page.read(service, row.service_id) if row else None
    if row is None or on is None:
        raise HTTPException(404)
    desk = await desk_or_404(page, on.provider_id)
    if on.provider_id != desk.provider_id or not row.community.startswith(desk.scopes):
        raise HTTPException(404)
    return desk, row, on


@router.get("/feedback/{feedback_id}")
async def show(page: Page, feedback_id: str) -> Response:
    desk, row, on = await _own(page, feedback_id)
    return _show(page, desk, row, on, page.blank(words=row.reply))


def _show(page: Context, desk: Desk, row: FeedbackRow, on: ServiceRow, form: Form[Any]) -> Response:
    return page.render("feedback/reply.html", desk=desk, row=row, service=on, form=form)


@router.post("/feedback/{feedback_id}")
async def reply(page: Page, feedback_id: str) -> Response:
    desk, row, on = await _own(page, feedback_id)
    form = page.form(ReplyToFeedback, feedback_id=feedback_id)
    if await page.submit(form):
        return page.redirect(desk.path("/feedback"), notice=page._("Your reply is sent to the person."))
    return _show(page, desk, row, on, form)
