"""The start: ask, follow by number; a resident's own requests and what they are asked about."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.assistance.ask_number import read_number
from canlian_events.terms import Role
from canlian_neighbours.my_file.own_file import own_file
from canlian_neighbours.shared.queries import feedback_of, followed, needs_of
from canlian_person_file.disclosure import File
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter()


@router.get("")
async def home(page: Page) -> Response:
    return await show(page, page.blank())


@router.get("/follow")
async def follow(page: Page, number: str = "") -> Response:
    """To the request with this number; else the start page, with what was typed and what is wrong with it."""
    read = read_number(number)
    found = await page.read(followed, read) if read else None
    if read and found:
        return page.redirect(f"/needs/{read}")
    form = page.blank(number=number)
    form.errors["number"] = (
        page._("There is no request with this number. Check each sign; if you asked just now, wait a moment.")
        if read
        else page._("A number has 10 signs, such as K7M2-9QXD-4F. It never has 0, 1, I or O in it.")
    )
    return await show(page, form)


async def show(page: Context, form: Form[Any]) -> Response:
    resident = page.actor.holds(Role.RESIDENT)
    needs = await page.read(needs_of, page.actor.id) if resident else []
    asked = await page.read(feedback_of, page.actor.id) if resident else []
    waiting = [one for one in asked if one.row.score is None]
    said = {need.need_id: need.words for need, _ in needs if need.words}
    file = await own_file(page, words=said) if said else File({"words": {}})
    return page.render("home/home.html", form=form, resident=resident, needs=needs, waiting=waiting, file=file)
