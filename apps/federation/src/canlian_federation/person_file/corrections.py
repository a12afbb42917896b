"""What persons asked to have corrected in their files, the longest waiting first."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.calendar import day_of
from canlian_events.registry.person import SettleCorrection
from canlian_events.terms import FileField
from canlian_federation.people.pages import SEEING
from canlian_federation.people.views import PersonEntry
from canlian_federation.person_file.views import correction_requests
from canlian_federation.shared.access import places_of, scopes_of
from canlian_person_file.disclosure import sheet_about
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/corrections", dependencies=[require(*SEEING)])


@router.get("")
async def listed(page: Page) -> Response:
    rows = await page.read(correction_requests, scopes_of(page))
    return page.render(
        "person_file/corrections.html",
        rows=[(row, _days(page, row)) for row in rows],
        places=await places_of(page),
        settles=page.actor.may_send(SettleCorrection),
        export=page.url("/corrections/sheet.xlsx"),
    )


@router.get("/sheet.xlsx")
async def taken_away(page: Page) -> Response:
    places = await places_of(page)

    def cells(row: PersonEntry) -> list[object]:
        return [row.name, places.get(row.community, row.community), row.correction_asked_at, _days(page, row)]

    _ = page._
    columns = [_("Full name"), _("Community"), _("Asked on"), _("Days")]
    rows = await page.read(correction_requests, scopes_of(page))
    title, back = _("Corrections asked for"), page.url("/corrections")
    return await sheet_about(page, title, columns, rows, cells, what={FileField.NAME}, back=back)


def _days(page: Context, row: PersonEntry) -> int:
    return (page.today - day_of(row.correction_asked_at)).days if row.correction_asked_at else 0
