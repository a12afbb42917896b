"""The associations: which community and which kind has one, who chairs it, who belongs to it, what it does."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from starlette.responses import Response

from canlian_chassis.bus.client import NotAllowed
from canlian_events.ids import AssociateId
from canlian_events.registry.association import (
    AdmitMember,
    DismissMember,
    EraseMember,
    FoundAssociation,
    NameChair,
)
from canlian_events.terms import Role, SpecialKind
from canlian_federation.associations.views import (
    AssociationRow,
    Listed,
    activities_of,
    all_associations,
    association_called,
    members_of,
    names_of,
)
from canlian_federation.overview.views import community_named
from canlian_federation.people.pages import SEEING
from canlian_federation.shared.access import asked_period, for_looking, for_staff, scopes_of
from canlian_federation.shared.choose_person import WHO, choices
from canlian_federation.team.views import worker_names
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.term_labels import say
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/associations", dependencies=[for_looking])
for_those_who_see = require(*SEEING)
LACKING = ("association", "chair")


@router.get("")
async def associations(page: Page, lacking: str = "") -> Response:
    return await show(page, page.blank(), lacking)


@router.post("", dependencies=[for_staff])
async def found(page: Page) -> Response:
    form = page.form(FoundAssociation, association_id=page.new_id("association"))
    if await page.submit(form):
        notice = page._("The association is founded.")
        return page.redirect(f"/associations/{form.value.association_id}", notice=notice)
    return await show(page, form)


@router.get("/sheet.xlsx")
async def associations_sheet(page: Page, lacking: str = "") -> Response:
    _ = page._
    names, year = await page.read(worker_names), page.today.year
    columns = [
        _("Association"), _("Code"), _("Chair"), _("Members"), _("Activities this year"), _("Last activity"),
        _("Lacks"),
    ]  # fmt: skip
    rows = [
        [
            name_of(page, line),
            line.community,
            names.get(line.association.chair_id or "") if line.association else None,
            line.members,
            sum(one.on.year == year for one in line.activities),
            line.activities[0].on if line.activities else None,
            lacks_words(page, line),
        ]
        for line in _lacking(await page.read(all_associations, scopes_of(page)), lacking)
    ]
    return sheet(_("Associations"), columns, rows, page.lang)


@router.get("/{association_id}")
async def one(page: Page, association_id: str) -> Response:
    return await show_one(page, await own(page, association_id), page.blank(who="person"))


@router.post("/{association_id}/chair", dependencies=[for_staff])
async def name_chair(page: Page, association_id: str) -> Response:
    """Of a community: its director, by one button. Of a special kind: somebody looked for by name."""
    row = await own(page, association_id)
    if "chair_id" not in page.typed and "find" in page.typed:
        return await show_choice(page, row, page.blank(**page.typed), "chair")
    form = page.form(NameChair, association_id=association_id)
    if done := await page.submit(form):
        return page.redirect(f"/associations/{association_id}", notice=page.told(done, page._("The chair is named.")))
    return await _again(page, row, form, "chair")


@router.post("/{association_id}/members", dependencies=[for_those_who_see])
async def admit(page: Page, association_id: str) -> Response:
    row = await own(page, association_id)
    if "admit" not in page.typed:
        return await show_choice(page, row, page.blank(**page.typed), "member")
    fixed: dict[str, object] = {"association_id": association_id}
    if page.typed.get("who") == "other":
        fixed["member_id"] = page.new_id("member")
    form = page.form(AdmitMember, **fixed)
    if done := await page.submit(form):
        return page.redirect(
            f"/associations/{association_id}", notice=page.told(done, page._("The member is admitted."))
        )
    return await _again(page, row, form, "member")


class Leaving(BaseModel):
    """The form under a member: whom it is about is in no address."""

    member_id: AssociateId


@router.post("/{association_id}/dismiss", dependencies=[for_those_who_see])
async def dismiss(page: Page, association_id: str) -> Response:
    """Somebody known by name here only is forgotten at once; others keep their files."""
    row = await own(page, association_id)
    form = page.form(Leaving)

    def command(said: Leaving) -> DismissMember | EraseMember:
        if said.member_id.startswith("member_") and page.actor.holds(Role.STAFF):
            return EraseMember(association_id=association_id, member_id=said.member_id)
        return DismissMember(association_id=association_id, member_id=said.member_id)

    if done := await page.submit(form, command):
        return page.redirect(
            f"/associations/{association_id}", notice=page.told(done, page._("They are no member any more."))
        )
    return await show_one(page, row, form)


async def show(page: Context, form: Form[Any], lacking: str = "") -> Response:
    lines = await page.read(all_associations, scopes_of(page))
    chosen = _lacking(lines, lacking)
    return page.render(
        "associations/list.html",
        form=form,
        communities=[line for line in chosen if line.community],
        special=[line for line in chosen if line.special],
        lacks={gap: len(_lacking(lines, gap)) for gap in LACKING},
        all=len(lines),
        lacking=lacking,
        names=await _names(page, {one.association.chair_id for one in chosen if one.association}),
        staff=page.actor.holds(Role.STAFF),
        year=page.today.year,
        name=lambda line: name_of(page, line),
        lacks_words=lambda line: lacks_words(page, line),
    )


async def show_one(page: Context, row: AssociationRow, form: Form[Any]) -> Response:
    """Members and who came only for those who may see who is who."""
    sees = _sees(page)
    members = await page.read(members_of, row.association_id) if sees else []
    names = await _names(page, {row.chair_id, *(one.member_id for one in members)})
    place = await page.read(community_named, row.community) if row.community else None
    return page.render(
        "associations/detail.html",
        form=form,
        row=row,
        title=title_of(page, row, place.name if place else ""),
        director=place.director_id if place else None,
        names=names,
        called=lambda one: one.name or names.get(one.member_id) or page._("sealed"),
        sees=sees,
        members=members,
        activities=await page.read(activities_of, row.association_id),
        staff=page.actor.holds(Role.STAFF),
        query=asked_period(page).query,
    )


async def show_choice(page: Context, row: AssociationRow, form: Form[Any], what: str) -> Response:
    """Who was found by that name, to choose among."""
    who = form.text("who") if form.text("who") in WHO else "person"
    place = await page.read(community_named, row.community) if row.community else None
    return page.render(
        "associations/choose.html",
        form=form,
        row=row,
        title=title_of(page, row, place.name if place else ""),
        what=what,
        who=who,
        matches=await choices(page, who, form.text("find"), row.community),
    )


async def _again(page: Context, row: AssociationRow, form: Form[Any], what: str) -> Response:
    return await (show_choice(page, row, form, what) if "find" in page.typed else show_one(page, row, form))


async def own(page: Context, association_id: str) -> AssociationRow:
    """Of one's own communities; a special one is the whole subdistrict's. Raises NotAllowed for those of others."""
    row = await page.read(association_called, association_id)
    if row is None:
        raise HTTPException(404)
    scopes = scopes_of(page)
    where = row.where if row.community else row.where[:9]
    if not any(where.startswith(scope) or scope.startswith(where) for scope in scopes):
        raise NotAllowed("wrong_community", {"community": row.where})
    return row


def title_of(page: Context, row: AssociationRow, place: str) -> str:
    if row.special:
        return page._("Special association: %(kind)s", kind=say(SpecialKind(row.special), page.lang))
    return page._("Association of %(community)s", community=place or row.community)


def name_of(page: Context, line: Listed) -> str:
    return say(line.special, page.lang) if line.special else line.name


def lacks_words(page: Context, line: Listed) -> str:
    return {"association": page._("no association"), "chair": page._("no chair")}.get(line.lacks or "", "")


def _lacking(lines: list[Listed], gap: str) -> list[Listed]:
    return [line for line in lines if line.lacks == gap] if gap in LACKING else lines


async def _names(page: Context, ids: set[str | None]) -> dict[str, str]:
    """The workers' names; those of persons for those who may see who is who."""
    workers = await page.read(worker_names)
    return workers | await page.read(names_of, {id_ for id_ in ids if id_}) if _sees(page) else workers


def _sees(page: Context) -> bool:
    return page.actor.holds(*SEEING)
