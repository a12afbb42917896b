"""A resident's own page: how to reach them, what they need to be reached, what they agree to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from canlian_events.registry.person import (
    REMINDER_DAYS,
    CorrectPerson,
    GiveConsent,
    RecordAccessNeeds,
    WithdrawConsent,
)
from canlian_events.terms import AccessFeature, Purpose, Role
from canlian_neighbours.pages.ask import Phone
from canlian_neighbours.pages.own import own_file
from canlian_neighbours.views.looked import LOOKED
from canlian_neighbours.views.queries import community_name, ids_of, person, worker_names
from canlian_neighbours.views.rows import PersonRow
from canlian_web.forms import Form
from canlian_web.i18n import N_
from canlian_web.looked import in_words
from canlian_web.page import Context, Page, require

router = APIRouter(dependencies=[require(Role.RESIDENT)])

PURPOSES = {
    Purpose.SHARE_WITH_PROVIDER: (
        N_("Tell a service about me when I am sent to it"),
        N_("The service gets your name, your phone number and what you need. Without it you cannot be sent to one."),
    ),
    Purpose.VISITS: (
        N_("Visit me at home"),
        N_("A worker or volunteer comes by and asks how you are. If you take this back, nobody comes any more."),
    ),
    Purpose.CONTACT: (
        N_("Call me or send me messages"),
        N_("We tell you of help you may get, and when something is due. If you take this back, we only answer you."),
    ),
}


class Reach(BaseModel):
    phone: Phone | None = None
    address: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None


class Needs(BaseModel):
    features: frozenset[AccessFeature] = Field(default_factory=frozenset)


class Consent(BaseModel):
    purpose: Purpose


@router.get("/me")
async def me(page: Page) -> Response:
    row = await find(page)
    rows, looks = await page.read(LOOKED.of, *await page.read(ids_of, row.person_id), own=False)
    looked = in_words(page, rows, (await page.read(worker_names)).get)
    return page.render(
        "me.html",
        row=row,
        file=await own_file(page, phone=row.phone, address=row.address, notes=row.erasure_declined),
        days_left=(row.certificate_expires - page.today).days if row.certificate_expires else None,
        reminder_days=REMINDER_DAYS,
        community=await page.read(community_name, row.community),
        purposes=PURPOSES,
        looked=[one.as_step(page.lang) for one in looked],
        looks=looks,
    )


@router.get("/me/reach")
async def reach(page: Page) -> Response:
    row = await find(page)
    file = await own_file(page, phone=row.phone, address=row.address)
    known = {} if file.hidden else {"phone": file.phone, "address": file.address}
    return page.render("reach.html", file=file, form=page.blank(**known))


@router.post("/me/reach")
async def correct(page: Page) -> Response:
    form: Form[Reach] = page.form(Reach)
    if "phone" in form.errors:
        form.errors["phone"] = page._("Check the phone number: write digits only, such as 13800001111")
    if form.ok and form.value.phone is None and form.value.address is None:
        form.errors["phone"] = page._("Fill this in")
    person_id = (await find(page)).person_id
    if await page.submit(form, lambda said: CorrectPerson(person_id=person_id, **said.model_dump())):
        return page.redirect("/me", notice=page._("Your phone number and address are up to date."))
    return page.render("reach.html", form=form)


@router.get("/me/access")
async def access(page: Page) -> Response:
    row = await find(page)
    return page.render("access.html", form=page.blank(features=row.features))


@router.post("/me/access")
async def record_access(page: Page) -> Response:
    form: Form[Needs] = page.form(Needs)
    person_id = (await find(page)).person_id
    if await page.submit(form, lambda said: RecordAccessNeeds(person_id=person_id, features=said.features)):
        return page.redirect("/me", notice=page._("What you need is written down."))
    return page.render("access.html", form=form)


@router.post("/me/consent")
async def consent(page: Page) -> Response:
    await page.send(GiveConsent(person_id=(await find(page)).person_id, purpose=_purpose(page)))
    return page.redirect("/me", notice=page._("You agreed. You can take it back at any time."))


@router.post("/me/consent/withdraw")
async def withdraw(page: Page) -> Response:
    await page.send(WithdrawConsent(person_id=(await find(page)).person_id, purpose=_purpose(page)))
    return page.redirect("/me", notice=page._("You took it back. It holds from now on."))


def _purpose(page: Context) -> Purpose:
    form: Form[Consent] = page.form(Consent)
    if not form.ok:
        raise HTTPException(400)
    return form.value.purpose


async def find(page: Context) -> PersonRow:
    """The resident's own file. Raises 404 where the registry has none for this account."""
    row = await page.read(person, page.actor.id)
    if row is None:
        raise HTTPException(404)
    return row
