"""Planning a visit to somebody."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.assistance.visit import ScheduleVisit
from canlian_social_worker.persons.views import PersonRow, person
from canlian_social_worker.shared.access import for_workers, in_scope
from canlian_social_worker.shared.choices import worker_choices
from canlian_social_worker.shared.workers import VISITORS, workers_of
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])


@router.get("/visits/new")
async def blank(page: Page) -> Response:
    return await _show(page, await _person(page), page.blank(due=page.today, worker_id=page.actor.id))


@router.post("/visits/new")
async def schedule(page: Page) -> Response:
    known = await _person(page)
    visit_id = page.new_id("visit")
    form = page.form(ScheduleVisit, visit_id=visit_id, person_id=known.person_id, community=known.community)
    if form.ok and form.value.due < page.today:
        form.errors["due"] = page._("This day is over: choose today or later")
    if await page.submit(form):
        return page.redirect(f"/visits/{visit_id}", notice=page._("The visit is planned."))
    return await _show(page, known, form)


async def _person(page: Context) -> PersonRow:
    person_id = page.request.query_params.get("person")
    if not person_id:
        raise HTTPException(404)
    return await in_scope(page, person, person_id)


async def _show(page: Context, known: PersonRow, form: Form[Any]) -> Response:
    workers = await page.read(workers_of, known.community, VISITORS)
    return page.render("visits/plan.html", person=known, workers=worker_choices(page, workers), form=form)
