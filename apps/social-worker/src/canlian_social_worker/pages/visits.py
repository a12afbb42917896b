"""Visits by the day they are due, and planning a new one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.assistance.visit import ScheduleVisit
from canlian_events.terms import FileField
from canlian_person_file.disclosure import sheet_about
from canlian_social_worker.pages.common import community_choices, for_workers, names_for, own, worker_choices
from canlian_social_worker.views.persons import PersonRow, person
from canlian_social_worker.views.visits import VisitList, VisitRow, listed_visits
from canlian_social_worker.views.workers import VISITORS, workers_of
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])

LISTS = {
    VisitList.OVERDUE: N_("Overdue"),
    VisitList.DUE: N_("To be planned"),
    VisitList.TODAY: N_("Today"),
    VisitList.OWED: N_("All to come"),
    VisitList.OVER: N_("Over"),
}
SHOWN = 200
COLUMNS = (N_("Due"), N_("Person"), N_("Community"), N_("Visitor"), N_("Status"), N_("What to look for"))


def _asked(page: Context) -> tuple[VisitList, str, str]:
    """Which list, whose, and in which community."""
    asked = page.request.query_params
    which = asked.get("list", "")
    holder = page.actor.id if asked.get("holder") == "me" else ""
    return VisitList(which) if which in list(VisitList) else VisitList.OWED, holder, asked.get("community", "")


@router.get("/visits")
async def visits(page: Page) -> Response:
    which, holder, community = _asked(page)
    scopes = page.actor.communities
    rows = await page.read(listed_visits, scopes, which, page.today, holder=holder, community=community)
    asked = {"list": which.value, "holder": "me" if holder else None, "community": community or None}
    return page.render(
        "visits.html",
        which=which.value,
        title=page._(LISTS[which]),
        lists=[(one.value, page._(text)) for one, text in LISTS.items()],
        visits=rows[:SHOWN],
        number=len(rows),
        names=await names_for(page, rows[:SHOWN]),
        filters=page.blank(**asked),
        communities=await community_choices(page),
        export=page.url("/visits/sheet", **asked),
    )


@router.get("/visits/sheet")
async def visits_sheet(page: Page) -> Response:
    which, holder, community = _asked(page)
    scopes = page.actor.communities
    rows = await page.read(listed_visits, scopes, which, page.today, holder=holder, community=community)
    names = await names_for(page, rows)

    def cells(row: VisitRow) -> list[object]:
        return [
            row.due,
            names.person(row.person_id),
            names.community(row.community),
            names.worker(row.worker_id),
            row.status,
            row.look_for,
        ]

    columns = [page._(text) for text in COLUMNS]
    what = {FileField.NAME, FileField.NOTES, FileField.RECORD}
    return await sheet_about(page, page._("Visits"), columns, rows, cells, what=what, back=page.url("/visits"))


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
    return await own(page, person, person_id)


async def _show(page: Context, known: PersonRow, form: Form[Any]) -> Response:
    workers = await page.read(workers_of, known.community, VISITORS)
    return page.render("plan_visit.html", person=known, workers=worker_choices(page, workers), form=form)
