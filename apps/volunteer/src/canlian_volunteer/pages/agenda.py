"""The list: today's visits first, then the overdue ones, then those to come."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.terms import Role
from canlian_volunteer.names import address_as
from canlian_volunteer.views.queries import Stop, agenda
from canlian_web.page import Context, Page, require

VISITORS = [require(Role.VOLUNTEER, Role.GRID_WORKER, Role.SOCIAL_WORKER)]
router = APIRouter(dependencies=VISITORS)


@router.get("")
async def home(page: Page) -> Response:
    found = await page.read(agenda, page.actor.id, page.today)
    return page.render("agenda.html", agenda=found, whom=lambda stop: whom(page, stop))


def whom(page: Context, stop: Stop) -> str:
    """By surname once it is due; before that, only that there is a visit."""
    return address_as(stop.door.surname, stop.door.sex, page.texts) if stop.door else page._("A visit")
