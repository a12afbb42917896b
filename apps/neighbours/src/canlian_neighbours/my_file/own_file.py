"""A resident's own file: shown once it is recorded, as to anybody else."""

from __future__ import annotations

from typing import Any

from canlian_events.terms import ShownFor
from canlian_neighbours.shared.queries import person
from canlian_person_file.disclosure import File, shown
from canlian_web.page import Context


async def own_file(page: Context, **values: Any) -> File:
    """The values by the codes of FileField; nothing where the registry has no file for this account."""
    row = await page.read(person, page.actor.id)
    if row is None:
        return File(dict.fromkeys(values))
    # by the account's own id, which a merged file has another of: nobody may say "my own" of a third
    return await shown(page, page.actor.id, row.community, ShownFor.OWN, **values)
