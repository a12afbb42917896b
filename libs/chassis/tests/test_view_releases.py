"""Two releases beside each other: what only the newer one can read, the older one waits for and never leaves out."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from libs.chassis.tests.boxes import BOXES, FIRST, SECOND, counted, databases, entry, put, started, until
from libs.chassis.tests.newer_views import become_newer
from libs.chassis.tests.toy import BoxRow, ShelfBuilt, ThingsPut, count_things
from nats.aio.client import Client as Nats
from structlog.testing import capture_logs
from tests.support.postgres import postgres_server, postgres_url

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Log
from canlian_chassis.projection import projection
from canlian_chassis.settings import Settings
from canlian_chassis.views.backfill import fill_beside
from canlian_chassis.views.check import check
from canlian_chassis.views.follower import Follower
from canlian_chassis.views.runner import ViewRunner
from canlian_chassis.views.store import NotReadable
from canlian_events import core

__all__ = ["postgres_server", "postgres_url"]

SECOND_VERSION = "toy.box.things-put version 2"


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return settings.model_copy(update={"views_url": url})


@pytest.fixture
async def nc(settings: Settings) -> AsyncIterator[Nats]:
    async with connect(settings, "test") as connected:
        await Log(connected).ensure()
        yield connected


@pytest.fixture
def upgraded(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Called, this process is of the newer release until the end of the test."""
    monkeypatch.setattr(ThingsPut, "version", 1)
    monkeypatch.setattr(core, "_UPCASTS", dict(core._UPCASTS))
    return become_newer


async def put_newer(nc: Nats) -> int:
    """A thing put into a box, as the newer release says it; and a shelf, which no view here looks at."""
    number = await Log(nc).last_position()
    newer = entry(ThingsPut(box_id="box_0", things=1), f"newer{number}")
    newer = replace(newer, headers=newer.headers | {"ce-dataversion": "2"})
    before, after = (entry(ShelfBuilt(shelf_id="shelf_0", places=1), f"shelf{number}{n}") for n in range(2))
    return (await Log(nc).append([before, newer, after]))[1]


@contextlib.asynccontextmanager
async def newer_process(settings: Settings) -> AsyncIterator[None]:
    arguments = (settings.nats_url, str(settings.data), settings.views_url or "")
    module = "libs.chassis.tests.newer_views"
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments, cwd=root)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def test_an_older_release_stops_right_before_what_it_cannot_read_and_says_so(settings: Settings, nc: Nats):
    await put(nc)
    at = await put_newer(nc)
    await put(nc, 10)
    with capture_logs() as logs:
        runner = await started(FIRST, settings, nc)
        await until(lambda: runner.state["waits_for"] == SECOND_VERSION)
        await until(lambda: runner.position == at - 1)
        await asyncio.sleep(2)
    assert (runner.position, runner.level, runner.complete) == (at - 1, False, False)
    assert runner.behind == await Log(nc).last_position() - at + 1
    assert await runner.read(count_things) == BOXES
    assert await runner._skipped() == []
    said = [line for line in logs if line["event"] == "view.waits_for_newer_release"]
    assert len(said) == 1
    await runner.stop()
    # whoever starts again stands where it stood, also as the first of the log
    runner = await started(FIRST, settings, nc)
    await until(lambda: runner.state["waits_for"] == SECOND_VERSION)
    assert runner.position == at - 1
    await runner.stop()
    with pytest.raises(NotReadable, match="upgrade"):
        await fill_beside(FIRST, settings, nc, at, lambda *_: None)


async def test_after_its_upgrade_nothing_is_missing(settings: Settings, nc: Nats, upgraded: Any):
    await put(nc)
    old = await started(FIRST, settings, nc)
    await until(lambda: old.level)
    await put_newer(nc)
    last = await put(nc, 10)
    await until(lambda: old.state["waits_for"] is not None)
    await old.stop()
    older = databases(settings)
    upgraded()
    new = await started(FIRST, settings, nc)
    # what the older one has is read until then
    assert await new.read(count_things) >= BOXES
    await until(lambda: new.level and new.position >= last)
    assert await new.read(count_things) == BOXES + 11
    await until(lambda: databases(settings) == [str(FIRST.database())])
    assert older != databases(settings)
    assert (await check(FIRST, settings, nc)).equal
    await new.stop()


