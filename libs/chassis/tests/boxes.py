"""A log of things put into boxes, and views that count them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from libs.chassis.tests.toy import BoxRow, ThingsPut, ToyRow
from nats.aio.client import Client as Nats

from canlian_chassis.bus import wire
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.projection import projection
from canlian_chassis.settings import Settings
from canlian_chassis.views.databases import Databases
from canlian_chassis.views.runner import ViewRunner, Views
from canlian_events import subjects
from canlian_events.core import Event, encode
from canlian_events.meta import Meta

BOXES = 30
HERE = "429999001001"


@projection(BoxRow, key=lambda event: event.box_id)
def counted(row: BoxRow | None, event: ThingsPut, meta: Meta) -> BoxRow:
    """Version 1 counts the things."""
    return row.with_(things=row.things + event.things) if row else box_row(event, event.things)


@projection(BoxRow, key=lambda event: event.box_id)
def counted_twice(row: BoxRow | None, event: ThingsPut, meta: Meta) -> BoxRow:
    """Version 2 counts each for two."""
    return row.with_(things=row.things + 2 * event.things) if row else box_row(event, 2 * event.things)


def box_row(event: ThingsPut, things: int) -> BoxRow:
    return BoxRow(box_id=event.box_id, label="", community=HERE, things=things)


FIRST = Views("try-out", version=1, rows=ToyRow, projections=[counted])
SECOND = replace(FIRST, version=2, projections=[counted_twice])


async def put(nc: Nats, count: int = BOXES, name: str = "e") -> int:
    """Put one thing into each of some boxes; returns the log's last position."""
    log = Log(nc)
    already = await log.last_position()
    for number in range(already, already + count):
        event = ThingsPut(box_id=f"box_{number % BOXES}", things=1)
        [last] = await log.append([entry(event, f"{name}{number}")])
    return last


async def put_many(nc: Nats, count: int, name: str = "many") -> int:
    """The same, 500 at once."""
    for start in range(0, count, 500):
        some = [ThingsPut(box_id=f"box_{number % BOXES}", things=1) for number in range(start, min(start + 500, count))]
        positions = await Log(nc).append([entry(event, f"{name}{start + n}") for n, event in enumerate(some)])
    return positions[-1]


def entry(event: Event, id_: str) -> NewEntry:
    headers = wire.event_headers(
        event, id=id_, said_at=datetime.now(UTC), actor="staff:a", command=id_, digest="d", cause=None
    )
    return NewEntry(subjects.event(event, HERE), headers, encode(event))


async def started(views: Views, settings: Settings, nc: Nats) -> ViewRunner:
    runner = ViewRunner(views, settings)
    await runner.start(nc)
    return runner


async def until(holds: Callable[[], bool | Awaitable[bool]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if found is True or (not isinstance(found, bool) and await found):
                return
            await asyncio.sleep(0.02)


def databases(settings: Settings) -> list[str]:
    return [str(found.name) for found in Databases(settings, "try-out").all()]
