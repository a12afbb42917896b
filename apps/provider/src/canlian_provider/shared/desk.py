"""Whose desk it is: a provider's own, or the one that staff look at with `?provider=`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import HTTPException
from starlette.responses import Response

from canlian_chassis.bus.client import NotAllowed
from canlian_events.terms import Role, ShownFor
from canlian_provider.services.views import all_providers, provider
from canlian_web.page import Context, require

for_desks = require(Role.PROVIDER, Role.STAFF)


@dataclass(frozen=True, slots=True)
class Desk:
    """`scopes` are the communities whose referrals are shown; a provider sees all that came to it."""

    provider_id: str
    name: str
    scopes: tuple[str, ...]
    prefix: str
    by_staff: bool

    @property
    def why(self) -> ShownFor:
        """Why the file of somebody referred here is looked at: to serve them, or by staff to check the work."""
        return ShownFor.OVERSIGHT if self.by_staff else ShownFor.SERVICE

    def path(self, path: str = "", **query: object) -> str:
        """An address inside the tool at this same desk."""
        asked = {name: value for name, value in query.items() if value}
        if self.by_staff:
            asked["provider"] = self.provider_id
        return f"{self.prefix}{path}" + (f"?{urlencode(asked)}" if asked else "")


async def find_desk(page: Context, provider_id: str | None = None) -> Desk | None:
    """None: staff who have not yet said whose desk. Raises NotAllowed, or 404 where there is no such provider."""
    by_staff = page.actor.holds(Role.STAFF)
    asked = (provider_id or page.request.query_params.get("provider")) if by_staff else None
    asked = asked or (page.actor.provider_id if page.actor.holds(Role.PROVIDER) else None)
    if asked is None:
        if by_staff:
            return None
        raise NotAllowed("not_allowed", {})
    known = await page.read(provider, asked)
    if known is None:
        raise HTTPException(404)
    own = asked == page.actor.provider_id
    return Desk(asked, known.name, ("",) if own else page.actor.communities, page.tool.prefix, by_staff and not own)


async def desk_or_404(page: Context, provider_id: str | None = None) -> Desk:
    desk = await find_desk(page, provider_id)
    if desk is None:
        raise HTTPException(404)
    return desk


async def choose(page: Context) -> Response:
    """For staff: whose desk to look at, on the page they were going to."""
    return page.render("shared/choose.html", providers=await page.read(all_providers))
