"""Registering a person: what is wrong with it is said all at once, and who it may be already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.numbers import BadNumber, CitizenId
from canlian_events.registry.person import (
    RegisterPerson,
)
from canlian_federation.duplicates.views import entries
from canlian_federation.people.pages import SEEING
from canlian_federation.shared.access import places_of, scopes_of
from canlian_federation.shared.rows import ALIKE
from canlian_person_file.contact_fields import CALLED, check_called
from canlian_person_file.record_linkage.at_registration import reasons, unseen
from canlian_person_file.record_linkage.candidates import Found
from canlian_person_file.record_linkage.scoring import Because
from canlian_web.forms import Form
from canlian_web.language.refusals import say_refusal
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/people", dependencies=[require(*SEEING)])

REGISTERING = {
    "person.bad_citizen_id": "citizen_id",
    "person.citizen_id_taken": "citizen_id",
    **CALLED,
    "community.unknown": "community",
    "community.closed": "community",
}


@router.get("/new", dependencies=[require(*RegisterPerson.by)])
async def blank(page: Page) -> Response:
    places = list((await places_of(page)).items())
    return await _registering(page, page.blank(community=places[0][0] if len(places) == 1 else None))


@router.post("/new", dependencies=[require(*RegisterPerson.by)])
async def register(page: Page) -> Response:
    person_id = page.new_id("person")
    form = page.form(RegisterPerson, person_id=person_id)
    check_numbers(page, form)
    if form.ok and (found := await unseen(page, ALIKE, scopes_of(page), form)):
        if any(Because.NUMBER_SAME in one.likeness.reasons for one in found):
            form.errors["citizen_id"] = say_refusal("person.citizen_id_taken", {}, page.lang)
        return await _registering(page, form, found)
    if await page.submit(form, fields=REGISTERING):
        return page.redirect(f"/people/{person_id}", notice=page._("The person is registered."))
    return await _registering(page, form)


def check_numbers(page: Context, form: Form[Any]) -> None:
    """Whether the numbers that were typed can be anybody's, said together with all else that is wrong."""
    check_called(page, form)
    number = form.text("citizen_id").strip()
    if number:
        try:
            CitizenId.read(number)
        except BadNumber:
            form.errors["citizen_id"] = say_refusal("person.bad_citizen_id", {}, page.lang)


async def _registering(page: Context, form: Form[Any], found: Sequence[Found] = ()) -> Response:
    places = list((await places_of(page)).items())
    return page.render(
        "person_file/register.html", form=form, places=places, alike=await _alike(page, found, dict(places))
    )


async def _alike(page: Context, found: Sequence[Found], places: dict[str, str]) -> list[dict[str, Any]]:
    """Whom it may be: by name, place and year of birth, and why."""
    rows = await page.read(entries, [one.row.person_id for one in found])
    shown = [(one, rows[one.row.person_id]) for one in found if one.row.person_id in rows]
    return [
        {
            "person_id": row.person_id,
            "href": page.url(f"/people/{row.person_id}"),
            "name": row.name,
            "about": f"{places.get(row.community, row.community)} · {page._('born %(year)s', year=row.birth_year)}",
            "reasons": reasons(page, one),
        }
        for one, row in shown
    ]
