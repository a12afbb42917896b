"""Who looked at whose file: the ledger, the newest first, of one person or by one account if asked."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.registry.showing import SAME_LOOK
from canlian_events.terms import Role
from canlian_federation.oversight.access_log import LOOKED
from canlian_federation.shared.access import scopes_of
from canlian_federation.shared.names import account_names
from canlian_person_file.access_log import in_words
from canlian_web.page import Page, require
from canlian_web.paging import At, turn_to

LOOKING_ON = (Role.STAFF, Role.COMMISSIONER)
"""Those who check the work."""
router = APIRouter(prefix="/looked", dependencies=[require(*LOOKING_ON)])
SHOWN = 100
ONE_MINUTE = 60


@router.get("")
async def looked(page: Page, person: str = "", account: str = "", at: At = 1) -> Response:
    scopes, person, account = scopes_of(page), person.strip(), account.strip()
    found = await turn_to(
        at,
        SHOWN,
        lambda skip: page.read(LOOKED.among, scopes, person=person, actor=account, limit=SHOWN, skip=skip),
    )
    query = {"person": person or None, "account": account or None}
    return page.render(
        "oversight/access_log.html",
        seen=in_words(page, found.rows, (await page.read(account_names)).get),
        number=found.number,
        at=found.at,
        pages=found.pages,
        address=lambda **more: page.url("/looked", **query | more),
        filters=page.blank(**query),
        asked=bool(person or account),
        same_look=round(SAME_LOOK.total_seconds() / ONE_MINUTE),
    )
