"""How to reach somebody: shown when asked for, once it is recorded who looks and why."""

from __future__ import annotations

from starlette.responses import Response

from canlian_events.terms import ShownFor
from canlian_person_file import reveal_field
from canlian_web.page import Context


async def reveal(
    page: Context, person_id: str, community: str, back: str, part: str, value: str | None, why: ShownFor | None = None
) -> Response:
    title = page._("How to reach them")
    return await reveal_field.reveal(page, person_id, community, back, part, value, why, title=title)
