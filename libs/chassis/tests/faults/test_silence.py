"""A log that says nothing: a view is level, or whole, only by the word of the log's leader."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from libs.chassis.tests.boxes import FIRST, HERE, put, put_many, started, until
from libs.chassis.tests.toy import BoxRow, ThingsPut, count_things
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Log
from canlian_chassis.projection import projection
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_chassis.views.check import kept_store
from canlian_chassis.views.databases import Databases
from canlian_chassis.views.runner import ViewRunner, Views
from canlian_chassis.views.store import ViewStore
from canlian_events.meta import Meta

MANY = 3000


@pytest.fixture
async def nc(settings: Settings) -> AsyncIterator[Nats]:
    async with connect(settings, "test") as connected:
        await Log(connected).ensure()
        yield connected


@contextlib.contextmanager
def silent(server: NatsServer) -> Iterator[None]:
    """The server lives and says nothing, as a machine whose disk hangs."""
    assert server.pid
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def falls_silent(server: NatsServer, at: int) -> Views:
    """Views whose fold stops the server at a position, the first time it comes there."""
    to_come = {at}

    @projection(BoxRow, key=lambda event: event.box_id)
    def counted(row: BoxRow | None, event: ThingsPut, meta: Meta) -> BoxRow:
        if meta.position in to_come and server.pid:
            to_come.remove(meta.position)
            os.kill(server.pid, signal.SIGSTOP)
        things = row.things if row else 0
        return BoxRow(box_id=event.box_id, label="", community=HERE, things=things + event.things)

    return replace(FIRST, projections=[counted])


def marked_complete(settings: Settings) -> dict[int, bool]:
    """Generation → whether the database says that it held the whole log."""
    return {found.name.generation: found.complete for found in Databases(settings, "try-out").all()}


async def test_a_view_is_not_whole_because_the_server_falls_silent_while_it_is_filled(
    server: NatsServer, settings: Settings, nc: Nats
):
    last = await put_many(nc, MANY)
    runner = await started(falls_silent(server, 10), settings, nc)
    assert server.pid
    try:
        await until(lambda: runner.position > 0)
        for _ in range(40):
            await asyncio.sleep(0.1)
            assert (runner.complete, runner.level) == (False, False), f"at {runner.position} of {last}"
    finally:
        os.kill(server.pid, signal.SIGCONT)
    await until(lambda: runner.complete)
    assert (runner.position, await runner.read(count_things)) == (last, MANY)
    await runner.stop()


async def test_half_a_rebuild_takes_no_whole_views_place_nor_after_a_restart(
    server: NatsServer, settings: Settings, nc: Nats
):
    await put_many(nc, MANY)
    runner = await started(FIRST, settings, nc)
    await until(lambda: runner.complete)
    await runner.stop()
    runner = await started(falls_silent(server, 10), settings, nc)
    assert server.pid
    try:
        runner.rebuild()
        await until(lambda: (runner.state["filling"] or {"position": 0})["position"] > 0)
        await asyncio.sleep(4)
        assert marked_complete(settings) == {1: True, 2: False}
        assert (runner.state["generation"], await runner.read(count_things)) == (1, MANY)
        await runner.stop()
        again = ViewRunner(FIRST, settings)
        starting = asyncio.create_task(again.start(nc))
        await asyncio.sleep(0.5)
        assert await again.read(count_things) == MANY
    finally:
        os.kill(server.pid, signal.SIGCONT)
    await starting
    await until(lambda: again.state["generation"] == 2)
    assert await again.read(count_things) == MANY
    await again.stop()


async def test_a_level_view_is_not_level_while_the_log_is_silent(server: NatsServer, settings: Settings, nc: Nats):
    runner = await started(FIRST, settings, nc)
    last = await put(nc)
    await until(lambda: runner.level)
    with silent(server):
        await until(lambda: not runner.level, 8)
        assert runner.complete
    await until(lambda: runner.level, 20)
    assert runner.position == last
    await runner.stop()


async def test_a_view_whose_database_takes_nothing_is_not_level(
    settings: Settings, nc: Nats, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("canlian_chassis.views.follower.FRESH", 2.0)
    runner = await started(FIRST, settings, nc)
    await put(nc)
    await until(lambda: runner.level)
    store = kept_store(FIRST, settings)
    with store.engine.execution_options(writes=True).begin():
        last = await put(nc, 1)
        await until(lambda: not runner.level, 5)
    assert await runner.reached(last, 10)
    await until(lambda: runner.level)
    store.close()
    await runner.stop()


async def test_a_database_server_that_hangs_holds_up_nobody_else(
    settings: Settings, nc: Nats, monkeypatch: pytest.MonkeyPatch
):
    entered: list[bool] = []

    @contextlib.contextmanager
    def slowly(_: ViewStore) -> Iterator[bool]:
        time.sleep(1)
        entered.append(True)
        yield True

    monkeypatch.setattr(ViewStore, "alone", slowly)
    runner = await started(FIRST, settings, nc)
    longest, last = 0.0, time.monotonic()
    while not entered:
        await asyncio.sleep(0.02)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert longest < 0.9
    await until(lambda: runner.complete)
    await runner.stop()


async def test_a_log_that_never_rests_keeps_no_view_from_being_level(settings: Settings, nc: Nats):
    await put_many(nc, MANY)
    writing = asyncio.create_task(put(nc, 100_000, "busy"))
    runner = await started(FIRST, settings, nc)
    await until(lambda: runner.complete, 20)
    seen = []
    for _ in range(100):
        seen.append(runner.level)
        await asyncio.sleep(0.02)
    assert sum(seen) > 80
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await runner.stop()
