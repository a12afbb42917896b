"""A person's page: what is open and what was done, what they need to be reached, what they agreed to."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from starlette.responses import Response

from canlian_events.assistance.visit import BEREAVEMENT_DAYS
from canlian_events.registry.person import (
    REMINDER_DAYS,
    GiveConsent,
    RecordAccessNeeds,
    RecordDeath,
    WithdrawConsent,
)
from canlian_events.terms import Purpose, ShownFor
from canlian_person_file.access_log import in_words
from canlian_person_file.disclosure import shown
from canlian_social_worker.assessments.views import assessments_of_person
from canlian_social_worker.feedback.views import feedback_of_person
from canlian_social_worker.needs.views import needs_of_person
from canlian_social_worker.persons.access_log import LOOKED
from canlian_social_worker.persons.views import PersonRow, ids_of, person
from canlian_social_worker.referrals.views import referrals_of_person
from canlian_social_worker.shared.access import for_reaching, for_workers, in_scope, may, may_reach
from canlian_social_worker.shared.choices import choices
from canlian_social_worker.shared.contact_details import reveal
from canlian_social_worker.shared.names import about, names_for
from canlian_social_worker.visits.views import visits_of_person
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])


class Agreement(BaseModel):
    """The form by which consent is recorded: which purpose, and that the person said so themselves."""

    purpose: Purpose
    agreed: bool


@router.get("/persons/{person_id}")
async def show(page: Page, person_id: str) -> Response:
    row = await in_scope(page, person, person_id)
    if row.person_id != person_id:
        return page.redirect(f"/persons/{row.person_id}", notice=page._("That file was merged into this one."))
    if row.erased_at:
        # nothing of the file is shown, so nobody looked at it
        return page.render("persons/erased.html", status=410, person=row)
    return await _show(page, row, page.blank(features=row.access))


async def _show(page: Context, row: PersonRow, form: Form[Any]) -> Response:
    queries = (needs_of_person, assessments_of_person, referrals_of_person, visits_of_person, feedback_of_person)
    file = await shown(
        page,
        row.person_id,
        row.community,
        ShownFor.CASEWORK,
        disability=about(row, page),
        circumstances=page._("low-income household") if row.low_income else None,
        access_needs=row.access_needs,
        record=[await page.read(query, row.person_id) for query in queries],
    )
    names = await names_for(page, row)
    looked, looks = await page.read(LOOKED.of, *await page.read(ids_of, row.person_id))
    return page.render(
        "persons/detail.html",
        person=row,
        looked=in_words(page, looked, names.workers.get),
        looks=looks,
        file=file,
        missing=choices(page, [purpose for purpose in Purpose if not row.agreed(purpose)]),
        names=names,
        may=may(page, row.community),
        may_reach=may_reach(page),
        days_left=(row.certificate_expires - page.today).days if row.certificate_expires else None,
        reminder_days=REMINDER_DAYS,
        bereavement_days=BEREAVEMENT_DAYS,
        form=form,
    )


@router.post("/persons/{person_id}/access")
async def record_access(page: Page, person_id: str) -> Response:
    row = await in_scope(page, person, person_id)
    # nothing ticked is an answer too: nothing is needed
    form = page.form(RecordAccessNeeds, person_id=row.person_id, features=_chosen(page))
    if await page.submit(form):
        return page.redirect(f"/persons/{person_id}", notice=page._("What the person needs is recorded."))
    return await _show(page, row, form)


def _chosen(page: Context) -> list[str]:
    said = page.typed.get("features", [])
    return [said] if isinstance(said, str) else said


@router.post("/persons/{person_id}/consents")
async def give(page: Page, person_id: str) -> Response:
    row = await in_scope(page, person, person_id)
    form = page.form(Agreement)
    if form.errors.pop("agreed", None):
        form.errors["agreed"] = page._("Consent is recorded only when the person has agreed: ask, then tick this")

    def command(filled: Agreement) -> GiveConsent:
        return GiveConsent(person_id=row.person_id, purpose=filled.purpose)

    if await page.submit(form, command):
        return page.redirect(f"/persons/{person_id}", notice=page._("The person's consent is recorded."))
    return await _show(page, row, form)


@router.post("/persons/{person_id}/consents/withdraw")
async def withdraw(page: Page, person_id: str) -> Response:
    row = await in_scope(page, person, person_id)
    form = page.form(WithdrawConsent, person_id=row.person_id)
    if await page.submit(form):
        return page.redirect(f"/persons/{person_id}", notice=page._("The withdrawal is recorded."))
    return await _show(page, row, form)


@router.get("/persons/{person_id}/phone", dependencies=[for_reaching])
async def phone(page: Page, person_id: str) -> Response:
    row = await _readable(page, person_id)
    return await reveal(page, row.person_id, row.community, f"/persons/{person_id}", "phone", row.phone)


@router.get("/persons/{person_id}/address", dependencies=[for_reaching])
async def address(page: Page, person_id: str) -> Response:
    row = await _readable(page, person_id)
    return await reveal(page, row.person_id, row.community, f"/persons/{person_id}", "address", row.address)


@router.post("/persons/{person_id}/death")
async def died(page: Page, person_id: str) -> Response:
    row = await in_scope(page, person, person_id)
    form = page.form(RecordDeath, person_id=person_id)
    if await page.submit(form, fields={"person.death_in_future": "on", "person.death_before_birth": "on"}):
        return page.redirect(f"/persons/{person_id}", notice=page._("The death is recorded."))
    return await _show(page, row, form)


async def _readable(page: Context, person_id: str) -> PersonRow:
    """Raises 410 where the person was erased: there is nothing left to show."""
    row = await in_scope(page, person, person_id)
    if row.erased_at:
        raise HTTPException(410)
    return row
