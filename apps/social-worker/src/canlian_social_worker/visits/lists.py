"""Visits by the day they are due, as a page and as a sheet."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.terms import FileField
from canlian_person_file.disclosure import sheet_about
from canlian_social_worker.shared.access import for_workers
from canlian_social_worker.shared.choices import community_choices
from canlian_social_worker.shared.names import names_for
from canlian_social_worker.visits.views import VisitList, VisitRow, listed_visits
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
        "visits/list.html",
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
