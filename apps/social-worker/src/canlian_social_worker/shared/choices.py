"""What a select offers: workers, communities, some codes of a table."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from canlian_social_worker.shared.communities import communities_of
from canlian_social_worker.shared.workers import WorkerRow
from canlian_web.language.term_labels import say
from canlian_web.page import Context


def worker_choices(page: Context, workers: Iterable[WorkerRow]) -> list[tuple[str, str]]:
    """Workers for a select: the name and what they are."""
    return [
        (worker.worker_id, f"{worker.name or worker.worker_id} · {say(worker.kind, page.lang)}") for worker in workers
    ]


def choices(page: Context, codes: Iterable[Enum]) -> list[tuple[str, str]]:
    """Some of a table's codes, as `options` gives all of them."""
    return [(str(code.value), say(code, page.lang)) for code in codes]


async def community_choices(page: Context) -> list[tuple[str, str]]:
    """The actor's communities, for a select."""
    rows = await page.read(communities_of, page.actor.communities)
    return [(row.community, row.name) for row in rows]
