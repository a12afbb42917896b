"""The first page: what waits, who is here, what is left to write down."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.terms import Outcome
from canlian_provider.feedback.views import feedback_on
from canlian_provider.referrals.access import list_with_persons
from canlian_provider.referrals.views import ReferralList, belongs, referrals_to
from canlian_provider.services.views import services_of
from canlian_provider.shared.desk import choose, find_desk, for_desks
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
    lists = {which: [row for row in rows if belongs(row, which, page.today)] for which in ReferralList}
    ended = Counter(row.outcome for row in lists[ReferralList.FINISHED])
    feedback = await page.read(feedback_on, desk.provider_id, desk.scopes)
    owed = [*lists[ReferralList.OFFERED], *lists[ReferralList.WAITING]]
    return page.render(
        "home/home.html",
        desk=desk,
        counts={which.value: len(found) for which, found in lists.items()},
        late=sum(row.silent(page.today) for row in owed),
        outcomes=[(outcome, ended[outcome]) for outcome in Outcome],
        feedback=len(feedback),
        unreplied=sum(row.replied_at is None for row in feedback),
        services=[row for row in await page.read(services_of, desk.provider_id) if not row.withdrawn or row.in_use],
        waiting=await page.read(list_with_persons, desk.provider_id, owed[:SHOWN]),
    )
