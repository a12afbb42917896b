"""The people of one's communities as a roster, in the shape the national system takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, HTTPException
from sqlmodel import Session, col, select
from starlette.responses import Response

from canlian_events.terms import FileField, ShownFor
from canlian_federation.pages.common import for_staff, scopes_of
from canlian_federation.views.figures import open_communities
from canlian_federation.views.people import PersonEntry, known, within
from canlian_sheets import roster_shape
from canlian_web.page import Page
from canlian_web.showing import sheet_about

router = APIRouter(prefix="/roster.xlsx", dependencies=[for_staff])

MOST = 20_000
"""People in one sheet: each of them is recorded as shown before it leaves."""
WHAT = frozenset(FileField) - {FileField.NOTES, FileField.ACCESS_NEEDS, FileField.CONTACT}


@router.get("")
async def roster_sheet(page: Page, community: str = "") -> Response:
    """Of one community, or of all that one may see. Every file in it is recorded as shown."""
    scopes = scopes_of(page)
    if community:
        if not community.startswith(tuple(scopes)):
            raise HTTPException(404)
        scopes = [community]
    people = await page.read(living, scopes)
    if len(people) > MOST:
        text = page._("A sheet holds at most %(most)s people. Take one community at a time.", most=MOST)
        return page.render("canlian/error.html", status=422, title=page._("Too many people for one sheet"), text=text)
    places = {row.community: row.name for row in await page.read(open_communities, scopes_of(page))}

    def cells(row: PersonEntry) -> Sequence[Any]:
        return roster_shape.cells(told(row, places.get(row.community, row.community)))

    name, back = page._("Roster"), page.url("/imports")
    return await sheet_about(
        page, name, roster_shape.COLUMNS, people, cells, what=WHAT, back=back, why=ShownFor.EXCHANGE
    )


def living(db: Session, scopes: Sequence[str]) -> list[PersonEntry]:
    """Those who can be in a roster: certified, alive and readable. One more than a sheet holds says there are more."""
    where = [within(scopes), known(), col(PersonEntry.died_on).is_(None)]
    where.append(col(PersonEntry.certificate_number).is_not(None))
    query = select(PersonEntry).where(*where).order_by(col(PersonEntry.community), col(PersonEntry.sound))
    return list(db.exec(query.limit(MOST + 1)))


def told(row: PersonEntry, place: str) -> dict[str, object]:
    return {
        "community": place,
        "name": row.name,
        "certificate_number": row.certificate_number,
        "citizen_id": row.citizen_id,
        "sex": row.sex,
        "disability": row.disability,
        "grade": row.grade,
        "birth_date": row.birth_date,
        "phone": row.phone,
        "address": row.address,
        "certificate_issued": row.certificate_issued,
        "low_income": row.low_income,
    }
