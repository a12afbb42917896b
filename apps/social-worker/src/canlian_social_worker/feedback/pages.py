"""Feedback: what people said, and the reply to it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from canlian_events.evaluation.feedback import GiveFeedback, ReplyToFeedback
from canlian_events.terms import FileField, ShownFor
from canlian_person_file.disclosure import sheet_about, shown
from canlian_social_worker.feedback.views import LOW, FeedbackList, FeedbackRow, listed_feedback, one_feedback
from canlian_social_worker.persons.views import person
from canlian_social_worker.shared.access import for_workers, in_scope, may
from canlian_social_worker.shared.names import names_for
from canlian_web.forms import Form
from canlian_web.language.formats import local
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])

LISTS = {
    FeedbackList.TO_ANSWER: N_("Score of 1 or 2, no reply yet"),
    FeedbackList.GIVEN: N_("All that was given"),
    FeedbackList.ASKED: N_("Asked for, not given yet"),
}
COLUMNS = (
    N_("Person"),
    N_("Community"),
    N_("About"),
    N_("Service"),
    N_("Score"),
    N_("In their words"),
    N_("Given on"),
    N_("Reply"),
)


class SpokenFeedback(BaseModel):
    """The form of feedback that somebody gave by word of mouth."""

    score: int = Field(ge=1, le=5)
    told: str | None = None


def _which(page: Context) -> FeedbackList:
    asked = page.request.query_params.get("list", "")
    return FeedbackList(asked) if asked in list(FeedbackList) else FeedbackList.TO_ANSWER


@router.get("/feedback")
async def feedback(page: Page) -> Response:
    which = _which(page)
    rows = await page.read(listed_feedback, page.actor.communities, which)
    return page.render(
        "feedback/list.html",
        which=which.value,
        title=page._(LISTS[which]),
        lists=[(one.value, page._(text)) for one, text in LISTS.items()],
        feedback=rows,
        names=await names_for(page, rows),
        export=page.url("/feedback/sheet", list=which.value),
    )


@router.get("/feedback/sheet")
async def feedback_sheet(page: Page) -> Response:
    rows = await page.read(listed_feedback, page.actor.communities, _which(page))
    names = await names_for(page, rows)

    def cells(row: FeedbackRow) -> list[object]:
        return [
            names.person(row.person_id),
            names.community(row.community),
            row.occasion,
            names.service(row.service_id),
            row.score,
            row.words,
            local(row.given_at).date() if row.given_at else None,
            row.reply,
        ]

    columns = [page._(text) for text in COLUMNS]
    what = {FileField.NAME, FileField.WORDS, FileField.NOTES}
    return await sheet_about(page, page._("Feedback"), columns, rows, cells, what=what, back=page.url("/feedback"))


@router.get("/feedback/{feedback_id}")
async def show(page: Page, feedback_id: str) -> Response:
    return await _show(page, await in_scope(page, one_feedback, feedback_id), page.blank())


async def _show(page: Context, row: FeedbackRow, form: Form[Any]) -> Response:
    known = await page.read(person, row.person_id)
    file = await shown(
        page,
        row.person_id,
        row.community,
        ShownFor.FEEDBACK,
        words=row.words,
        notes=row.reply,
        access_needs=known.access_needs if known else [],
    )
    return page.render(
        "feedback/detail.html",
        feedback=row,
        file=file,
        low=row.score is not None and row.score <= LOW,
        names=await names_for(page, row),
        may=may(page, row.community),
        form=form,
    )


@router.post("/feedback/{feedback_id}/reply")
async def reply(page: Page, feedback_id: str) -> Response:
    row = await in_scope(page, one_feedback, feedback_id)
    form = page.form(ReplyToFeedback, feedback_id=feedback_id)
    if await page.submit(form):
        return page.redirect(f"/feedback/{feedback_id}", notice=page._("The reply is sent."))
    return await _show(page, row, form)


@router.post("/feedback/{feedback_id}/give")
async def give(page: Page, feedback_id: str) -> Response:
    """Written down for the person, as they said it."""
    row = await in_scope(page, one_feedback, feedback_id)
    form = page.form(SpokenFeedback)

    def command(filled: SpokenFeedback) -> GiveFeedback:
        return GiveFeedback(feedback_id=feedback_id, score=filled.score, words=filled.told)

    if await page.submit(form, command):
        return page.redirect(f"/feedback/{feedback_id}", notice=page._("The feedback is recorded."))
    return await _show(page, row, form)
