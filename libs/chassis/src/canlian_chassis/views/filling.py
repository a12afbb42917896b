"""Filling a part's views from outside of it: it finds them complete when it starts, or when its new release does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nats.aio.client import Client as Nats

from canlian_chassis.keys.store import Keys
from canlian_chassis.settings import Settings
from canlian_chassis.views.check import fold
from canlian_chassis.views.databases import DatabaseName, Databases, Views
from canlian_chassis.views.store import ViewStore


async def fill_beside(
    views: Views, settings: Settings, nc: Nats, until: int, progress: Callable[[int, int], None]
) -> DatabaseName:
    """Fold the log up to a position into a database of the next generation; goes on with one that was begun."""
    keys = await asyncio.to_thread(Keys.of, settings) if views.opens else None
    databases = Databases(settings, views.name)
    try:
        store = ViewStore(views, databases, await asyncio.to_thread(_to_fill, views, databases), keys)
        await asyncio.to_thread(store.open)
        with store.alone():
            await fold(store, nc, until, progress)
        await asyncio.to_thread(store.complete)
        store.close()
    finally:
        databases.close()
    return store.name


def _to_fill(views: Views, databases: Databases) -> DatabaseName:
    own = views.database()
    mine = [f for f in databases.all() if (f.name.version, f.name.fingerprint) == (own.version, own.fingerprint)]
    newest = max(mine, key=lambda found: found.name.generation, default=None)
    if newest is None:
        return own
    return views.database(newest.name.generation + 1) if newest.complete else newest.name
