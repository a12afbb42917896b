"""A person who is not in the roster yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_chassis.bus.client import Refused
from canlian_events.assistance.need import IdentifyAsker
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import Role, ShownFor
from canlian_person_file.contact_fields import CALLED, check_called
from canlian_person_file.disclosure import File, shown
from canlian_person_file.record_linkage.at_registration import reasons, unseen
from canlian_person_file.record_linkage.candidates import Found
from canlian_social_worker.needs.views import NeedRow, need
from canlian_social_worker.persons.possible_duplicates import ALIKE
from canlian_social_worker.persons.views import person
from canlian_social_worker.shared.access import in_scope
from canlian_social_worker.shared.choices import community_choices
from canlian_web.forms import Form
from canlian_web.page import Context, Page, require

router = APIRouter(dependencies=[require(Role.SOCIAL_WORKER, Role.STAFF)])

FIELDS = {
    "person.bad_citizen_id": "citizen_id",
    "person.citizen_id_taken": "citizen_id",
    **CALLED,
    "community.unknown": "community",
    "community.closed": "community",
}
"""Which field a refusal is about."""


@router.get("/persons/new")
async def blank(page: Page) -> Response:
    asked = await _need(page)
    communities = await community_choices(page)
    here = asked.community if asked else communities[0][0] if len(communities) == 1 else None
    return await _show(page, asked, page.blank(community=here))


@router.post("/persons/new")
async def register(page: Page) -> Response:
    asked = await _need(page)
    person_id = page.new_id("person")
    form = page.form(RegisterPerson, person_id=person_id)
    check_called(page, form)
    if form.ok and (found := await unseen(page, ALIKE, page.actor.communities, form)):
        return await _show(page, asked, form, found)
    if not await page.submit(form, fields=FIELDS):
        return await _show(page, asked, form)
    if asked is None:
        return page.redirect(f"/persons/{person_id}", notice=page._("The person is registered."))
    return await _identify(page, asked, person_id)


async def _identify(page: Context, asked: NeedRow, person_id: str) -> Response:
    """The need waited for this person; the file exists now, whatever becomes of that."""
    try:
        await page.send(IdentifyAsker(need_id=asked.need_id, person_id=person_id))
    except Refused:
        return page.redirect(f"/persons/{person_id}", notice=page._("The person is registered."))
    notice = page._("The person is registered, and the need is under their name.")
    return page.redirect(f"/needs/{asked.need_id}", notice=notice)


async def _need(page: Context) -> NeedRow | None:
    """The need whose asker is to be registered, if the address names one."""
    need_id = page.request.query_params.get("need")
    return await in_scope(page, need, need_id) if need_id else None


async def _show(page: Context, asked: NeedRow | None, form: Form[Any], found: Sequence[Found] = ()) -> Response:
    file = File()
    if asked:
        file = await shown(page, asked.person_id, asked.community, ShownFor.NEED, words=asked.words)
    communities = await community_choices(page)
    alike = [await _alike(page, one, dict(communities)) for one in found]
    return page.render("persons/register.html", need=asked, file=file, communities=communities, form=form, alike=alike)


async def _alike(page: Context, found: Found, places: dict[str, str]) -> dict[str, Any]:
    """Whom it may be: by name, place and year of birth, and why."""
    row = await page.read(person, found.row.person_id)
    place = places.get(found.row.community, found.row.community)
    return {
        "person_id": found.row.person_id,
        "href": page.url(f"/persons/{found.row.person_id}"),
        "name": row.name if row else None,
        "about": f"{place} · {page._('born %(year)s', year=found.row.birth_year)}",
        "reasons": reasons(page, found),
    }
