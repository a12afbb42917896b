"""No room for the log, or for a view: nothing acknowledged is lost, callers are told, and with room it goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

from libs.chassis.tests.faults.load import STAFF, Load, each_is_stored_once, view_is_right
from libs.chassis.tests.toy import MakeBox, box, shelf, views
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from canlian_chassis.bus.client import Client, Unavailable, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_chassis.tokens import Signer
from canlian_chassis.views.runner import ViewRunner


async def fill_up(load: Load, made: list[MakeBox]) -> int:
    """Make boxes until the log is full; how many there was room for."""
    for n, make in enumerate(made):
        try:
            token = load.signer.sign(STAFF)
            load.acknowledged[f"c-{n}"] = await load.client.send(make, token=token, command_id=f"c-{n}")
        except Unavailable as refused:
            if refused.code == "log_full":
                return n
    raise AssertionError("it was never full")


async def test_a_full_log_says_so_and_goes_on_when_there_is_room(tmp_path: Path):
    server = NatsServer(tmp_path / "nats", limits=", max_file_store: 2MB")
    server.start()
    settings = Settings(nats_url=server.url, data=tmp_path / "var")
    try:
        async with (
            Service("toy", context="toy", deciders=[box, shelf], settings=settings).running(),
            connect(settings, "test") as nc,
        ):
            load = Load(Client(nc), Signer(key_folder(settings)))
            made = [MakeBox(box_id=f"box_{n}", label=f"{n} " + "tea" * 30_000) for n in range(30)]
            n = await fill_up(load, made)
            assert 5 < n < 30
            await each_is_stored_once(Log(nc), load)

            await asyncio.to_thread(server.stop)
            server.limits = ", max_file_store: 20MB"
            await asyncio.to_thread(server.start)
            await load.send(made[n], f"c-{n}")
            assert len(await each_is_stored_once(Log(nc), load)) == n + 1
    finally:
        server.stop()


async def test_a_view_without_room_waits_and_goes_on_when_there_is_some(settings: Settings):
    room = [40]

    def limit(connection: Connection) -> None:
        """As many pages as there is room for: one more is what SQLite calls a full disk."""
        connection.exec_driver_sql(f"PRAGMA max_page_count={room[0]}")

    event.listen(Engine, "begin", limit)
    try:
        async with (
            Service("toy", context="toy", deciders=[box, shelf], settings=settings).running(),
            connect(settings, "test") as nc,
        ):
            runner = ViewRunner(views, settings)
            await runner.start(nc)
            load = Load(Client(nc), Signer(key_folder(settings)))
            for n in range(20):
                await load.send(MakeBox(box_id=f"box_{n}", label=f"{n} " + "tea" * 5000), f"c-{n}")
            last = await Log(nc).last_position()
            assert not await runner.reached(last, timeout=0.5)
            room[0] = 4000
            assert await runner.reached(last, timeout=10)
            await view_is_right(nc, settings)
            await runner.stop()
    finally:
        event.remove(Engine, "begin", limit)
