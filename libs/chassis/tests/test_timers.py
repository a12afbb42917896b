"""Commands that wait for their time: fired once, replaced, cancelled, and there again after whatever was killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from libs.chassis.tests.toy import BoxMade, BoxStored, MakeBox, PutIn, ThingsPut, box, shelf
from nats.aio.client import Client as Nats

from canlian_chassis import clock
from canlian_chassis.bus import Client, connect
from canlian_chassis.clock import CLOCK
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Entry, Log
from canlian_chassis.policies.timers import Timers
from canlian_chassis.policy import Cancel, Consequence, Later, policy
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_chassis.tokens import Signer
from canlian_events import subjects
from canlian_events.meta import Actor, Meta
from canlian_events.terms import Role

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
SOON = timedelta(seconds=0.4)
FAR = timedelta(days=30)


@policy("toy.fill-later", on=[BoxMade, ThingsPut, BoxStored])
def fill_later(event: BoxMade | ThingsPut, meta: Meta) -> Iterable[Consequence]:
    """A box is filled after as long as its label says; a second thing put in by hand puts it off, a third stops it."""
    match event:
        case BoxMade():
            wait = FAR if str(event.label).startswith("far") else SOON
            yield Later(PutIn(box_id=event.box_id, things=1), at=meta.said_at + wait, key=event.box_id)
        case ThingsPut(things=1) if event.box_id.startswith("box_cancel"):
            yield Cancel(event.box_id)
        case ThingsPut(things=1) if event.box_id.startswith("box_replace"):
            yield Later(PutIn(box_id=event.box_id, things=1), at=meta.said_at + FAR, key=event.box_id)


class Bench:
    """A toy service with timers that can be stopped and started, and a client of it."""

    def __init__(self, settings: Settings, nc: Nats) -> None:
        self.settings, self.nc, self.log, self._client = settings, nc, Log(nc), Client(nc, patience=30)
        self._signer = Signer(key_folder(settings))

    def service(self) -> Any:
        return Service("toy", context="toy", deciders=[box, shelf], policies=[fill_later], settings=self.settings)

    async def send(self, command: Any) -> None:
        await self._client.send(command, token=self._signer.sign(STAFF))

    async def puts(self, box_id: str) -> list[Entry]:
        entries = await self.log.read(subjects.history(box.aggregate, box_id))
        return [entry for entry in entries if entry.headers["ce-type"] == ThingsPut.type]

    async def waits(self, box_id: str) -> bool:
        """Whether a timer of this key is there."""
        info = await self.nc.jetstream().stream_info("TIMERS", subjects_filter=subjects.timer("toy", "*"))
        return subjects.timer("toy", box_id) in (info.state.subjects or {})

    async def until(self, holds: Any, seconds: float = 40) -> None:
        async with asyncio.timeout(seconds):
            while not await holds():  # noqa: ASYNC110 - what is waited for is in another process
                await asyncio.sleep(0.03)


@pytest.fixture
def settings(server: NatsServer, tmp_path) -> Settings:
    return Settings(nats_url=server.url, data=tmp_path / "var", movable_clock=True)


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    async with connect(settings, "test") as nc:
        yield Bench(settings, nc)
    CLOCK.set_ahead(timedelta(0))


async def test_a_command_is_sent_when_its_time_has_come_as_the_policy_and_caused_by_the_event(bench: Bench):
    async with bench.service().running():
        begun = datetime.now(UTC)
        await bench.send(MakeBox(box_id="box_1", label="tea"))
        assert await bench.puts("box_1") == []
        await bench.until(lambda: bench.puts("box_1"))
        assert datetime.now(UTC) - begun >= SOON
        [put] = await bench.puts("box_1")
        [made, _] = await bench.log.read(subjects.history(box.aggregate, "box_1"))
        assert put.headers["ce-cause"] == made.headers["ce-id"]
        assert put.headers["ce-actor"] == "policy:policy:toy"
        assert not await bench.waits("box_1")


async def test_a_timer_set_again_takes_the_place_of_the_first_and_one_cancelled_never_fires(bench: Bench):
    async with bench.service().running():
        for box_id in ("box_replace", "box_cancel"):
            await bench.send(MakeBox(box_id=box_id, label=f"tea {box_id}"))
            await bench.send(PutIn(box_id=box_id, things=1))
        await asyncio.sleep(SOON.total_seconds() + 0.5)
        for box_id, waits in (("box_replace", True), ("box_cancel", False)):
            assert len(await bench.puts(box_id)) == 1
            assert await bench.waits(box_id) == waits


async def test_what_came_due_after_server_and_service_were_killed_is_done_once_they_are_back(
    server: NatsServer, bench: Bench
):
    code = "from libs.chassis.tests.test_timers import Service, box, shelf, fill_later; "
    code += "Service('toy', context='toy', deciders=[box, shelf], policies=[fill_later]).run()"
    environment = {**os.environ, "CANLIAN_NATS_URL": server.url, "CANLIAN_DATA": str(bench.settings.data)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as process:  # noqa: ASYNC220
        try:
            await bench.send(MakeBox(box_id="box_1", label="tea"))
            await bench.until(lambda: bench.waits("box_1"))
        finally:
            process.kill()
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(SOON.total_seconds())
    await asyncio.to_thread(server.start)
    async with bench.service().running():
        await bench.until(lambda: bench.puts("box_1"))


async def test_a_timer_waits_for_the_service_that_its_command_is_for(bench: Bench):
    policies = Service("other", context="other", deciders=[], policies=[fill_later], settings=bench.settings)
    async with policies.running():
        async with Service("toy", context="toy", deciders=[box], settings=bench.settings).running():
            await bench.send(MakeBox(box_id="box_1", label="tea"))
        await asyncio.sleep(SOON.total_seconds() + 0.3)
        async with Service("toy", context="toy", deciders=[box], settings=bench.settings).running():
            await bench.until(lambda: bench.puts("box_1"))


async def test_a_server_killed_under_a_waiting_service_loses_no_timer(server: NatsServer, bench: Bench):
    async with bench.service().running():
        await bench.send(MakeBox(box_id="box_1", label="tea"))
        await bench.until(lambda: bench.waits("box_1"))
        await server.restart()
        await bench.until(lambda: bench.puts("box_1"))


async def test_a_timer_set_again_by_the_same_event_after_it_fired_changes_nothing(bench: Bench):
    async with bench.service().running():
        await bench.send(MakeBox(box_id="box_1", label="tea"))
        await bench.until(lambda: bench.puts("box_1"))
    bucket = await bench.nc.jetstream().key_value("policies")
    await bucket.delete("toy")  # the policies forget how far they were, and answer everything again
    async with bench.service().running():
        await bench.send(MakeBox(box_id="box_2", label="tea 2"))
        await bench.until(lambda: bench.puts("box_2"))
        timers = Timers("toy", bench.nc, CLOCK)
        [put] = await bench.puts("box_1")
        again = {"id": put.headers["ce-command"], "policy": "toy.fill-later", "cause": put.headers["ce-cause"]}
        again |= {"position": 9}
        soon = datetime.now(UTC) + timedelta(seconds=0.1)
        timers.set("box_1", PutIn(box_id="box_1", things=1), soon, **again)
        await timers.save()
        await asyncio.sleep(0.6)
        assert len(await bench.puts("box_1")) == 1
        assert not await bench.waits("box_1")


async def test_a_clock_moved_ahead_brings_what_is_far_off(bench: Bench):
    async with bench.service().running():
        await bench.send(MakeBox(box_id="box_far", label="far"))
        await bench.until(lambda: bench.waits("box_far"))
        await clock.move(bench.nc, bench.settings, FAR - timedelta(days=1))
        await asyncio.sleep(0.3)
        assert await bench.puts("box_far") == []
        await clock.move(bench.nc, bench.settings, FAR)
        await bench.until(lambda: bench.puts("box_far"))
        [put] = await bench.puts("box_far")
        said = datetime.fromisoformat(put.headers["ce-time"])
        assert said - datetime.now(UTC) > FAR - timedelta(minutes=1)


async def test_a_service_that_was_down_while_the_clock_was_moved_finds_its_timers_due(bench: Bench):
    async with bench.service().running():
        await bench.send(MakeBox(box_id="box_far", label="far"))
        await bench.until(lambda: bench.waits("box_far"))
    await clock.move(bench.nc, bench.settings, FAR)
    async with bench.service().running():
        await bench.until(lambda: bench.puts("box_far"))


async def test_a_clock_that_is_not_movable_stays_where_it_is(bench: Bench):
    fixed = bench.settings.model_copy(update={"movable_clock": False})
    with pytest.raises(ValueError, match="not movable"):
        await clock.move(bench.nc, fixed, FAR)
    await clock.move(bench.nc, bench.settings, FAR)
    async with CLOCK.following(bench.nc, fixed):
        assert CLOCK.ahead == timedelta(0)
