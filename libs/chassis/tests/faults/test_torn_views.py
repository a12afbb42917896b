"""A view's database after a crash: cut short, truncated, without its checkpoint. It is noticed, and folded again."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from libs.chassis.tests.faults.load import Load, view_is_right
from libs.chassis.tests.toy import MakeBox, PutIn, box, shelf, views
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import Client, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_chassis.tokens import Signer
from canlian_chassis.views.check import check
from canlian_chassis.views.runner import ViewRunner


@pytest.fixture
async def nc(settings: Settings) -> AsyncIterator[Nats]:
    """A connection, with the toy service at work."""
    async with (
        Service("toy", context="toy", deciders=[box, shelf], settings=settings).running(),
        connect(settings, "test") as nc,
    ):
        yield nc


async def fill(nc: Nats, settings: Settings, name: str) -> None:
    load = Load(Client(nc), Signer(key_folder(settings)))
    for n in range(3):
        await load.send(MakeBox(box_id=f"box_{name}_{n}", label=f"tea {name} {n}"), f"{name}-make-{n}")
        await load.send(PutIn(box_id=f"box_{name}_{n}", things=2), f"{name}-put-{n}")


async def follow_to_the_end(nc: Nats, settings: Settings) -> None:
    runner = ViewRunner(views, settings)
    await runner.start(nc)
    last = await Log(nc).last_position()
    for _ in range(200):
        if runner.level and runner.position == last:
            break
        await asyncio.sleep(0.05)
    await view_is_right(nc, settings)
    await runner.stop()


def file_of_the_view(settings: Settings) -> Path:
    (file,) = (settings.data / "views").glob("toy_v*.sqlite")
    return file


def without_its_checkpoint(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("DELETE FROM checkpoint")


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def scribbled_over(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)


@pytest.mark.parametrize("torn", [without_its_checkpoint, cut_in_half, emptied, scribbled_over])
async def test_a_torn_database_is_folded_again(nc: Nats, settings: Settings, torn: Callable[[Path], None]):
    await fill(nc, settings, "before")
    await follow_to_the_end(nc, settings)
    torn(file_of_the_view(settings))
    await fill(nc, settings, "after")
    await follow_to_the_end(nc, settings)


async def test_a_view_ahead_of_a_log_that_was_restored_is_folded_again(server: NatsServer, tmp_path: Path):
    settings = Settings(nats_url=server.url, data=tmp_path / "var")
    async with connect(settings, "test") as nc:
        service = Service("toy", context="toy", deciders=[box, shelf], settings=settings)
        async with service.running():
            await fill(nc, settings, "kept")
            await asyncio.to_thread(server.stop)
            shutil.copytree(server.folder, tmp_path / "backup")
            await asyncio.to_thread(server.start)
            await fill(nc, settings, "lost")
            await follow_to_the_end(nc, settings)
        await asyncio.to_thread(server.kill)
        shutil.rmtree(server.folder)
        (tmp_path / "backup").rename(server.folder)
        await asyncio.to_thread(server.start)
        await follow_to_the_end(nc, settings)


async def test_what_the_last_moments_wrote_is_folded_again_where_the_write_ahead_log_was_cut_short(
    nc: Nats, settings: Settings
):
    runner = ViewRunner(views, settings)
    await runner.start(nc)
    await fill(nc, settings, "before")
    assert await runner.reached(await Log(nc).last_position())
    # as a power cut leaves it: the database as it was, and some of what was written behind it
    file = file_of_the_view(settings)
    wal = file.with_name(f"{file.name}-wal")
    left, left_behind = file.read_bytes(), wal.read_bytes()
    await runner.stop()
    file.write_bytes(left)
    wal.write_bytes(left_behind[: len(left_behind) * 2 // 3])
    file.with_name(f"{file.name}-shm").unlink(missing_ok=True)
    await follow_to_the_end(nc, settings)


async def test_a_view_in_a_new_process_folds_on_where_the_last_one_ended(nc: Nats, settings: Settings):
    await fill(nc, settings, "before")
    await follow_to_the_end(nc, settings)
    for n in range(3):
        load = Load(Client(nc), Signer(key_folder(settings)))
        await load.send(PutIn(box_id=f"box_before_{n}", things=1), f"again-{n}")
    code = f"""
import asyncio
from libs.chassis.tests.toy import views
from canlian_chassis.bus.client import connect
from canlian_chassis.settings import Settings
from canlian_chassis.views.runner import ViewRunner
async def main():
    settings = Settings(nats_url={settings.nats_url!r}, data={str(settings.data)!r})
    async with connect(settings, "other") as nc:
        runner = ViewRunner(views, settings)
        await runner.start(nc)
        assert await runner.reached({await Log(nc).last_position()}, timeout=10)
        await runner.stop()
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=Path(__file__).parents[4])
    assert await process.wait() == 0
    found = await check(views, settings, nc)
    assert found.equal, found
