"""An older copy of the log put in its place: every view that held more, or other things, is folded afresh."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from libs.chassis.tests.boxes import BOXES, FIRST, entry, put, started, until
from libs.chassis.tests.toy import BoxRow, ThingsPut, count_things
from nats.aio.client import Client as Nats
from sqlmodel import Session, func, select
from structlog.testing import capture_logs
from tests.support.postgres import postgres_server, postgres_url

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Log, LogPutBack
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_chassis.views.as_of import Snapshots
from canlian_chassis.views.backfill import fill_beside
from canlian_chassis.views.check import check, fold
from canlian_chassis.views.databases import Databases
from canlian_chassis.views.store import ViewStore

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return settings.model_copy(update={"views_url": url})


@pytest.fixture
async def nc(settings: Settings) -> AsyncIterator[Nats]:
    async with connect(settings, "test") as connected:
        await Log(connected).ensure()
        yield connected


class Backup:
    """A copy of the log, to be put in its place under whoever runs."""

    def __init__(self, server: NatsServer, folder: Path) -> None:
        self._server, self._folder = server, folder

    async def take(self) -> None:
        await asyncio.to_thread(self._server.stop)
        shutil.copytree(self._server.folder, self._folder)
        await asyncio.to_thread(self._server.start)

    async def grow(self, count: int, data: Path) -> None:
        """Other things than would have come, while nobody looks: all into one box."""
        with nats_server(self._folder) as elsewhere:
            async with connect(Settings(nats_url=elsewhere.url, data=data), "other") as nc:
                await put_away(nc, count)

    async def put_back(self) -> None:
        await asyncio.to_thread(self._server.kill)
        shutil.rmtree(self._server.folder)
        shutil.copytree(self._folder, self._server.folder)
        await asyncio.to_thread(self._server.start)


@pytest.fixture
async def backup(server: NatsServer, tmp_path: Path, nc: Nats) -> Backup:
    """Of a log that holds one thing in each box."""
    await put(nc)
    found = Backup(server, tmp_path / "backup")
    await found.take()
    return found


async def put_away(nc: Nats, count: int) -> int:
    log = Log(nc)
    for number in range(count):
        await log.append([entry(ThingsPut(box_id="box_away", things=1), f"away{number}")])
    return await log.last_position()


async def is_right(settings: Settings, nc: Nats) -> bool:
    found = await check(FIRST, settings, nc)
    return found.equal and found.position == await Log(nc).last_position()


@pytest.mark.parametrize("others", [0, 5, 10, 40], ids=["shorter", "shorter-and-other", "as-long", "longer"])
async def test_a_view_that_did_not_run_meanwhile_is_folded_afresh(
    settings: Settings, nc: Nats, backup: Backup, others: int
):
    runner = await started(FIRST, settings, nc)
    assert await runner.reached(await put(nc, 10), 10)
    await until(lambda: runner.complete)
    await runner.stop()
    await backup.grow(others, settings.data)
    await backup.put_back()
    with capture_logs() as logs:
        runner = await started(FIRST, settings, nc)
        await until(lambda: runner.level and runner.position == BOXES + others)
    assert await is_right(settings, nc)
    assert "view.log_put_back" in [line["event"] for line in logs]
    await runner.stop()


@pytest.mark.parametrize("others", [0, 40], ids=["shorter", "longer"])
async def test_a_view_at_work_notices_and_its_rebuild_too(settings: Settings, nc: Nats, backup: Backup, others: int):
    runner = await started(FIRST, settings, nc)
    other_process = await started(FIRST, settings, nc)
    assert await runner.reached(await put(nc, 10), 10)
    await until(lambda: runner.complete and other_process.complete)
    runner.rebuild()
    await backup.grow(others, settings.data)
    await backup.put_back()
    for one in (runner, other_process):
        await until(lambda: one.level and one.position == BOXES + others, 40)  # noqa: B023
        assert await one.read(count_things) == BOXES + others
    assert await is_right(settings, nc)
    await runner.stop()
    await other_process.stop()


async def test_a_check_says_so(settings: Settings, nc: Nats, backup: Backup):
    runner = await started(FIRST, settings, nc)
    assert await runner.reached(await put(nc, 10), 10)
    await until(lambda: runner.complete)
    await runner.stop()
    await backup.put_back()
    with pytest.raises(LogPutBack):
        await check(FIRST, settings, nc)


async def test_what_was_filled_of_another_log_is_begun_again(settings: Settings, nc: Nats, backup: Backup):
    last = await put(nc, 10)
    databases = Databases(settings, FIRST.name)
    store = ViewStore(FIRST, databases, FIRST.database())
    store.open()
    await fold(store, nc, last)
    store.close()
    await backup.put_back()
    last = await put_away(nc, 20)
    await fill_beside(FIRST, settings, nc, last, lambda *_: None)
    assert await is_right(settings, nc)
    databases.close()


async def test_a_view_as_it_stood_in_another_log_is_not_shown(settings: Settings, nc: Nats, backup: Backup):
    snapshots = Snapshots(FIRST, settings)
    await put(nc, 10)
    assert await away(snapshots, nc, BOXES + 3) == 0
    assert await away(snapshots, nc, BOXES) == 0
    await backup.put_back()
    await put_away(nc, 20)
    # asked for before, and gone on from what was asked for before
    assert await away(snapshots, nc, BOXES + 3) == 3
    assert await away(snapshots, nc, BOXES + 7) == 7
    assert await away(snapshots, nc, BOXES) == 0


async def away(snapshots: Snapshots, nc: Nats, position: int) -> int:
    engine = await snapshots.at(nc, position, patience=30)
    assert engine is not None
    with Session(engine) as db:
        found = db.exec(select(func.coalesce(func.sum(BoxRow.things), 0)).where(BoxRow.box_id == "box_away")).one()
    engine.dispose()
    return int(found)
