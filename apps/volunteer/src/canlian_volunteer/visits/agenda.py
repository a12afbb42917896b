"""The list: today's visits first, then the overdue ones, then those to come."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.terms import Role, ShownFor
from canlian_person_file.disclosure import File, Wished, shown_each
from canlian_volunteer.visits.form_of_address import address_as
from canlian_volunteer.visits.queries import Stop, agenda
from canlian_web.page import Context, Page, require

VISITORS = [require(Role.VOLUNTEER, Role.GRID_WORKER, Role.SOCIAL_WORKER)]
router = APIRouter(dependencies=VISITORS)


@router.get("")
async def home(page: Page) -> Response:
    found = await page.read(agenda, page.actor.id, page.today)
    due = {stop.visit_id: stop for stop in (*found.today, *found.late) if stop.door}
    wished = {id_: Wished(stop.person_id, stop.place, {"address": address(stop)}) for id_, stop in due.items()}
    files = await shown_each(page, ShownFor.VISIT, wished)
    # they are hidden all together, so that one says why for all
    any_file = next(iter(files.values()), File())
    return page.render(
        "visits/agenda.html", agenda=found, files=files, file=any_file, whom=lambda stop: whom(page, stop)
    )


def address(stop: Stop) -> str | None:
    return stop.door.address if stop.door else None


def whom(page: Context, stop: Stop) -> str:
    """By surname once it is due; before that, only that there is a visit."""
    return address_as(stop.door.surname, stop.door.sex, page.texts) if stop.door else page._("A visit")
