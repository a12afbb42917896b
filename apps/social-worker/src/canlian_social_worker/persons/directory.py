"""The persons of one's communities, by name, phone or address."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import FileField
from canlian_person_file.disclosure import sheet_about
from canlian_social_worker.persons.views import SHOWN, PersonRow, search_persons
from canlian_social_worker.shared.access import for_workers
from canlian_social_worker.shared.choices import community_choices
from canlian_social_worker.shared.names import about, names_for
from canlian_web.language.i18n import N_
from canlian_web.page import Page

router = APIRouter(dependencies=[for_workers])
COLUMNS = (N_("Name"), N_("Community"), N_("Sex"), N_("Year of birth"), N_("Class"), N_("Grade"), N_("Access needs"))


@router.get("/persons")
async def persons(page: Page) -> Response:
    asked = page.request.query_params
    words, community = asked.get("q", "").strip(), asked.get("community", "")
    rows, number = await page.read(search_persons, page.actor.communities, words, community)
    return page.render(
        "persons/list.html",
        persons=[(row, about(row, page)) for row in rows],
        number=number,
        shown=SHOWN,
        names=await names_for(page, rows),
        filters=page.blank(q=words, community=community),
        communities=await community_choices(page),
        may_register=page.actor.may_send(RegisterPerson),
        export=page.url("/persons/sheet", q=words or None, community=community or None),
    )


@router.get("/persons/sheet")
async def persons_sheet(page: Page) -> Response:
    """What the page shows: no phone, no address."""
    asked = page.request.query_params
    words, community = asked.get("q", "").strip(), asked.get("community", "")
    rows, _ = await page.read(search_persons, page.actor.communities, words, community)
    names = await names_for(page, rows)

    def cells(row: PersonRow) -> list[object]:
        return [
            row.name,
            names.community(row.community),
            row.sex,
            row.birth_year,
            row.disability,
            row.grade,
            row.access_needs,
        ]

    columns = [page._(text) for text in COLUMNS]
    what = {FileField.NAME, FileField.DISABILITY, FileField.ACCESS_NEEDS}
    return await sheet_about(page, page._("Persons"), columns, rows, cells, what=what, back=page.url("/persons"))
