"""Files that may be of one person: the queue, two files side by side, merging, and what was merged."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from starlette.responses import Response

from canlian_chassis.bus.client import NotAllowed
from canlian_events.core import Command
from canlian_events.ids import CommunityCode, PersonId
from canlian_events.registry.duplicates import MergeDuplicate, RecordDistinct, TakenOver, UndoMerge
from canlian_events.registry.person import MovePerson
from canlian_events.terms import FileField, MergeGround, ShownFor
from canlian_federation.duplicates.side_by_side import OVERTAKEN, lines, personal
from canlian_federation.duplicates.views import Candidate, Sides, merged, queue, sides
from canlian_federation.people.views import PersonEntry, person_entry
from canlian_federation.shared.access import for_staff, places_of, scopes_of
from canlian_person_file.disclosure import (
    FOR_LISTS,
    File,
    Look,
    Stated,
    Wished,
    ask_why,
    not_recorded,
    record,
    shown_each,
    stated,
)
from canlian_person_file.record_linkage.scoring import THRESHOLD, WORDS
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page
from canlian_web.paging import At, turn_to

router = APIRouter(prefix="/duplicates", dependencies=[for_staff])
SHOWN = 50
"""Pairs on one page of the queue."""
COLUMNS = (
    N_("Likeness, of 100"), N_("Reasons"), N_("First file"), N_("Community"), N_("Year of birth"), N_("Second file"),
    N_("Community of the second"), N_("Year of birth of the second"),
)  # fmt: skip


class Decision(BaseModel):
    """The form: which file is kept, why there were two, and what the kept one takes from the other."""

    keep: PersonId
    ground: MergeGround
    take: frozenset[TakenOver] = frozenset()


class Move(BaseModel):
    person_id: PersonId
    to: CommunityCode


@router.get("")
async def waiting(page: Page, community: str = "", at: At = 1) -> Response:
    scopes = scopes_of(page, community or None)
    found = await turn_to(at, SHOWN, lambda skip: page.read(queue, scopes, limit=SHOWN, skip=skip))
    return page.render(
        "duplicates/queue.html",
        rows=found.rows,
        number=found.number,
        threshold=THRESHOLD,
        reasons=lambda row: _reasons(page, row),
        places=await places_of(page),
        filters=page.blank(community=community),
        at=found.at,
        pages=found.pages,
        address=lambda **more: page.url("/duplicates", community=community or None, **more),
        export=page.url("/duplicates/sheet", community=community or None),
    )


@router.get("/sheet")
async def waiting_sheet(page: Page, community: str = "") -> Response:
    """The whole queue: names leave canlian in it, so it is recorded whose."""
    title = page._("Possible duplicates")
    reason = stated(page, FOR_LISTS)
    if reason is None:
        return ask_why(page, page._("Download: %(list)s", list=title), FOR_LISTS, page.url("/duplicates"))
    rows, _ = await page.read(queue, scopes_of(page, community or None))
    places = await places_of(page)
    files = {one.person_id: one for row in rows for one in (row.one, row.other)}
    looks = [Look(one.person_id, one.community, frozenset({FileField.NAME})) for one in files.values()]
    if looks and (hidden := await record(page, looks, reason)):
        return not_recorded(page, title, hidden)

    def cells(row: Candidate) -> list[Any]:
        known = [(one.name, places.get(one.community, one.community), one.birth_year) for one in (row.one, row.other)]
        return [row.likeness.score, page._("; ").join(_reasons(page, row)), *known[0], *known[1]]

    return sheet(title, [page._(text) for text in COLUMNS], map(cells, rows), page.lang)


@router.get("/pair")
async def pair(page: Page, one: str, other: str) -> Response:
    return await _show(page, await _both(page, one, other), page.blank())


@router.post("/merge")
async def merge(page: Page, one: str, other: str) -> Response:
    both = await _both(page, one, other)
    form: Form[Decision] = page.form(Decision)
    if form.ok and form.value.keep not in (one, other):
        form.errors["keep"] = page._("Choose one of the options")
    if not await page.submit(form, lambda said: _merging(said, both)):
        return await _show(page, both, form)
    left = both.other if form.value.keep == one else both.one
    return page.redirect(f"/duplicates/merged/{left.person_id}", notice=page._("The two files are one now."))


@router.post("/distinct")
async def distinct(page: Page, one: str, other: str) -> Response:
    both = await _both(page, one, other)
    form = page.form(RecordDistinct, person_id=one, other=other)
    if await page.submit(form):
        return page.redirect("/duplicates", notice=page._("They are two persons. The pair is not proposed again."))
    return await _show(page, both, form)


@router.post("/move")
async def move(page: Page, one: str, other: str) -> Response:
    """To the other file's community, since only files of one community are merged."""
    both = await _both(page, one, other)
    form = page.form(Move)
    if await page.submit(form, lambda said: MovePerson(person_id=said.person_id, to=said.to)):
        return page.redirect(
            page.url("/duplicates/pair", one=one, other=other), notice=page._("Both files are of one community now.")
        )
    return await _show(page, both, form)


