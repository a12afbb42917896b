"""A provider's services: their places, and what is offered or no longer is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from canlian_events.catalog.service import ListService, ServiceDetails, SetCapacity, WithdrawService
from canlian_events.terms import AccessFeature, Domain, Layer
from canlian_provider.referrals.views import ReferralStatus, referrals_to
from canlian_provider.services.views import ServiceRow, service, services_of
from canlian_provider.shared.desk import Desk, choose, desk_or_404, find_desk, for_desks
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_desks])
COLUMNS = (
    N_("Service"), N_("Domain"), N_("In use"), N_("Places"), N_("Waiting list"), N_("Opening hours"), N_("Withdrawn"),
)  # fmt: skip
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class NewService(BaseModel):
    """A service as the desk describes it; `yuan` is the fee for a session."""

    name: Text
    domain: Domain
    layer: Layer
    places: Annotated[int, Field(ge=1)]
    access: frozenset[AccessFeature] = frozenset()
    yuan: Annotated[float, Field(ge=0)] = 0
    hours: Text | None = None
    address: Text | None = None
    phone: Text | None = None

    def details(self) -> ServiceDetails:
        told = self.model_dump(exclude={"places", "yuan"})
        return ServiceDetails(**told, fee=round(self.yuan * 100))


async def _waiting(page: Context, desk: Desk) -> dict[str, int]:
    """Service id → how many are on its waiting list."""
    rows = await page.read(referrals_to, desk.provider_id, desk.scopes)
    waiting = [row.service_id for row in rows if row.status is ReferralStatus.WAITLISTED]
    return {service_id: waiting.count(service_id) for service_id in waiting}


@router.get("/services")
async def services(page: Page) -> Response:
    desk = await find_desk(page)
    if desk is None:
        return await choose(page)
    rows = await page.read(services_of, desk.provider_id)
    return page.render("services/list.html", desk=desk, services=rows, waiting=await _waiting(page, desk))


@router.get("/services/sheet")
async def services_sheet(page: Page) -> Response:
    desk = await desk_or_404(page)
    waiting = await _waiting(page, desk)
    rows = [
        [row.name, row.domain, row.in_use, row.places, waiting.get(row.service_id, 0), row.hours, row.withdrawn]
        for row in await page.read(services_of, desk.provider_id)
    ]
    return sheet(page._("Services"), [page._(text) for text in COLUMNS], rows, page.lang)


@router.get("/services/new")
async def describe(page: Page) -> Response:
    return page.render("services/new.html", desk=await desk_or_404(page), form=page.blank(layer=Layer.COMMUNITY))


@router.post("/services/new")
async def list_service(page: Page) -> Response:
    desk = await desk_or_404(page)
    form: Form[NewService] = page.form(NewService)
    named = {"service_id": page.new_id("service"), "provider_id": desk.provider_id}
    if await page.submit(form, lambda said: ListService(**named, details=said.details(), places=said.places)):
        return page.redirect(
            desk.path("/services"), notice=page._("The service is listed. People can be referred to it.")
        )
    return page.render("services/new.html", desk=desk, form=form)


async def _own(page: Context, service_id: str) -> tuple[Desk, ServiceRow]:
    row = await page.read(service, service_id)
    if row is None:
        raise HTTPException(404)
    desk = await desk_or_404(page, row.provider_id)
    if row.provider_id != desk.provider_id:
        raise HTTPException(404)
    return desk, row


@router.get("/services/{service_id}")
async def show(page: Page, service_id: str) -> Response:
    desk, row = await _own(page, service_id)
    return _show(page, desk, row, page.blank(places=row.places))


def _show(page: Context, desk: Desk, row: ServiceRow, form: Form[Any]) -> Response:
    return page.render("services/detail.html", desk=desk, service=row, form=form)


@router.post("/services/{service_id}/places")
async def set_places(page: Page, service_id: str) -> Response:
    desk, row = await _own(page, service_id)
    form = page.form(SetCapacity, service_id=service_id)
    if await page.submit(form):
        told = page._("The places are changed. What became free is offered to who waits.")
        return page.redirect(desk.path(f"/services/{service_id}"), notice=told)
    return _show(page, desk, row, form)


@router.post("/services/{service_id}/withdraw")
async def withdraw(page: Page, service_id: str) -> Response:
    desk, row = await _own(page, service_id)
    form = page.form(WithdrawService, service_id=service_id)
    if await page.submit(form):
        told = page._("The service is withdrawn. Who is in it can finish.")
        return page.redirect(desk.path(f"/services/{service_id}"), notice=told)
    return _show(page, desk, row, form)
