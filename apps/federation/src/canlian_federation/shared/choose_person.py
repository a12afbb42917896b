"""Choosing somebody by name: a registered person, a worker, or somebody who is only named."""

from __future__ import annotations

from canlian_events.terms import WorkerKind
from canlian_federation.people.search import Wanted, find
from canlian_federation.shared.access import places_of, scopes_of
from canlian_federation.shared.worker_search import FEW, workers_named
from canlian_web.language.term_labels import say
from canlian_web.page import Context

WHO = ("person", "worker", "other")


async def choices(page: Context, who: str, text: str, community: str | None = None) -> list[tuple[str, str]]:
    """Ids and what tells them apart: where somebody lives and when they were born, or as what they work."""
    if who == "person":
        places = await places_of(page)
        wanted, scopes = Wanted(name=text.strip()), scopes_of(page, community)
        people = (await page.read(find, wanted, scopes, page.today, limit=FEW)).rows if wanted.name else []
        return [
            (one.person_id, f"{one.name} · {places.get(one.community, one.community)} · {one.birth_year}")
            for one in people
        ]
    if who == "worker":
        workers = await page.read(workers_named, text)
        return [(one.worker_id, f"{one.name} · {say(WorkerKind(one.kind), page.lang)}") for one in workers]
    return []
