"""What a part's views hold, beside a fresh fold of the log: the two must be equal."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.views.check import check
from canlian_chassis.views.runner import Views

VIEWS = {
    "registry": "canlian_registry.views:views",
    "assistance": "canlian_assistance.views:views",
    "services-catalog": "canlian_catalog.views.folds:views",
    "evaluation": "canlian_evaluation.views:views",
    "exchange": "canlian_exchange.views:views",
    "neighbours": "canlian_neighbours.views:views",
    "social-worker": "canlian_social_worker.views:views",
    "volunteer": "canlian_volunteer.views:views",
    "provider": "canlian_provider.views:views",
    "federation": "canlian_federation.views:views",
}


def views_of(part: str) -> Views:
    module, _, name = VIEWS[part].partition(":")
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, Views)
    return found


def differences(part: str, nats_url: str, data: Path) -> dict[str, list[str]]:
    """Table → what the part's rows and a fresh fold do not share; empty where all is equal.

    Waits, bounded, for the part to come to the end of the log.
    """
    return asyncio.run(_differences(views_of(part), Settings(nats_url=nats_url, data=data)))


async def _differences(views: Views, settings: Settings) -> dict[str, list[str]]:
    async with connect(settings, "fresh") as nc:
        last = await Log(nc).last_position()
        for _ in range(100):
            found = await check(views, settings, nc)
            if found.position >= last:
                break
            await asyncio.sleep(0.1)
        return {table.name: table.examples for table in found.tables if not table.equal}
