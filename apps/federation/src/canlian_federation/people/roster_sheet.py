"""The people of one's communities, or those of a list, as a roster in the shape the national system takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

import structlog
from fastapi import APIRouter
from sqlmodel import col
from starlette.responses import Response

from canlian_events.terms import Employment, FileField, Schooling, ShownFor
from canlian_federation.duplicates.views import entries
from canlian_federation.people import search_form
from canlian_federation.people.search import Order, Vague, ids_of
from canlian_federation.people.search_form import Filters
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.access import for_staff, places_of, scopes_of
from canlian_person_file.disclosure import MANY, Look, Stated, not_recorded, record
from canlian_sheets import roster_shape
from canlian_web import forms
from canlian_web.export.streamed_sheet import streamed
from canlian_web.page import Context, Page

log = structlog.get_logger()
router = APIRouter(dependencies=[for_staff])

WHAT = frozenset(
    {
        FileField.NAME, FileField.CITIZEN_ID, FileField.CERTIFICATE, FileField.PHONE, FileField.ADDRESS,
        FileField.DISABILITY, FileField.CIRCUMSTANCES,
    }
)  # fmt: skip
WHY = Stated(ShownFor.EXCHANGE)
Row = Sequence[str]


class BrokenOff(Exception):
    """Some of the sheet is on its way, and what follows may not leave."""


@router.get("/roster.xlsx")
@router.get("/people/roster.xlsx")
async def roster_sheet(page: Page) -> Response:
    """Of all that one may see, or of those in a list of people, which has the same filters. However many there are, so
    many at a time are read, recorded as shown, and leave.
    """
    asked = dict(page.request.query_params)
    form = forms.read(Filters, asked, {}, page.texts)
    words = search_form.kept(page, form.value.q) if form.ok else None
    wanted = search_form.wanted(page, form, words) if words is not None else None
    if wanted is None or form.errors:
        return page.redirect(page.url("/people", **asked))
    wanted = replace(wanted, order=form.value.sort or Order.COMMUNITY)
    certified = col(PersonEntry.certificate_number).is_not(None)
    scopes = scopes_of(page, form.value.community)
    try:
        ids = await page.read(ids_of, wanted, scopes, page.today, certified)
    except Vague:
        return page.redirect(page.url("/people", **asked))
    places = await places_of(page)
    name = page._("Roster")
    first, hidden = await _recorded(page, ids[:MANY], places)
    if hidden:
        return not_recorded(page, name, hidden)
    return streamed(name, roster_shape.COLUMNS, _rows(page, first, ids[MANY:], places))


async def _rows(
    page: Context, first: Sequence[Row], ids: Sequence[str], places: Mapping[str, str]
) -> AsyncIterator[Sequence[Row]]:
    yield first
    for start in range(0, len(ids), MANY):
        rows, hidden = await _recorded(page, ids[start : start + MANY], places)
        if hidden:
            log.warning("roster.broken_off", actor=page.actor.id, left=len(ids) - start)
            raise BrokenOff
        yield rows


async def _recorded(page: Context, ids: Sequence[str], places: Mapping[str, str]) -> tuple[list[Row], str | None]:
    """The rows of those who are still there, once it is recorded that they leave; else none, and why not."""
    found = await page.read(entries, ids)
    people = [row for id_ in ids if (row := found.get(id_)) and row.certificate_number]
    hidden = await record(page, [Look(row.person_id, row.community, WHAT) for row in people], WHY) if people else None
    if hidden:
        return [], hidden
    return [roster_shape.cells(told(row, places.get(row.community, row.community))) for row in people], None


def told(row: PersonEntry, place: str) -> dict[str, object]:
    return {
        "community": place,
        "name": row.name,
        "certificate_number": row.certificate_number,
        "citizen_id": row.citizen_id,
        "sex": row.sex,
        "ethnicity": row.ethnicity,
        "disability": row.disability,
        "grade": row.grade,
        "birth_date": row.birth_date,
        "phone": row.phone,
        "address": row.address,
        "guardian_name": row.carer_name,
        "guardian_phone": row.carer_phone,
        "certificate_issued": row.certificate_issued,
        "low_income": row.low_income,
        "education": Schooling(row.schooling).zh if row.schooling else None,
        "employment": Employment(row.employment).zh if row.employment else None,
        "note": row.remark,
    }
