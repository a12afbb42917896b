"""The day: what waits, each figure opening its list."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_overview.households import Wanted
from canlian_social_worker.day.figures import day
from canlian_social_worker.households.views import HOMES
from canlian_social_worker.needs.views import NeedFilter, listed_needs
from canlian_social_worker.shared.access import for_workers
from canlian_social_worker.shared.names import names_for
from canlian_social_worker.visits.views import VisitList, listed_visits
from canlian_web.page import Page

router = APIRouter(dependencies=[for_workers])
SHOWN = 6


@router.get("")
async def home(page: Page) -> Response:
    scopes, me = page.actor.communities, page.actor.id
    mine = (await page.read(listed_needs, scopes, NeedFilter(holder=me)))[:SHOWN]
    visits = (await page.read(listed_visits, scopes, VisitList.OWED, page.today, holder=me))[:SHOWN]
    return page.render(
        "day/day.html",
        day=await page.read(day, scopes, me, page.today),
        households_late=await page.read(HOMES.number, Wanted(scopes, late=True), page.today),
        mine=mine,
        visits=visits,
        names=await names_for(page, mine, visits),
    )
