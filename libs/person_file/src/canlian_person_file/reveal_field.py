"""A single personal value shown when asked for, once it is recorded who looks and why."""

from __future__ import annotations

from collections.abc import Collection

from starlette.responses import Response

from canlian_events.terms import ShownFor
from canlian_person_file.disclosure import Stated, ask_why, shown, stated
from canlian_web.page import Context

REASONS = tuple(why for why in ShownFor if why not in (ShownFor.OWN, ShownFor.SERVICE, ShownFor.EXCHANGE))
"""Why workers look at a file."""


async def reveal(
    page: Context,
    person_id: str,
    community: str,
    back: str,
    part: str,
    value: str | None,
    why: ShownFor | None = None,
    *,
    title: str,
    among: Collection[ShownFor] = REASONS,
) -> Response:
    """What `ui.reveal` leads to: a piece of the page for htmx, else a page of its own; `back` is a path in the tool.

    Asks why where `why` does not say it.
    """
    reason = Stated(why) if why else stated(page, among)
    if reason is None:
        return ask_why(page, title, among, page.url(back))
    file = await shown(page, person_id, community, reason, **{part: value})
    piece = page.request.headers.get("HX-Request") == "true"
    template = "person_file/revealed_piece.html" if piece else "person_file/revealed.html"
    response = page.render(template, title=title, file=file, part=part, back=page.url(back))
    response.headers["Cache-Control"] = "no-store"
    return response
