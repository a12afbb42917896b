"""Filling a part's views from outside of it: it finds them complete when it starts, or when its new release does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nats.aio.client import Client as Nats

from canlian_chassis.keys.store import Keys
from canlian_chassis.settings import Settings
from canlian_chassis.views.check import fold, open_or_begin_again
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
        await open_or_begin_again(store, nc)
        with store.alone():
            await fold(store, nc, until, progress)
        await asyncio.to_thread(store.complete)
        store.close()
    finally:
        databases.close()
    return store.name


def _to_fill(views: Views, databases: Databases) -> DatabaseName:
    own = views.database()
    mine = [found for found in databases.all() if found.name.kind == own.kind]
    if not mine:
        return own
    newest = mine[-1]
    return views.database(newest.name.generation + 1) if newest.complete else newest.name
