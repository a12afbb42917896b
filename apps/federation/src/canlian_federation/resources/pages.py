"""What there is to help with: providers, services, the places in use."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.terms import Domain, Layer, ProviderKind
from canlian_federation.resources.views import provider_called, providers, resources
from canlian_federation.shared.access import asked_period, for_looking, scopes_of
from canlian_web.export.sheet import sheet
from canlian_web.page import Page

router = APIRouter(prefix="/resources", dependencies=[for_looking])


@router.get("")
async def all_resources(page: Page, provider: str = "") -> Response:
    found = await page.read(resources, scopes_of(page), provider or None)
    one = await page.read(provider_called, provider) if provider else None
    if provider and one is None:
        raise HTTPException(404)
    return page.render(
        "resources/list.html",
        found=found,
        one=one,
        providers=await page.read(providers),
        export=page.url("/resources/sheet.xlsx", provider=provider or None),
        query=asked_period(page).query,
        domain=Domain,
        layer=Layer,
        kind=ProviderKind,
    )


@router.get("/sheet.xlsx")
async def resources_sheet(page: Page, provider: str = "") -> Response:
    found = await page.read(resources, scopes_of(page), provider or None)
    _ = page._
    columns = [
        _("Provider"), _("Service"), _("Domain"), _("Layer"), _("Places"), _("In use"), _("Free"),
        _("Under way for your communities"),
    ]  # fmt: skip
    rows = (
        [
            one.provider.name if one.provider else one.service.provider_id, one.service.name,
            Domain(one.service.domain), Layer(one.service.layer), one.service.places, one.service.used, one.free,
            one.running,
        ]
        for one in found
    )  # fmt: skip
    return sheet(_("Resources"), columns, rows, page.lang)
