"""One referral: who comes, what for, what has happened; and the answer to it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.catalog.referral import AcceptReferral, DeclineReferral, WaitlistReferral
from canlian_person_file.disclosure import File, shown
from canlian_provider.referrals.access import list_with_persons, own_referral
from canlian_provider.referrals.history import history_of
from canlian_provider.referrals.timeline import grounds, steps
from canlian_provider.referrals.views import ReferralRow
from canlian_provider.shared.desk import Desk, for_desks
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_desks])


@router.get("/referrals/{referral_id}")
async def show(page: Page, referral_id: str) -> Response:
    desk, row = await own_referral(page, referral_id)
    return await show_referral(page, desk, row, page.blank(on=page.today, attended="true"))


async def show_referral(page: Context, desk: Desk, row: ReferralRow, form: Form[Any]) -> Response:
    """The referral as it stands now, with what was typed into its form."""
    [line] = await page.read(list_with_persons, desk.provider_id, [row])
    history = await page.read(history_of, row.referral_id)
    person, file = line.person, File()
    if person:
        noted = [entry.text for entry in history if entry.text]
        file = await shown(
            page,
            row.person_id,
            row.community,
            desk.why,
            phone=person.phone,
            access_needs=person.features,
            notes=[row.note, *noted] if row.note or noted else None,
        )
    response = page.render(
        "referrals/detail.html",
        desk=desk,
        row=row,
        person=person,
        file=file,
        service=line.service,
        missing=[need for need in file.access_needs if need.value not in line.service.access] if person else [],
        grounds=grounds(page, row.reasons),
        steps=steps(page, history, row.is_open and not file.hidden),
        form=form,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/referrals/{referral_id}/accept")
async def accept(page: Page, referral_id: str) -> Response:
    return await _answer(page, AcceptReferral, referral_id, page._("Accepted: the person has a place."))


@router.post("/referrals/{referral_id}/waitlist")
async def waitlist(page: Page, referral_id: str) -> Response:
    told = page._("On the waiting list. A place that becomes free is offered in turn.")
    return await _answer(page, WaitlistReferral, referral_id, told)


async def _answer(
    page: Context, command: type[AcceptReferral] | type[WaitlistReferral], referral_id: str, told: str
) -> Response:
    desk, row = await own_referral(page, referral_id)
    form = page.form(command, referral_id=referral_id)
    if await page.submit(form):
        return page.redirect(desk.path(f"/referrals/{referral_id}"), notice=told)
    return await show_referral(page, desk, row, form)


@router.get("/referrals/{referral_id}/decline")
async def ask_why(page: Page, referral_id: str) -> Response:
    desk, row = await own_referral(page, referral_id)
    return await _decline(page, desk, row, page.blank())


@router.post("/referrals/{referral_id}/decline")
async def decline(page: Page, referral_id: str) -> Response:
    desk, row = await own_referral(page, referral_id)
    form = page.form(DeclineReferral, referral_id=referral_id)
    if await page.submit(form):
        told = page._("Declined. The worker who referred the person is told, and the next best service is looked for.")
        return page.redirect(desk.path("/referrals"), notice=told)
    return await _decline(page, desk, row, form)


async def _decline(page: Context, desk: Desk, row: ReferralRow, form: Form[Any]) -> Response:
    [line] = await page.read(list_with_persons, desk.provider_id, [row])
    return page.render("referrals/decline.html", desk=desk, line=line, form=form)
