"""The people of one's communities: found, listed, taken away as a sheet."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.terms import Role
from canlian_federation.pages.common import scopes_of
from canlian_federation.views.figures import open_communities
from canlian_federation.views.people import listed
from canlian_web.page import Page, require

SEEING = (Role.STAFF, Role.COMMISSIONER)
"""Those who may see who is who; the leading group sees figures."""
router = APIRouter(prefix="/people", dependencies=[require(*SEEING)])
SHOWN = 50
"""People on one page of the list."""


@router.get("")
async def people(page: Page, community: str = "", at: int = 1) -> Response:
    scopes, at = scopes_of(page, community or None), max(at, 1)
    rows, number = await page.read(listed, scopes, limit=SHOWN, skip=(at - 1) * SHOWN)
    places = {row.community: row.name for row in await page.read(open_communities, scopes_of(page))}
    return page.render(
        "people.html",
        rows=rows,
        number=number,
        places=places,
        filters=page.blank(community=community),
        at=at,
        pages=max(1, -(-number // SHOWN)),
        address=lambda **more: page.url("/people", community=community or None, **more),
    )
