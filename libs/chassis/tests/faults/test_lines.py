"""Lines between parts and the log: cut, dead without a word, too slow, delivering twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from libs.chassis.tests.faults.load import STAFF, Load, each_is_stored_once, under_load, view_is_right
from libs.chassis.tests.faults.proxy import Line, line_to
from libs.chassis.tests.toy import MakeBox, box, fill, shelf, views

from canlian_chassis.bus import client
from canlian_chassis.bus.client import Client, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Conflict, Log
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_chassis.tokens import Signer
from canlian_chassis.views.runner import ViewRunner


@pytest.fixture
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead line is noticed within nine seconds; here, for the test's sake, within one, and so on."""
    monkeypatch.setattr(client, "PING_EVERY", 0.3)
    monkeypatch.setattr("canlian_chassis.log.jetstream._STORED_WITHIN", 1.0)
    monkeypatch.setattr("canlian_chassis.log.following.STALLED_AFTER", 2.0)


@pytest.fixture
async def line(server: NatsServer) -> AsyncIterator[Line]:
    async with line_to(server.port) as line:
        yield line


def through(line: Line, settings: Settings) -> Settings:
    return settings.model_copy(update={"nats_url": line.url})


def toy(settings: Settings) -> Service:
    return Service("toy", context="toy", deciders=[box, shelf], settings=settings)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("not within thirty seconds")


@pytest.mark.usefixtures("look_often")
@pytest.mark.parametrize("fault", [Line.cut, Line.lose], ids=["cut", "lost"])
async def test_service_and_view_go_on_when_their_line_was(
    settings: Settings, line: Line, fault: Callable[[Line], None]
):
    beyond = through(line, settings)
    async with toy(beyond).running(), connect(beyond, "view") as far, connect(settings, "test") as near:
        runner = ViewRunner(views, beyond)
        await runner.start(far)
        async with under_load(Client(near, patience=0.5), settings, callers=8) as load:
            await asyncio.sleep(0.3)
            fault(line)
            await load.goes_on(within=15)
        await each_is_stored_once(Log(near), load)
        assert await runner.reached(await Log(near).last_position(), timeout=10)
        await view_is_right(near, settings)
        await runner.stop()


async def end_of(log: Log) -> int:
    """The last position, asked until the server has written so much that it answers in time."""
    for _ in range(10):
        with contextlib.suppress(Conflict):
            return await log.last_position()
    raise AssertionError("the log does not answer")


async def test_a_reader_that_takes_nothing_is_cut_off_and_catches_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("canlian_chassis.log.following.STALLED_AFTER", 2.0)
    with nats_server(tmp_path / "nats", 'write_deadline: "300ms"\nmax_payload: 4MB\nmax_pending: 8MB') as server:
        settings = Settings(nats_url=server.url, data=tmp_path / "var")
        async with (
            line_to(server.port) as line,
            toy(settings).running(),
            connect(settings, "test") as near,
            connect(through(line, settings), "slow") as far,
        ):
            runner = ViewRunner(views, settings)
            await runner.start(far)
            token = Signer(key_folder(settings)).sign(STAFF)
            await until(lambda: runner.level)
            # a view just filled is level and still asks for what is next: that must have come before the line stops
            first = await Client(near).send(MakeBox(box_id="box_first", label="tea"), token=token)
            assert await runner.reached(first.position, timeout=30)
            line.stop()
            for start in range(0, 300, 50):
                many = [MakeBox(box_id=f"box_{n}", label=f"{n} " + "tea" * 10_000) for n in range(start, start + 50)]
                await Client(near).send_many("toy", [(made.box_id, made) for made in many], token=token)
            await until(lambda: "Slow Consumer" in (server.folder / "nats.log").read_text())
            line.go_on()
            assert await runner.reached(await end_of(Log(near)), timeout=30)
            await view_is_right(near, settings)
            await runner.stop()


async def test_what_is_delivered_twice_is_done_once(server: NatsServer, settings: Settings):
    async with line_to(server.port, twice=True) as line, connect(settings, "test") as near:
        beyond = through(line, settings)
        service = Service("toy", context="toy", deciders=[box, shelf], policies=[fill], settings=beyond)
        async with service.running(), connect(beyond, "view") as far:
            runner = ViewRunner(views, beyond)
            await runner.start(far)
            load = Load(Client(near), Signer(key_folder(settings)))
            for n in range(5):
                await load.send(MakeBox(box_id=f"box_{n}", label=f"tea {n}"), f"c-{n}")
            for _ in range(100):
                stored = await each_is_stored_once(Log(near), load)
                if len(stored) >= 10:
                    break
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)
            types = [entry.headers["ce-type"] for entry in await each_is_stored_once(Log(near), load)]
            assert (types.count("toy.box.made"), types.count("toy.box.things-put")) == (5, 5)
            assert await runner.reached(await Log(near).last_position(), timeout=10)
            await view_is_right(near, settings)
            await runner.stop()
