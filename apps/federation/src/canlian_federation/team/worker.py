"""One worker: where they work, what they may do, their training, what happened; and every act on them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from starlette.responses import Response

from canlian_events.registry.training import SESSIONS_A_YEAR, TRAINED_KINDS
from canlian_events.registry.worker import (
    ROLES_OF,
    AssignWorker,
    CorrectWorker,
    EraseWorker,
    GrantRole,
    ReleaseWorker,
    RevokeRole,
)
from canlian_events.terms import FileField, Post, Role, ShownFor, WorkerKind
from canlian_federation.overview.views import community_named, open_communities
from canlian_federation.shared.access import for_looking, for_staff, scopes_of
from canlian_federation.shared.names import account_names
from canlian_federation.team.pages import role_words, scopes_called
from canlian_federation.team.views import WorkerRow, team, worker_called
from canlian_federation.team.worker_history import StepRow, history
from canlian_federation.training.views import trained_by
from canlian_person_file.contact_fields import CALLED, check_called
from canlian_person_file.reveal_field import reveal
from canlian_web.forms import Form
from canlian_web.language.event_labels import say_event, say_who
from canlian_web.language.term_labels import options, say
from canlian_web.page import Context, Page

router = APIRouter(prefix="/team", dependencies=[for_looking])

NOBODY = "nobody"
"""Chosen as the successor where there is none: what stands chosen already is no choice."""
CALLING = (ShownFor.CALL, ShownFor.OVERSIGHT, ShownFor.OTHER)
"""Why a colleague's phone is looked up."""


class Sure(BaseModel):
    sure: str


@router.get("/{worker_id}")
async def one(page: Page, worker_id: str) -> Response:
    return await show(page, await _own(page, worker_id))


@router.get("/{worker_id}/phone")
async def phone(page: Page, worker_id: str) -> Response:
    row = await _own(page, worker_id)
    community, back = await place_of(page, row), f"/team/{worker_id}"
    title = page._("Phone number")
    return await reveal(page, worker_id, community, back, FileField.PHONE, row.phone, title=title, among=CALLING)


@router.get("/{worker_id}/correct", dependencies=[for_staff])
async def correct(page: Page, worker_id: str) -> Response:
    row = await _own(page, worker_id)
    return page.render("team/correct.html", row=row, form=page.blank(name=row.name))


@router.post("/{worker_id}/correct", dependencies=[for_staff])
async def send_correction(page: Page, worker_id: str) -> Response:
    """An empty phone field leaves the phone as it is: what stands there now is not shown for correcting it."""
    row = await _own(page, worker_id)
    none = {"phone": ""} if page.typed.get("no_phone") else {}
    form = page.form(CorrectWorker, worker_id=worker_id, **none)
    if form.ok and not form.text("name").strip():
        form.errors["name"] = page._("Fill this in")
    if none and form.text("phone").strip():
        form.errors["phone"] = page._("Enter a new number, or say that there is none any more: not both")
    check_called(page, form, "worker.")
    if done := await page.submit(form, fields=CALLED):
        return page.redirect(f"/team/{worker_id}", notice=page.told(done, page._("The data is corrected.")))
    return page.render("team/correct.html", row=row, form=form)


@router.post("/{worker_id}/assign", dependencies=[for_staff])
async def assign(page: Page, worker_id: str) -> Response:
    row = await _own(page, worker_id)
    form = page.form(AssignWorker, worker_id=worker_id)
    if done := await page.submit(form):
        return page.redirect(
            f"/team/{worker_id}", notice=page.told(done, page._("They are assigned to the community."))
        )
    return await show(page, row, assigning=form)


@router.get("/{worker_id}/release/{community}", dependencies=[for_staff])
async def release(page: Page, worker_id: str, community: str) -> Response:
    return await show_release(page, await _own(page, worker_id), community, page.blank())


@router.post("/{worker_id}/release/{community}", dependencies=[for_staff])
async def send_release(page: Page, worker_id: str, community: str) -> Response:
    row = await _own(page, worker_id)
    fixed: dict[str, object] = {"worker_id": worker_id, "community": community}
    if page.typed.get("successor") == NOBODY:
        fixed["successor"] = None
    form = page.form(ReleaseWorker, **fixed)
    if not form.text("successor"):
        form.errors["successor"] = page._("Choose one of the options")
    if done := await page.submit(form):
        text = page._("They are released from the community.")
        if form.value.successor and (next_ := await page.read(worker_called, form.value.successor, scopes_of(page))):
            text = page._(
                "Released from the community. %(name)s takes over: see that they hold the role they need for it.",
                name=next_.name,
            )
        return page.redirect(f"/team/{worker_id}", notice=page.told(done, text))
    return await show_release(page, row, community, form)


@router.post("/{worker_id}/grant", dependencies=[for_staff])
async def grant(page: Page, worker_id: str) -> Response:
    row = await _own(page, worker_id)
    form = page.form(GrantRole, worker_id=worker_id)
    if done := await page.submit(form):
        return page.redirect(
            f"/team/{worker_id}", notice=page.told(done, page._("The role is given, and holds from the next page on."))
        )
    return await show(page, row, granting=form)


