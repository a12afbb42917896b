"""An association's activities: what was held, when, and who came."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.registry.association import HoldActivity
from canlian_events.terms import FileField
from canlian_federation.associations.pages import own, title_of
from canlian_federation.associations.views import AssociationRow, activity_called, members_of, names_of, people_called
from canlian_federation.overview.views import community_named
from canlian_federation.people.pages import SEEING
from canlian_federation.shared.choose_person import choices
from canlian_person_file.disclosure import sheet_about
from canlian_web.forms import Form
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/associations/{association_id}/activities", dependencies=[require(*SEEING)])


@router.get("/new")
async def new(page: Page, association_id: str) -> Response:
    return await _ask(page, await own(page, association_id), page.blank(on=page.today.isoformat()))


@router.post("/new")
async def hold(page: Page, association_id: str) -> Response:
    """“Add” looks for somebody who is no member and comes back with them on the list; “record” sends the whole."""
    row = await own(page, association_id)
    if "record" not in page.typed:
        return await _ask(page, row, page.blank(**page.typed))
    form = page.form(HoldActivity, association_id=association_id, activity_id=page.new_id("activity"))
    if await page.submit(form):
        return page.redirect(
            f"/associations/{association_id}",
            notice=page._("The activity is recorded. Who came took part: it counts for the participation rate."),
        )
    return await _ask(page, row, form)


async def _ask(page: Context, row: AssociationRow, form: Form[Any]) -> Response:
    """The members, whoever is ticked already, and whoever was just looked for."""
    members = [
        one.member_id for one in await page.read(members_of, row.association_id) if one.member_id.startswith("person_")
    ]
    ticked = [id_ for id_ in form.chosen("attendees") if id_ not in members]
    names = await page.read(names_of, {*members, *ticked})
    listed = [(id_, names.get(id_, page._("sealed"))) for id_ in [*members, *ticked]]
    found = [one for one in await choices(page, "person", form.text("find")) if one[0] not in {*members, *ticked}]
    return page.render(
        "associations/new_activity.html", form=form, row=row, title=await _title(page, row), listed=listed, found=found
    )


@router.get("/{activity_id}")
async def one(page: Page, association_id: str, activity_id: str) -> Response:
    row = await own(page, association_id)
    activity = await page.read(activity_called, activity_id)
    if activity is None or activity.association_id != association_id:
        raise HTTPException(404)
    names = await page.read(names_of, set(activity.attendees))
    return page.render(
        "associations/activity.html", row=row, activity=activity, title=await _title(page, row), names=names
    )


@router.get("/{activity_id}/sheet.xlsx")
async def who_came(page: Page, association_id: str, activity_id: str) -> Response:
    await own(page, association_id)
    activity = await page.read(activity_called, activity_id)
    if activity is None or activity.association_id != association_id:
        raise HTTPException(404)
    people = await page.read(people_called, set(activity.attendees))
    return await sheet_about(
        page,
        f"{activity.title} {activity.on.isoformat()}",
        [page._("Full name"), page._("Community"), page._("Year of birth")],
        list(people.values()),
        lambda row: [row.name, row.community, row.birth_year],
        what={FileField.NAME},
        back=page.url(f"/associations/{association_id}/activities/{activity_id}"),
    )


async def _title(page: Context, row: AssociationRow) -> str:
    place = await page.read(community_named, row.community) if row.community else None
    return title_of(page, row, place.name if place else "")
