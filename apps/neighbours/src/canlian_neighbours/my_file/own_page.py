"""A resident's own page: how to reach them, what they need to be reached, what they agree to."""

from __future__ import annotations

from typing import Annotated, Literal

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
from canlian_neighbours.my_file.access_log import LOOKED
from canlian_neighbours.my_file.own_file import own_file
from canlian_neighbours.requests.ask import Phone
from canlian_neighbours.shared.queries import community_name, ids_of, person, worker_names
from canlian_neighbours.shared.rows import PersonRow
from canlian_person_file.access_log import in_words
from canlian_person_file.contact_fields import CALLED
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
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
    """What is left empty stays: it may only be empty because it was not shown. `gone` says what there is no more."""

    phone: Phone | None = None
    address: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    gone: frozenset[Literal["phone"]] = frozenset()

    def asks_nothing(self, row: PersonRow) -> bool:
        return not self.gone and self.phone is None and self.address in (None, row.address)

    def command(self, person_id: str) -> CorrectPerson:
        return CorrectPerson(person_id=person_id, phone="" if self.gone else self.phone, address=self.address)


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
        "my_file/own_page.html",
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
    return page.render("my_file/reach.html", file=file, form=page.blank(**known), held=row.phone)


@router.post("/me/reach")
async def correct(page: Page) -> Response:
    form: Form[Reach] = page.form(Reach)
    if "phone" in form.errors:
        form.errors["phone"] = page._("Check the phone number: write digits only, such as 13800001111")
    row = await find(page)
    if form.ok and form.value.gone and form.value.phone not in (None, row.phone):
        form.errors["gone"] = page._("You wrote another number: leave it, or tick that you have none, not both")
    elif form.ok and row.phone and form.value.asks_nothing(row):
        form.errors["phone"] = page._("An empty field changes nothing. To have your number removed, tick it below")
    if done := await page.submit(form, lambda said: said.command(row.person_id), fields=CALLED):
        return page.redirect("/me", notice=page.told(done, _changed(page, row, form.value)))
    return page.render("my_file/reach.html", form=form, held=row.phone)


def _changed(page: Context, row: PersonRow, said: Reach) -> str:
    """What is another than it was."""
    told = []
    if said.gone:
        told.append(page._("Your phone number is removed."))
    elif said.phone not in (None, row.phone):
        told.append(page._("Your phone number is changed."))
    if said.address not in (None, row.address):
        told.append(page._("Your address is changed."))
    return (" " if page.lang == "en" else "").join(told)


@router.get("/me/access")
async def access(page: Page) -> Response:
    row = await find(page)
    return page.render("my_file/access.html", form=page.blank(features=row.features))


@router.post("/me/access")
async def record_access(page: Page) -> Response:
    form: Form[Needs] = page.form(Needs)
    person_id = (await find(page)).person_id
    if await page.submit(form, lambda said: RecordAccessNeeds(person_id=person_id, features=said.features)):
        return page.redirect("/me", notice=page._("What you need is written down."))
    return page.render("my_file/access.html", form=form)


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
