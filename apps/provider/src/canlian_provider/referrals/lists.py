"""The lists of referrals, on the page and as sheets."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.ids import derive_uuid
from canlian_events.terms import FileField
from canlian_person_file.disclosure import Look, not_recorded, record
from canlian_provider.referrals.access import ListedReferral, list_with_persons
from canlian_provider.referrals.views import ReferralList, belongs, referrals_to
from canlian_provider.shared.desk import Desk, choose, desk_or_404, find_desk, for_desks
from canlian_web.export.sheet import sheet
from canlian_web.language.formats import local
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_desks])

COLUMNS = (
    N_("Person"), N_("Service"), N_("Domain"), N_("Status"), N_("Referred on"), N_("Days waiting"), N_("Started on"),
    N_("Attended"), N_("Missed"), N_("Outcome"),
)  # fmt: skip


TITLES = {
    ReferralList.WAITING: N_("Waiting for your answer"),
    ReferralList.OFFERED: N_("Freed places offered"),
    ReferralList.TODAY: N_("Sessions to record today"),
    ReferralList.SERVED: N_("In service"),
    ReferralList.WAITLIST: N_("Waiting list"),
    ReferralList.FINISHED: N_("Finished this month"),
    ReferralList.ALL: N_("All referrals"),
}


def _which(page: Context) -> ReferralList:
    asked = page.request.query_params.get("list", "")
    return ReferralList(asked) if asked in list(ReferralList) else ReferralList.WAITING


async def _lines(page: Context, desk: Desk, which: ReferralList) -> list[ListedReferral]:
    """The list asked for, of one service where the address names it."""
    service = page.request.query_params.get("service")
    rows = await page.read(referrals_to, desk.provider_id, desk.scopes)
    found = [row for row in rows if belongs(row, which, page.today) and service in (None, row.service_id)]
    return await page.read(list_with_persons, desk.provider_id, found)


@router.get("/referrals")
async def referrals(page: Page) -> Response:
    desk = await find_desk(page)
    if desk is None:
        return await choose(page)
    which = _which(page)
    service = page.request.query_params.get("service")
    lines = await _lines(page, desk, which)
    return page.render(
        "referrals/list.html",
        desk=desk,
        which=which,
        titles=TITLES,
        service=service,
        lines=lines,
        export=desk.path("/referrals/sheet", list=which.value, service=service),
        derive_uuid=derive_uuid,
    )


@router.get("/referrals/sheet")
async def referrals_sheet(page: Page) -> Response:
    desk = await desk_or_404(page)
    which = _which(page)
    lines, title = await _lines(page, desk, which), page._(TITLES[which])
    named = [Look(line.row.person_id, line.row.community, frozenset({FileField.NAME})) for line in lines if line.person]
    if hidden := await record(page, dict.fromkeys(named), desk.why):
        return not_recorded(page, title, hidden)
    return sheet(title, [page._(text) for text in COLUMNS], [_cells(page, line) for line in lines], page.lang)


def _cells(page: Context, line: ListedReferral) -> list[object]:
    row, waits = line.row, line.row.is_open and not line.row.served
    name = (line.person.name or page._("sealed")) if line.person else page._("no longer shown")
    return [
        name,
        line.service.name,
        row.domain,
        row.status,
        local(row.referred_at).date(),
        row.days(page.today) if waits else None,
        row.started_on,
        row.attended,
        row.missed,
        row.outcome,
    ]
