"""How was it: a resident says what they think of a visit or a service, and reads the answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from canlian_events.evaluation.feedback import GiveFeedback
from canlian_events.terms import Role
from canlian_neighbours.my_file.own_file import own_file
from canlian_neighbours.shared.queries import Asked, feedback_of, one_feedback
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page, require

router = APIRouter(dependencies=[require(Role.RESIDENT)])

FACES = [
    (5, N_("Very good")),
    (4, N_("Good")),
    (3, N_("So so")),
    (2, N_("Bad")),
    (1, N_("Very bad")),
]


class Said(BaseModel):
    score: Annotated[int, Field(ge=1, le=5)]
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] | None = None


@router.get("/feedback")
async def everything(page: Page) -> Response:
    asked = await page.read(feedback_of, page.actor.id)
    said = {one.row.feedback_id: one.row.words for one in asked if one.row.words}
    answered = {one.row.feedback_id: one.row.reply for one in asked if one.row.reply}
    file = await own_file(page, words=said or None, notes=answered or None)
    return page.render("feedback/list.html", asked=asked, faces=dict(FACES), file=file)


@router.get("/feedback/{feedback_id}")
async def one(page: Page, feedback_id: str) -> Response:
    return show(page, await find(page, feedback_id), page.blank())


@router.post("/feedback/{feedback_id}")
async def give(page: Page, feedback_id: str) -> Response:
    asked = await find(page, feedback_id)
    form = page.form(Said)
    if "score" in form.errors:
        form.errors["score"] = page._("Choose a face")
    command = GiveFeedback(feedback_id=feedback_id, score=0)
    if await page.submit(form, lambda said: command.model_copy(update={"score": said.score, "words": said.words})):
        return page.redirect("/feedback", notice=page._("Thank you for telling us."))
    return show(page, asked, form)


async def find(page: Context, feedback_id: str) -> Asked:
    asked = await page.read(one_feedback, feedback_id, page.actor.id)
    if asked is None:
        raise HTTPException(404)
    return asked


def show(page: Context, asked: Asked, form: Form[Said]) -> Response:
    return page.render("feedback/give.html", asked=asked, form=form, faces=FACES)
