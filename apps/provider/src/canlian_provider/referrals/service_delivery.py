"""The service itself: its start, its sessions, its end."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.catalog.referral import CompleteService, RecordSession, StartService
from canlian_provider.referrals.access import list_with_persons, own_referral
from canlian_provider.referrals.detail import show_referral
from canlian_provider.referrals.views import ReferralList, ReferralRow
from canlian_provider.shared.desk import Desk, for_desks
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_desks])


@router.post("/referrals/{referral_id}/start")
async def start(page: Page, referral_id: str) -> Response:
    desk, row = await own_referral(page, referral_id)
    form = page.form(StartService, referral_id=referral_id)
    if await page.submit(form):
        return page.redirect(desk.path(f"/referrals/{referral_id}"), notice=page._("The service has begun."))
    return await show_referral(page, desk, row, form)


@router.post("/referrals/{referral_id}/session")
async def record(page: Page, referral_id: str) -> Response:
    """From the referral's page, or by one tap from the list of those to record today."""
    desk, row = await own_referral(page, referral_id)
    form = page.form(RecordSession, referral_id=referral_id)
    if await page.submit(form):
        from_list = page.typed.get("from") == ReferralList.TODAY.value
        back = (
            desk.path("/referrals", list=ReferralList.TODAY.value)
            if from_list
            else desk.path(f"/referrals/{referral_id}")
        )
        return page.redirect(back, notice=page._("The session is recorded."))
    return await show_referral(page, desk, row, form)


@router.get("/referrals/{referral_id}/complete")
async def ask_outcome(page: Page, referral_id: str) -> Response:
    desk, row = await own_referral(page, referral_id)
    return await _complete(page, desk, row, page.blank())


@router.post("/referrals/{referral_id}/complete")
async def complete(page: Page, referral_id: str) -> Response:
    desk, row = await own_referral(page, referral_id)
    form = page.form(CompleteService, referral_id=referral_id)
    if await page.submit(form):
        told = page._("Completed. The place is free again, and the person is asked for feedback.")
        return page.redirect(desk.path(f"/referrals/{referral_id}"), notice=told)
    return await _complete(page, desk, row, form)


async def _complete(page: Context, desk: Desk, row: ReferralRow, form: Form[Any]) -> Response:
    [line] = await page.read(list_with_persons, desk.provider_id, [row])
    return page.render("referrals/complete.html", desk=desk, line=line, form=form)
