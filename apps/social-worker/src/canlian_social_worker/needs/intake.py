"""A need brought by somebody who came in or called: for a registered person, or for somebody not known yet."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.assistance.need import RaiseNeed
from canlian_events.terms import Channel, Urgency
from canlian_social_worker.persons.views import PersonRow, person
from canlian_social_worker.shared.access import for_workers, in_scope
from canlian_social_worker.shared.choices import choices, community_choices
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])
CHANNELS = (Channel.WALK_IN, Channel.HOTLINE, Channel.VISIT, Channel.PETITION, Channel.REFERRED_IN)


@router.get("/needs/new")
async def blank(page: Page) -> Response:
    only = page.actor.communities[0] if len(page.actor.communities) == 1 else None
    form = page.blank(channel=Channel.WALK_IN, urgency=Urgency.NORMAL, community=only)
    return await _show(page, await _person(page), form)


@router.post("/needs/new")
async def raise_need(page: Page) -> Response:
    known = await _person(page)
    need_id = page.new_id("need")
    fixed: dict[str, object] = {"need_id": need_id, "person_id": known.person_id if known else page.new_id("asker")}
    if known:
        fixed["community"] = known.community
    form = page.form(RaiseNeed, **fixed)
    if await page.submit(form):
        return page.redirect(f"/needs/{need_id}", notice=page._("The need is recorded."))
    return await _show(page, known, form)


async def _person(page: Context) -> PersonRow | None:
    """The registered person the address names, if any."""
    person_id = page.request.query_params.get("person")
    return await in_scope(page, person, person_id) if person_id else None


async def _show(page: Context, known: PersonRow | None, form: Form[Any]) -> Response:
    communities = await community_choices(page)
    if not communities and not known:
        raise HTTPException(404)
    return page.render(
        "needs/intake.html", person=known, communities=communities, channels=choices(page, CHANNELS), form=form
    )
