"""How to reach somebody: shown when asked for, once it is recorded who looks and why."""

from __future__ import annotations

from starlette.responses import Response

from canlian_events.terms import ShownFor
from canlian_web.page import Context
from canlian_web.showing import Stated, ask_why, shown, stated

REASONS = tuple(why for why in ShownFor if why not in (ShownFor.OWN, ShownFor.SERVICE, ShownFor.EXCHANGE))


async def reveal(
    page: Context, person_id: str, community: str, back: str, part: str, value: str | None, why: ShownFor | None = None
) -> Response:
    """The value: a piece of the page for htmx, else a page of its own. Asks why where the address does not say it."""
    reason = Stated(why) if why else stated(page, REASONS)
    if reason is None:
        return ask_why(page, page._("How to reach them"), REASONS, page.url(back))
    file = await shown(page, person_id, community, reason, **{part: value})
    piece = page.request.headers.get("HX-Request") == "true"
    template = "revealed_piece.html" if piece else "revealed.html"
    response = page.render(template, file=file, part=part, back=page.url(back))
    response.headers["Cache-Control"] = "no-store"
    return response
