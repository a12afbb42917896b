"""The first page: what waits, who is here, what is left to write down."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.terms import Outcome
from canlian_provider.pages.desk import choose, find_desk, for_desks, read_lines
from canlian_provider.views.feedback import feedback_on
from canlian_provider.views.referrals import Listing, belongs, referrals_to
from canlian_provider.views.services import services_of
from canlian_web.page import Page

router = APIRouter(dependencies=[for_desks])
SHOWN = 10
"""How many of those who wait stand on the first page itself."""


@router.get("")
async def home(page: Page) -> Response:
    desk = await find_desk(page)
    if desk is None:
        return await choose(page)
    rows = await page.read(referrals_to, desk.provider_id, desk.scopes)
    lists = {which: [row for row in rows if belongs(row, which, page.today)] for which in Listing}
    ended = Counter(row.outcome for row in lists[Listing.FINISHED])
    feedback = await page.read(feedback_on, desk.provider_id, desk.scopes)
    owed = [*lists[Listing.OFFERED], *lists[Listing.WAITING]]
    return page.render(
        "home.html",
        desk=desk,
        counts={which.value: len(found) for which, found in lists.items()},
        late=sum(row.silent(page.today) for row in owed),
        outcomes=[(outcome, ended[outcome]) for outcome in Outcome],
        feedback=len(feedback),
        unreplied=sum(row.replied_at is None for row in feedback),
        services=[row for row in await page.read(services_of, desk.provider_id) if not row.withdrawn or row.in_use],
        waiting=await page.read(read_lines, desk.provider_id, owed[:SHOWN]),
    )
