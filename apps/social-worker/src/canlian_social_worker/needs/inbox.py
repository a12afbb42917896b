"""The inbox: needs by any filter, oldest first, as a page and as a sheet."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.assistance.ask_number import shown_number
from canlian_events.terms import FileField, Urgency
from canlian_person_file.disclosure import sheet_about
from canlian_social_worker.needs.awaiting_answer import waiting_needs
from canlian_social_worker.needs.views import NeedFilter, NeedRow, NeedStatus
from canlian_social_worker.shared.access import for_workers
from canlian_social_worker.shared.choices import choices, community_choices
from canlian_social_worker.shared.names import Names, names_for
from canlian_web.language.formats import local
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])
SHOWN = 200

LISTS: tuple[tuple[str, dict[str, str]], ...] = (
    (N_("All in hand"), {}),
    (N_("New"), {"holder": "nobody"}),
    (N_("Urgent"), {"urgency": Urgency.URGENT.value}),
    (N_("Mine"), {"holder": "me"}),
    (N_("Waiting for an answer"), {"waiting": "1"}),
)
"""The lists the day's figures open, by name and query."""


def wanted(page: Context) -> NeedFilter:
    asked = page.request.query_params
    holder = asked.get("holder", "")
    return NeedFilter(
        status=asked.get("status", "in_hand"),
        community=asked.get("community", ""),
        domain=asked.get("domain", ""),
        urgency=asked.get("urgency", ""),
        holder=page.actor.id if holder == "me" else holder,
        number=asked.get("number", "").strip(),
        waiting=bool(asked.get("waiting")),
    )


@router.get("/needs")
async def needs(page: Page) -> Response:
    rows = await page.read(waiting_needs, page.actor.communities, wanted(page))
    asked = dict(page.request.query_params)
    return page.render(
        "needs/inbox.html",
        needs=rows[:SHOWN],
        number=len(rows),
        names=await names_for(page, rows[:SHOWN]),
        filters=page.blank(**({"status": "in_hand"} | asked)),
        asked=asked,
        number_of=shown_number,
        statuses=choices(page, NeedStatus),
        lists=LISTS,
        communities=await community_choices(page),
        export=page.url("/needs/sheet", **asked),
    )


@router.get("/needs/sheet")
async def needs_sheet(page: Page) -> Response:
    rows = await page.read(waiting_needs, page.actor.communities, wanted(page))
    names = await names_for(page, rows)
    columns = [page._(text) for text in COLUMNS]
    what = {FileField.NAME, FileField.WORDS, FileField.RECORD}

    def cells(row: NeedRow) -> list[object]:
        return _cells(page, row, names)

    return await sheet_about(page, page._("Needs"), columns, rows, cells, what=what, back=page.url("/needs"))


COLUMNS = (
    N_("Number"), N_("Person"), N_("Community"), N_("Domain"), N_("In their words"), N_("Urgency"), N_("Status"),
    N_("Held by"), N_("Asked on"), N_("Days"),
)  # fmt: skip


def _cells(page: Context, row: NeedRow, names: Names) -> list[object]:
    return [
        shown_number(row.number),
        names.person(row.person_id) or page._("not registered yet"),
        names.community(row.community),
        row.domain,
        row.words,
        row.urgency,
        row.status,
        names.worker(row.worker_id),
        local(row.raised_at).date(),
        row.age(page.today),
    ]
