"""Which services fit a need, best first, with reasons; and sending the person to one of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, TypeAdapter, field_validator
from starlette.responses import Response

from canlian_events.catalog.matching import FindMatches, Match, Matches, Reason
from canlian_events.catalog.referral import ReferPerson
from canlian_events.registry.person import GiveConsent
from canlian_events.terms import Purpose
from canlian_person_file.referral_folds import reasons_as_json
from canlian_social_worker.matching.reasons import Ground, grounds
from canlian_social_worker.needs.views import NeedRow, need
from canlian_social_worker.persons.views import PersonRow, person
from canlian_social_worker.shared.access import for_workers, in_scope, may
from canlian_social_worker.shared.names import Names, names_for
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])
_REASONS = TypeAdapter(tuple[Reason, ...])


class ReferralForm(BaseModel):
    """The form by which somebody is referred. `reasons` are those the worker saw when choosing, as JSON."""

    service_id: str
    reasons: str
    note: str | None = None
    agreed: bool = False

    @field_validator("reasons")
    @classmethod
    def _readable(cls, value: str) -> str:
        _REASONS.validate_json(value)
        return value


@dataclass(frozen=True, slots=True)
class Fit:
    """A match with its reasons in words."""

    match: Match
    grounds: list[Ground]

    @property
    def against(self) -> list[Ground]:
        return [ground for ground in self.grounds if ground.counts == "against"]


async def fits_for(page: Context, row: NeedRow, names: Names) -> list[Fit]:
    assert row.domain
    query = FindMatches(person_id=row.person_id, domain=row.domain, need_id=row.need_id)
    found = await page.ask(query, Matches)
    return [Fit(match, grounds(page, match.reasons, names)) for match in found.matches]


async def _ready(page: Context, need_id: str) -> tuple[NeedRow, PersonRow] | None:
    """The need and its person; None while it is not known who asks or for what."""
    row = await in_scope(page, need, need_id)
    if row.domain is None or not row.identified or not row.in_hand:
        return None
    return row, await in_scope(page, person, row.person_id)


@router.get("/needs/{need_id}/matches")
async def matches(page: Page, need_id: str) -> Response:
    ready = await _ready(page, need_id)
    if ready is None:
        return page.redirect(f"/needs/{need_id}")
    row, known = ready
    names = await names_for(page, row)
    fits = await fits_for(page, row, names)
    return page.render(
        "matching/matches.html",
        need=row,
        person=known,
        names=names,
        fitting=[fit for fit in fits if fit.match.fits],
        others=[fit for fit in fits if not fit.match.fits],
        may=may(page, row.community),
    )


@router.get("/needs/{need_id}/refer")
async def choose(page: Page, need_id: str) -> Response:
    return await _show(page, need_id, page.request.query_params.get("service", ""), page.blank())


@router.post("/needs/{need_id}/refer")
async def refer(page: Page, need_id: str) -> Response:
    row = await in_scope(page, need, need_id)
    known = await in_scope(page, person, row.person_id)
    form = page.form(ReferralForm)
    if not form.ok:
        return await _show(page, need_id, form.text("service_id"), form)
    if form.value.agreed:
        await page.send(GiveConsent(person_id=known.person_id, purpose=Purpose.SHARE_WITH_PROVIDER))
    referral_id = page.new_id("referral")

    def command(filled: ReferralForm) -> ReferPerson:
        about = {"referral_id": referral_id, "person_id": known.person_id, "community": row.community}
        kept = {"need_id": need_id, "reasons": _REASONS.validate_json(filled.reasons), "note": filled.note}
        return ReferPerson(service_id=filled.service_id, **about, **kept)

    if await page.submit(form, command):
        return page.redirect(f"/referrals/{referral_id}", notice=page._("The referral is sent to the provider."))
    return await _show(page, need_id, form.text("service_id"), form)


async def _show(page: Context, need_id: str, service_id: str, form: Form[Any]) -> Response:
    ready = await _ready(page, need_id)
    if ready is None:
        return page.redirect(f"/needs/{need_id}")
    row, known = ready
    names = await names_for(page, row)
    fit = next((fit for fit in await fits_for(page, row, names) if fit.match.service_id == service_id), None)
    if fit is None:
        return page.redirect(f"/needs/{need_id}/matches")
    return page.render(
        "matching/refer.html",
        need=row,
        person=known,
        fit=fit,
        offer=names.offers.get(service_id),
        reasons=form.text("reasons") or json.dumps(reasons_as_json(fit.match.reasons), ensure_ascii=False),
        names=names,
        may=may(page, row.community),
        form=form,
    )