async def test_an_older_process_reads_what_a_newer_one_has_filled(settings: Settings, nc: Nats):
    await put(nc)
    old = await started(FIRST, settings, nc)
    await until(lambda: old.level)
    await put_newer(nc)
    last = await put(nc, 10)
    await until(lambda: old.state["waits_for"] is not None)
    async with newer_process(settings):
        await until(lambda: old.state["extent"] == 2, 40)
        await until(lambda: old.level and old.position >= last)
        assert old.state["waits_for"] is None
        assert await old.read(count_things) == BOXES + 11
        # and follows by the newer one's folds
        assert await old.reached(await put_newer(nc), 10)
        assert await old.read(count_things) == BOXES + 12
    await until(lambda: databases(settings) == [str(replace(FIRST.database(), extent=2))])
    # with nobody of the newer release left it says that it is behind
    await put(nc, 1)
    await until(lambda: not old.level)
    await old.stop()


async def test_what_a_release_does_not_look_at_it_passes_by(settings: Settings, nc: Nats):
    await put(nc)
    shelf = entry(ShelfBuilt(shelf_id="shelf_1", places=1), "shelf")
    await Log(nc).append([replace(shelf, headers=shelf.headers | {"ce-dataversion": "7"})])
    unknown = entry(ShelfBuilt(shelf_id="shelf_2", places=1), "unknown")
    [last] = await Log(nc).append([replace(unknown, headers=unknown.headers | {"ce-type": "toy.box.painted"})])
    runner = await started(FIRST, settings, nc)
    await until(lambda: runner.level and runner.position == last)
    await runner.stop()


@projection(BoxRow, key=lambda event: event.shelf_id)
def shelves(row: BoxRow | None, event: ShelfBuilt, meta: Any) -> BoxRow:
    return BoxRow(box_id=event.shelf_id, label="", community=meta.community, things=1000)


async def test_a_release_that_looks_at_more_fills_a_database_of_its_own(settings: Settings, nc: Nats):
    await put(nc)
    await Log(nc).append([entry(ShelfBuilt(shelf_id="shelf_1", places=1), "shelf")])
    old = await started(FIRST, settings, nc)
    await until(lambda: old.level)
    sees_more = replace(FIRST, projections=[counted, shelves])
    new = await started(sees_more, settings, nc)
    await until(lambda: databases(settings) == [str(sees_more.database())])
    assert await new.read(count_things) == BOXES + 1000
    # the older one, whose database was taken away, reads that
    await until(lambda: old.state["extent"] == sees_more.database().extent)
    last = await put(nc)
    assert await old.reached(last, 10)
    assert await old.read(count_things) == 2 * BOXES + 1000
    await until(lambda: old.level)
    await old.stop()
    await new.stop()


async def test_what_a_newer_views_kept_level_by_its_folds_is_folded_again_where_somebody_goes_back(
    settings: Settings, nc: Nats
):
    await put(nc)
    old = await started(FIRST, settings, nc)
    await until(lambda: old.level)
    await old.stop()
    never = asyncio.get_running_loop().create_future()
    new = ViewRunner(SECOND, settings)
    with pytest.MonkeyPatch.context() as patching:
        # the newer one is given up before it has filled its own
        patching.setattr(Follower, "_fill", lambda *_: never)
        await new.start(nc)
        assert await new.reached(await put(nc))
        assert (new.state["version"], await new.read(count_things)) == (1, 3 * BOXES)
        await new.stop()
    old = await started(FIRST, settings, nc)
    await until(lambda: old.state["generation"] == 2)
    assert await old.read(count_things) == 2 * BOXES
    assert (await check(FIRST, settings, nc)).equal
    await old.stop()


async def test_two_releases_do_not_take_away_each_others_databases(
    settings: Settings, nc: Nats, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("canlian_chassis.views.runner._GRACE", 1.0)
    await put(nc)
    sees_more = replace(FIRST, projections=[counted, shelves])
    new = await started(sees_more, settings, nc)
    await until(lambda: new.level)
    old = await started(FIRST, settings, nc)
    with capture_logs() as logs:
        for _ in range(20):
            await put(nc, 5)
            await asyncio.sleep(0.2)
        dropped = [line["database"] for line in logs if line["event"] == "view.dropped"]
    assert dropped in ([], [str(FIRST.database())])
    assert str(sees_more.database()) in databases(settings)
    assert (await check(sees_more, settings, nc)).equal
    await old.stop()
    await new.stop()
