"""Personal data erased on request: the decision, the list, and the certificate of each, to print or to check."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from starlette.responses import Response

from canlian_chassis.bus.client import NotAllowed, Unavailable
from canlian_chassis.erasure.issue import NotErased, keep, kept
from canlian_chassis.keys.store import Keys
from canlian_events.ids import PersonId
from canlian_events.registry.person import DeclineErasure, ErasePerson
from canlian_events.terms import ErasureGround
from canlian_federation.erasure.views import erased_persons, one_person
from canlian_federation.overview.views import community_named
from canlian_federation.people.views import person_entry
from canlian_federation.person_file.pages import alive, days_since
from canlian_federation.person_file.views import erasure_requests
from canlian_federation.shared.access import for_staff, places_of, scopes_of
from canlian_federation.shared.names import account_names
from canlian_overview.rows import PersonRow
from canlian_web.forms import Form
from canlian_web.language.event_labels import say_who
from canlian_web.page import Context, Page

router = APIRouter(prefix="/erasures", dependencies=[for_staff])


class Whom(BaseModel):
    person_id: PersonId


class Decision(Whom):
    """The form: who decides has been shown whom, and says that they know it cannot be undone."""

    ground: ErasureGround
    sure: Literal["yes"]


@router.get("")
async def listed(page: Page) -> Response:
    scopes = scopes_of(page)
    waiting = await page.read(erasure_requests, scopes)
    return page.render(
        "erasure/list.html",
        erased=await page.read(erased_persons, scopes),
        waiting=[(row, days_since(page, row)) for row in waiting],
        places=await places_of(page),
    )


@router.get("/requests/{person_id}/decline")
async def ask_why_not(page: Page, person_id: str) -> Response:
    return page.render("erasure/decline_erasure.html", form=page.blank(), row=await alive(page, person_id))


@router.post("/requests/{person_id}/decline")
async def decline(page: Page, person_id: str) -> Response:
    row = await alive(page, person_id)
    form = page.form(DeclineErasure, person_id=person_id)
    if await page.submit(form, fields={"person.no_reason": "why"}):
        return page.redirect("/erasures", notice=page._("The request is declined. The person reads why on their page."))
    return page.render("erasure/decline_erasure.html", form=form, row=row)


@router.get("/new")
async def ask(page: Page, person: str = "") -> Response:
    return await _asked(page, page.blank(person_id=person), person)


@router.post("/new/who")
async def ask_about(page: Page) -> Response:
    """A number that was typed: whose it is, before anything else is asked."""
    form = page.form(Whom)
    if not form.ok:
        return await _asked(page, _worded(page, form), "")
    return page.redirect(page.url("/erasures/new", person=form.value.person_id))


def _worded(page: Context, form: Form[Any]) -> Form[Any]:
    if "person_id" in form.errors and form.text("person_id").strip():
        said = page._("A person's number looks like person_01a2b3c4: copy it from the person's page")
        form.errors["person_id"] = said
    return form


@router.post("/new")
async def erase(page: Page) -> Response:
    form = _worded(page, page.form(Decision))
    if await page.submit(form, lambda said: ErasePerson(person_id=said.person_id, ground=said.ground)):
        return page.redirect(f"/erasures/{form.value.person_id}", notice=page._("The data of this person is erased."))
    return await _asked(page, form, form.text("person_id").strip())


async def _asked(page: Context, form: Form[Any], person_id: str) -> Response:
    """First whom, then, with their name and community shown, why. Who is not known here cannot be decided about."""
    row = await page.read(person_entry, person_id)
    known = row if row and page.actor.covers(row.community) and not row.erased_on else None
    if known is None:
        if person_id and not form.wrong:
            form.errors["person_id"] = page._(
                "Nobody of your communities has this number, or their data is erased already"
            )
        return page.render("erasure/erase_whom.html", form=form)
    place = await page.read(community_named, known.community)
    return page.render("erasure/erase.html", form=form, grounds=list(ErasureGround), row=known, place=place)


@router.get("/{person_id}")
async def show(page: Page, person_id: str) -> Response:
    row = await _own(page, person_id)
    certificate = await asyncio.to_thread(kept, page.tool.settings, person_id)
    ground = ErasureGround(certificate.said["ground"]) if certificate else None
    who = say_who(certificate.actor, page.lang, await page.read(account_names)) if certificate else ""
    also = [one.subject for one in certificate.destroyed[1:]] if certificate else []
    files = sum(subject.startswith("person_") for subject in also)
    facts = {"files": files, "asked": len(also) - files}
    return page.render("erasure/certificate.html", person=row, certificate=certificate, ground=ground, who=who, **facts)


@router.get("/{person_id}/certificate.json")
async def download(page: Page, person_id: str) -> Response:
    await _own(page, person_id)
    certificate = await asyncio.to_thread(kept, page.tool.settings, person_id)
    if certificate is None:
        raise HTTPException(404)
    headers = {"Content-Disposition": f'attachment; filename="{person_id}.json"'}
    return Response(certificate.model_dump_json(indent=2), media_type="application/json", headers=headers)


@router.post("/{person_id}/certificate")
async def certify(page: Page, person_id: str) -> Response:
    """Counted from the whole log: some seconds where it is long."""
    await _own(page, person_id)
    settings = page.tool.settings
    if page.tool.nats is None:
        raise Unavailable
    try:
        await keep(page.tool.nats, await asyncio.to_thread(Keys.of, settings), settings, person_id)
    except NotErased:
        raise HTTPException(404) from None
    return page.redirect(f"/erasures/{person_id}", notice=page._("The certificate is made."))


async def _own(page: Context, person_id: str) -> PersonRow:
    """Who was erased in one of the actor's communities. Raises 404, or NotAllowed."""
    row = await page.read(one_person, person_id)
    if row is None or row.erased_on is None:
        raise HTTPException(404)
    if not page.actor.covers(row.community):
        raise NotAllowed("wrong_community", {"community": row.community})
    return row
