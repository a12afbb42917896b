"""Referrals: the lists, one referral to its end, and what comes after a no."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.catalog.matching import Reason
from canlian_events.catalog.referral import LapseReferral, ReferPerson, WithdrawReferral
from canlian_events.terms import FileField, ShownFor
from canlian_person_file.disclosure import sheet_about, shown
from canlian_social_worker.matching.reasons import grounds
from canlian_social_worker.persons.views import person
from canlian_social_worker.referrals.views import (
    UNANSWERED,
    UNSUCCESSFUL,
    ReferralList,
    ReferralRow,
    listed_referrals,
    referral,
)
from canlian_social_worker.shared.access import for_workers, in_scope, may
from canlian_social_worker.shared.history import history_of_referral
from canlian_social_worker.shared.names import names_for
from canlian_social_worker.shared.timeline import steps, texts_of
from canlian_web.forms import Form
from canlian_web.language.formats import local
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])

LISTS = {
    ReferralList.SILENT: N_("No answer for 7 days or more"),
    ReferralList.WAITING: N_("Waiting for an answer"),
    ReferralList.NEXT: N_("Declined or lapsed: what next?"),
    ReferralList.WAITLISTED: N_("On a waiting list"),
    ReferralList.GOING: N_("Accepted or under way"),
    ReferralList.ALL: N_("All referrals"),
}

COLUMNS = (
    N_("Person"), N_("Community"), N_("Service"), N_("Provider"), N_("Domain"), N_("Status"), N_("Referred on"),
    N_("Days without an answer"), N_("Proposed next"),
)  # fmt: skip


def _which(page: Context) -> ReferralList:
    asked = page.request.query_params.get("list", "")
    return ReferralList(asked) if asked in list(ReferralList) else ReferralList.WAITING


@router.get("/referrals")
async def referrals(page: Page) -> Response:
    which = _which(page)
    rows = await page.read(listed_referrals, page.actor.communities, which, page.today)
    return page.render(
        "referrals/list.html",
        which=which.value,
        title=page._(LISTS[which]),
        lists=[(one.value, page._(text)) for one, text in LISTS.items()],
        referrals=rows,
        names=await names_for(page, rows),
        export=page.url("/referrals/sheet", list=which.value),
    )


@router.get("/referrals/sheet")
async def referrals_sheet(page: Page) -> Response:
    rows = await page.read(listed_referrals, page.actor.communities, _which(page), page.today)
    names = await names_for(page, rows)

    def cells(row: ReferralRow) -> list[object]:
        return [
            names.person(row.person_id),
            names.community(row.community),
            names.service(row.service_id),
            names.provider(row.service_id),
            row.domain,
            row.status,
            local(row.referred_at).date(),
            (page.today - row.asked_on).days if row.status in UNANSWERED else None,
            names.service(row.next_service_id),
        ]

    columns = [page._(text) for text in COLUMNS]
    what = {FileField.NAME, FileField.RECORD}
    return await sheet_about(page, page._("Referrals"), columns, rows, cells, what=what, back=page.url("/referrals"))


@router.get("/referrals/{referral_id}")
async def show(page: Page, referral_id: str) -> Response:
    return await _show(page, await in_scope(page, referral, referral_id), page.blank())


async def _show(page: Context, row: ReferralRow, form: Form[Any]) -> Response:
    names = await names_for(page, row)
    history = await page.read(history_of_referral, row.referral_id)
    sessions = [session | {"on": date.fromisoformat(session["on"])} for session in row.sessions]
    noted = texts_of(history) or row.note or any(session.get("note") for session in sessions)
    file = await shown(
        page,
        row.person_id,
        row.community,
        ShownFor.REFERRAL,
        words=row.words,
        notes=[row.note, {session["on"]: session.get("note") for session in sessions}] if noted else None,
    )
    return page.render(
        "referrals/detail.html",
        referral=row,
        file=file,
        offer=names.offers.get(row.service_id),
        next_offer=names.offers.get(row.next_service_id or ""),
        person=await page.read(person, row.person_id),
        names=names,
        reasons=grounds(page, row.reasons, names),
        next_reasons=grounds(page, row.next_reasons, names),
        steps=steps(page, history, names, file),
        sessions=sessions,
        unanswered=row.status in UNANSWERED,
        unsuccessful=row.status in UNSUCCESSFUL,
        days=(page.today - row.asked_on).days,
        silent=row.silent(page.today),
        may=may(page, row.community),
        form=form,
    )


@router.post("/referrals/{referral_id}/withdraw")
async def withdraw(page: Page, referral_id: str) -> Response:
    row = await in_scope(page, referral, referral_id)
    form = page.form(WithdrawReferral, referral_id=referral_id)
    if await page.submit(form):
        return page.redirect(f"/referrals/{referral_id}", notice=page._("The referral is withdrawn."))
    return await _show(page, row, form)


@router.post("/referrals/{referral_id}/lapse")
async def lapse(page: Page, referral_id: str) -> Response:
    row = await in_scope(page, referral, referral_id)
    form = page.form(LapseReferral, referral_id=referral_id)
    if await page.submit(form):
        notice = page._("The referral has lapsed. The next match is looked for now.")
        return page.redirect(f"/referrals/{referral_id}", notice=notice)
    return await _show(page, row, form)


@router.post("/referrals/{referral_id}/next")
async def refer_to_next(page: Page, referral_id: str) -> Response:
    """Send the person to the service that was proposed, with the reasons it was proposed for."""
    row = await in_scope(page, referral, referral_id)
    known = await in_scope(page, person, row.person_id)
    new_id = page.new_id("referral")
    form = page.form(
        ReferPerson,
        referral_id=new_id,
        person_id=known.person_id,
        community=known.community,
        service_id=row.next_service_id,
        need_id=row.need_id,
        reasons=tuple(Reason.model_validate(reason) for reason in row.next_reasons),
    )
    if await page.submit(form):
        return page.redirect(f"/referrals/{new_id}", notice=page._("The referral is sent to the provider."))
    return await _show(page, row, form)
