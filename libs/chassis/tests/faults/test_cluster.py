"""Three servers hold the log: its leader steps down, a member is killed and comes back, and the callers go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import AsyncExitStack
from pathlib import Path

import nats.errors
import nats.js.errors
import pytest
from libs.chassis.tests.faults.load import each_is_stored_once, under_load, view_is_right
from libs.chassis.tests.faults.proxy import Line, line_to
from libs.chassis.tests.processes import Process
from libs.chassis.tests.toy import BuildShelf, MakeBox, PutIn, box, shelf, views
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import Client, connect
from canlian_chassis.log.jetstream import STREAM, Conflict, Log
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import nats_cluster
from canlian_chassis.views.runner import ViewRunner


async def leader_of_the_log(nc: Nats, *, cut_off: str = "") -> str:
    """The name of the server that leads the stream, once there is one and the others, but one, are level with it."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(nats.errors.Error, nats.js.errors.Error):  # there is none at the moment
                info = (await nc.jetstream(timeout=1).stream_info(STREAM)).cluster
                level = info and all(peer.current or peer.name == cut_off for peer in info.replicas or [])
                if info and level and info.leader and info.leader != cut_off:
                    return info.leader
            await asyncio.sleep(0.05)


async def make_leader(nc: Nats, name: str) -> None:
    while await leader_of_the_log(nc) != name:
        wanted = {"placement": {"preferred": name}}
        await nc.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{STREAM}", json.dumps(wanted).encode(), timeout=5)
        await asyncio.sleep(0.5)


async def test_a_leader_that_is_cut_off_from_the_others_is_not_believed(tmp_path: Path):
    """It goes on calling itself the leader while the others have another, and says no to what they would accept."""
    async with AsyncExitStack() as stack:
        ports = iter([await stack.enter_async_context(line_to(0)) for _ in range(4)])
        lines: list[Line] = []

        def line(one: str, other: str, port: int) -> str | None:
            if "n0" not in (one, other):
                return None
            lines.append(next(ports))
            lines[-1].port = port
            return lines[-1].url.removeprefix("nats://")

        servers = stack.enter_context(nats_cluster(tmp_path / "nats", line))
        settings = Settings(nats_url=servers[0].url, data=tmp_path / "var", replicas=3)
        nc = await stack.enter_async_context(connect(settings, "cut off"))
        others = await stack.enter_async_context(connect(Settings(nats_url=servers[1].url), "others"))
        await Log(nc).ensure(3)
        await make_leader(nc, "n0")
        cut_off, there = Process(nc, settings, [box, shelf]), Process(others, settings, [box, shelf])
        await there.do(BuildShelf(shelf_id="shelf_1", places=1))
        assert (await cut_off.do(PutIn(box_id="box_1", things=1))).code == "box.wrong_state"
        for one in lines:
            one.stop()
        await asyncio.sleep(3)  # what was under way when the lines went dead was heard by then
        await leader_of_the_log(others, cut_off="n0")
        while (await there.do(MakeBox(box_id="box_1", label="tea"), "made")).status != "accepted":
            pass
        assert (await nc.jetstream().stream_info(STREAM)).state.last_seq == 1
        with pytest.raises(Conflict):
            await Log(nc).end()
        assert (await cut_off.do(PutIn(box_id="box_1", things=1))).code == "busy"
        assert (await there.do(PutIn(box_id="box_1", things=1))).status == "accepted"


async def test_nothing_is_lost_or_doubled_when_the_leader_steps_down_and_a_member_dies(tmp_path: Path):
    with nats_cluster(tmp_path / "nats") as servers:
        settings = Settings(nats_url=",".join(s.url for s in servers), data=tmp_path / "var", replicas=3)
        runner = ViewRunner(views, settings)
        async with (
            Service("toy", context="toy", deciders=[box, shelf], settings=settings).running(),
            connect(settings, "test") as nc,
        ):
            assert (await nc.jetstream().stream_info(STREAM)).config.num_replicas == 3
            await runner.start(nc)
            async with under_load(Client(nc, patience=3), settings, callers=64) as load:
                await asyncio.sleep(1)
                await nc.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{STREAM}", json.dumps({}).encode(), timeout=5)
                await load.goes_on(within=5)
                await asyncio.sleep(0.5)

                leader = servers[int((await leader_of_the_log(nc)).removeprefix("n"))]
                await asyncio.to_thread(leader.kill)
                await load.goes_on(within=20)  # the server's election takes four to nine seconds
                await asyncio.to_thread(leader.start)
                await asyncio.sleep(1)
            await leader_of_the_log(nc)
            await each_is_stored_once(Log(nc), load)
            assert await runner.reached(await Log(nc).last_position(), timeout=10)
            await runner.stop()
            await view_is_right(nc, settings)
