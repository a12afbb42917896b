"""The communities: who directs each, who is its grid worker, which of them lack one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.registry.community import (
    NameDirector,
    NameGridWorker,
    NameResponsibleMember,
    OpenCommunity,
    RenameCommunity,
)
from canlian_events.terms import Role, WorkerKind
from canlian_federation.overview.views import community_named, open_communities
from canlian_federation.shared.access import asked_period, for_looking, for_staff, scopes_of
from canlian_federation.team.views import worker_names, workers_of, working
from canlian_overview.rows import CommunityRow
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.term_labels import say
from canlian_web.page import Context, Page

router = APIRouter(prefix="/communities", dependencies=[for_looking])

GAPS = {
    "grid_worker": "grid_worker_id",
    "director": "director_id",
    "responsible_member": "responsible_member_id",
}
"""What a community may lack, and where that would stand."""


@router.get("")
async def communities(page: Page, lacking: str = "") -> Response:
    return await show(page, page.blank(), lacking)


@router.post("", dependencies=[for_staff])
async def open_community(page: Page) -> Response:
    form = page.form(OpenCommunity)
    if done := await page.submit(form):
        return page.redirect(
            "/communities", notice=page.told(done, page._("The community %(name)s is open.", name=form.value.name))
        )
    return await show(page, form)


@router.get("/sheet.xlsx")
async def communities_sheet(page: Page, lacking: str = "") -> Response:
    rows = _lacking(await page.read(open_communities, scopes_of(page)), lacking)
    names = await page.read(worker_names)
    _ = page._
    columns = [_("Code"), _("Community"), _("Director"), _("Grid worker"), _("Responsible member")]
    posts = ("director_id", "grid_worker_id", "responsible_member_id")
    lines = ([r.community, r.name, *(_name(getattr(r, post), names) for post in posts)] for r in rows)
    return sheet(_("Communities"), columns, lines, page.lang)


@router.get("/{community}/change", dependencies=[for_staff])
async def change(page: Page, community: str) -> Response:
    row = await _own(page, community)
    return await show_change(page, row, page.blank(name=row.name))


@router.post("/{community}/change", dependencies=[for_staff])
async def rename(page: Page, community: str) -> Response:
    row = await _own(page, community)
    form = page.form(RenameCommunity, community=community)
    if done := await page.submit(form):
        return page.redirect("/communities", notice=page.told(done, page._("The name is changed.")))
    return await show_change(page, row, form)


@router.post("/{community}/director", dependencies=[for_staff])
async def name_director(page: Page, community: str) -> Response:
    row = await _own(page, community)
    form = page.form(NameDirector, community=community)
    if done := await page.submit(form):
        return page.redirect("/communities", notice=page.told(done, page._("The director is named.")))
    return await show_change(page, row, form)


@router.post("/{community}/grid-worker", dependencies=[for_staff])
async def name_grid_worker(page: Page, community: str) -> Response:
    row = await _own(page, community)
    chosen = str(page.typed.get("worker_id", ""))
    replaces = row.grid_worker_id if row.grid_worker_id != chosen else None
    form = page.form(NameGridWorker, community=community, replaces=replaces)
    if done := await page.submit(form):
        return page.redirect("/communities", notice=page.told(done, page._("The grid worker is named.")))
    return await show_change(page, row, form)


@router.post("/{community}/responsible-member", dependencies=[for_staff])
async def name_responsible_member(page: Page, community: str) -> Response:
    row = await _own(page, community)
    form = page.form(NameResponsibleMember, community=community)
    if done := await page.submit(form):
        return page.redirect("/communities", notice=page.told(done, page._("The responsible member is named.")))
    return await show_change(page, row, form)


async def show(page: Context, form: Form[OpenCommunity], lacking: str = "") -> Response:
    rows = await page.read(open_communities, scopes_of(page))
    return page.render(
        "communities/list.html",
        form=form,
        rows=_lacking(rows, lacking),
        all=len(rows),
        lacks={gap: len(_lacking(rows, gap)) for gap in GAPS},
        lacking=lacking,
        names=await page.read(worker_names),
        staff=page.actor.holds(Role.STAFF),
        query=asked_period(page).query,
    )


async def show_change(page: Context, row: CommunityRow, form: Form[Any]) -> Response:
    choices = {
        kind: [(one.worker_id, one.name or one.worker_id) for one in await page.read(workers_of, row.community, kind)]
        for kind in (WorkerKind.DIRECTOR, WorkerKind.GRID_WORKER)
    }
    return page.render(
        "person_file/change_community.html",
        form=form,
        row=row,
        directors=choices[WorkerKind.DIRECTOR],
        grid_workers=choices[WorkerKind.GRID_WORKER],
        anybody=[
            (one.worker_id, f"{one.name or one.worker_id} · {say(WorkerKind(one.kind), page.lang)}")
            for one in await page.read(working, scopes_of(page))
            if row.community in one.places
        ],
        names=await page.read(worker_names),
    )


async def _own(page: Context, community: str) -> CommunityRow:
    row = await page.read(community_named, community)
    if row is None or not row.open:
        raise HTTPException(404)
    scopes_of(page, community)
    return row


def _lacking(rows: list[CommunityRow], gap: str) -> list[CommunityRow]:
    return [row for row in rows if getattr(row, GAPS[gap]) is None] if gap in GAPS else rows


def _name(worker_id: str | None, names: dict[str, str]) -> str | None:
    return names.get(worker_id, worker_id) if worker_id else None