@router.post("/{worker_id}/revoke", dependencies=[for_staff])
async def revoke(page: Page, worker_id: str) -> Response:
    row = await _own(page, worker_id)
    form = page.form(RevokeRole, worker_id=worker_id)
    if done := await page.submit(form):
        return page.redirect(
            f"/team/{worker_id}", notice=page.told(done, page._("The role is taken back, from the next page on."))
        )
    return await show(page, row, revoking=form)


@router.get("/{worker_id}/erase", dependencies=[for_staff])
async def erase(page: Page, worker_id: str) -> Response:
    return page.render("team/erase.html", row=await _own(page, worker_id), form=page.blank())


@router.post("/{worker_id}/erase", dependencies=[for_staff])
async def send_erasure(page: Page, worker_id: str) -> Response:
    row, form = await _own(page, worker_id), page.form(Sure)
    if done := await page.submit(form, lambda _: EraseWorker(worker_id=worker_id)):
        return page.redirect(
            "/team", notice=page.told(done, page._("Name and phone number are erased; what they did stays."))
        )
    return page.render("team/erase.html", row=row, form=form)


async def show(page: Context, row: WorkerRow, **forms: Form[Any]) -> Response:
    places, names = await scopes_called(page), await page.read(account_names)
    trained = await page.read(trained_by, row.worker_id)
    this_year = sum(attendance.year == page.today.year for attendance, _ in trained)
    titles = {training.training_id: training.title for _, training in trained if training}
    steps = await page.read(history, row.worker_id)
    return page.render(
        "team/detail.html",
        status=next((409 if form.refusal else 422 for form in forms.values() if form.wrong), 200),
        row=row,
        kind=WorkerKind(row.kind),
        held=[(held, role_words(page, held, places)) for held in row.roles],
        posts=await posts_of(page, row),
        places=places,
        trained=trained,
        this_year=this_year,
        needed=SESSIONS_A_YEAR if row.kind in TRAINED_KINDS else None,
        steps=[_step(page, step, places, names, titles) for step in steps],
        staff=page.actor.holds(Role.STAFF),
        may_call=page.actor.holds(Role.STAFF, Role.SOCIAL_WORKER, Role.GRID_WORKER),
        assigning=forms.get("assigning") or page.blank(),
        granting=forms.get("granting") or page.blank(),
        revoking=forms.get("revoking") or page.blank(),
        assignable=[(code, name) for code, name in places.items() if len(code) == 12 and code not in row.places],
        roles=[choice for choice in options(Role, page.lang) if choice[0] in ROLES_OF[WorkerKind(row.kind)]],
    )


async def show_release(page: Context, row: WorkerRow, community: str, form: Form[Any]) -> Response:
    place = await page.read(community_named, community)
    if place is None:
        raise HTTPException(404)
    scopes_of(page, community)
    colleagues = [
        (one.worker_id, one.name or one.worker_id)
        for one in await page.read(team, scopes_of(page))
        if one.kind == row.kind and one.worker_id != row.worker_id
    ]
    posts = [post for post in Post if getattr(place, f"{post.value}_id") == row.worker_id]
    return page.render(
        "team/release.html",
        row=row,
        kind=WorkerKind(row.kind),
        place=place,
        form=form,
        posts=posts,
        must=Post.GRID_WORKER in posts,
        colleagues=colleagues,
        choices=colleagues if Post.GRID_WORKER in posts else [*colleagues, (NOBODY, page._("Nobody takes over"))],
    )


async def posts_of(page: Context, row: WorkerRow) -> dict[str, list[Post]]:
    """Community → what they are to it by name."""
    found = {}
    for place in await page.read(open_communities, scopes_of(page)):
        posts = [post for post in Post if getattr(place, f"{post.value}_id") == row.worker_id]
        if posts:
            found[place.community] = posts
    return found


async def place_of(page: Context, row: WorkerRow) -> str:
    """Where a look at their data is recorded: their first community of ours, else our subdistrict."""
    ours = [place for place in row.places if page.actor.covers(place)]
    return ours[0] if ours else page.tool.settings.subdistrict


async def _own(page: Context, worker_id: str) -> WorkerRow:
    row = await page.read(worker_called, worker_id, scopes_of(page))
    if row is None or row.erased:
        raise HTTPException(404)
    return row


def _step(
    page: Context, step: StepRow, places: dict[str, str], names: dict[str, str], titles: dict[str, str]
) -> dict[str, Any]:
    note = [
        say(Role(step.role), page.lang) if step.role else None,
        places.get(step.place, step.place) if step.place else None,
        titles.get(step.training_id) if step.training_id else None,
    ]
    return {
        "at": step.at,
        "what": say_event(step.type, page.lang),
        "note": " · ".join(filter(None, note)),
        "who": say_who(step.actor, page.lang, names),
    }