@router.get("/merged")
async def merged_files(page: Page) -> Response:
    rows = await page.read(merged, scopes_of(page))
    return page.render("duplicates/merged_files.html", rows=rows, places=await places_of(page))


@router.get("/merged/{person_id}")
async def merged_file(page: Page, person_id: str) -> Response:
    row = await _own(page, person_id)
    if row.merged_into is None:
        return page.redirect(f"/people/{person_id}")
    return await _show_merged(page, row, page.blank())


@router.post("/merged/{person_id}/undo")
async def undo(page: Page, person_id: str) -> Response:
    row = await _own(page, person_id)
    if row.merged_into is None:
        return page.redirect(f"/people/{person_id}")
    form = page.form(UndoMerge, person_id=row.merged_into, duplicate=person_id)
    if await page.submit(form):
        address = page.url("/duplicates/pair", one=row.merged_into, other=person_id)
        return page.redirect(address, notice=page._("The merge is undone: they are two files again."))
    return await _show_merged(page, row, form)


async def _show_merged(page: Context, row: PersonEntry, form: Form[Any]) -> Response:
    kept = await page.read(person_entry, row.merged_into or "")
    return page.render("duplicates/merged_file.html", row=row, kept=kept, places=await places_of(page), form=form)


async def _show(page: Context, both: Sides, form: Form[Any]) -> Response:
    wished = {
        name: Wished(row.person_id, row.community, personal(row))
        for name, row in (("one", both.one), ("other", both.other))
    }
    why = Stated(ShownFor.OTHER, page._("comparing files that may be of one person"))
    files: dict[str, File] = await shown_each(page, why, wished)
    places = await places_of(page)
    response = page.render(
        "duplicates/side_by_side.html",
        both=both,
        lines=lines(page, both, files["one"], files["other"], places),
        hidden=files["one"].hidden,
        reasons=[page._(WORDS[reason]) for reason in both.likeness.reasons],
        places=places,
        take=[(code, page._(text)) for code, text in OVERTAKEN.items()],
        query={"one": both.one.person_id, "other": both.other.person_id},
        form=form,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _merging(said: Decision, both: Sides) -> Command:
    kept, left = (both.one, both.other) if said.keep == both.one.person_id else (both.other, both.one)
    return MergeDuplicate(person_id=kept.person_id, duplicate=left.person_id, ground=said.ground, take=said.take)


def _reasons(page: Context, row: Candidate) -> list[str]:
    return [page._(WORDS[reason]) for reason in row.likeness.reasons]


async def _both(page: Context, one: str, other: str) -> Sides:
    """Two files of the actor's communities. Raises 404, or NotAllowed."""
    both = await page.read(sides, one, other)
    if both is None:
        raise HTTPException(404)
    for row in (both.one, both.other):
        _covered(page, row)
    return both


async def _own(page: Context, person_id: str) -> PersonEntry:
    row = await page.read(person_entry, person_id)
    if row is None or row.erased_on:
        raise HTTPException(404)
    _covered(page, row)
    return row


def _covered(page: Context, row: PersonEntry) -> None:
    if not page.actor.covers(row.community):
        raise NotAllowed("wrong_community", {"community": row.community})
