"""How to reach somebody: shown when asked for, and recorded as read."""

from __future__ import annotations

import structlog
from starlette.responses import Response

from canlian_web.page import Context

log = structlog.get_logger()


def shown(page: Context, person_id: str, what: str, value: str | None, back: str) -> Response:
    """The value: a piece of the page for htmx, else a page of its own."""
    log.info("personal.shown", reader=page.actor.id, person=person_id, what=what)
    piece = page.request.headers.get("HX-Request") == "true"
    template = "revealed_piece.html" if piece else "revealed.html"
    response = page.render(template, value=value, back=page.url(back))
    response.headers["Cache-Control"] = "no-store"
    return response
