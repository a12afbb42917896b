"""What a part's views hold, beside a fresh fold of the log: the two must be equal."""

from __future__ import annotations

import asyncio
import importlib
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import select

from canlian_chassis.bus import connect
from canlian_chassis.following import follow
from canlian_chassis.keys import Keys
from canlian_chassis.log import Log
from canlian_chassis.settings import Settings
from canlian_chassis.views import Views, ViewStore
from canlian_events import subjects

VIEWS = {
    "registry": "canlian_registry.views:views",
    "assistance": "canlian_assistance.views:views",
    "services-catalog": "canlian_catalog.views.folds:views",
    "evaluation": "canlian_evaluation.views:views",
    "exchange": "canlian_exchange.views:views",
    "neighbours": "canlian_neighbours.views.view:views",
    "social-worker": "canlian_social_worker.views:views",
    "volunteer": "canlian_volunteer.views.view:views",
    "provider": "canlian_provider.views:views",
    "federation": "canlian_federation.views:views",
}


def views_of(part: str) -> Views:
    module, _, name = VIEWS[part].partition(":")
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, Views)
    return found


def differences(part: str, nats_url: str, data: Path) -> dict[str, Any]:
    """Table → what the part's rows and a fresh fold do not share; empty where all is equal."""
    return asyncio.run(_differences(views_of(part), Settings(nats_url=nats_url, data=data)))


async def _differences(views: Views, settings: Settings) -> dict[str, Any]:
    keys = Keys.of(settings) if views.opens else None
    with tempfile.TemporaryDirectory() as folder:
        fresh = ViewStore(views, Settings(nats_url=settings.nats_url, data=Path(folder)), keys)
        kept = ViewStore(views, settings, keys)
        fresh.open()
        async with connect(settings, "fresh") as nc:
            last = await Log(nc).last_position()
            reached = 0
            async for batch in follow(nc, 0, [subjects.EVENTS, subjects.CLAIMS]):
                if batch:
                    reached = await asyncio.to_thread(fresh.apply, batch)
                if reached >= last:
                    break
        for _ in range(100):
            if await asyncio.to_thread(kept.open) >= last:
                break
            await asyncio.sleep(0.1)
        tables = views.rows.metadata.sorted_tables
        return {t.name: d for t in tables if (d := _rows(fresh, t) ^ _rows(kept, t))}


def _rows(store: ViewStore, table: Any) -> set[str]:
    with store.engine.connect() as db:
        return {repr(sorted(row.items())) for row in map(dict, db.execute(select(table)).mappings())}
