"""Commands that wait for their time: fired once, replaced, cancelled, and there again after whatever was killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from libs.chassis.tests.toy import BoxMade, BoxStored, MakeBox, PutIn, ThingsPut, box, shelf
from nats.aio.client import Client as Nats
from nats.js.errors import NotFoundError

from canlian_chassis import clock
from canlian_chassis.bus.client import Client, Invalid, NotAllowed, connect
from canlian_chassis.clock import CLOCK
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Entry, Log
from canlian_chassis.policies.timers import Timers, Waiting
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
        timers = timers_of(bench)
        [put] = await bench.puts("box_1")
        again: Any = {"id": put.headers["ce-command"], "policy": "toy", "cause": put.headers["ce-cause"], "position": 9}
        soon = datetime.now(UTC) + timedelta(seconds=0.1)
        timers.set("box_1", PutIn(box_id="box_1", things=1), soon, **again)
        await timers.save()
        await asyncio.sleep(0.6)
        assert len(await bench.puts("box_1")) == 1
        assert not await bench.waits("box_1")


def timers_of(bench: Bench) -> Timers:
    return Timers("toy", bench.nc, CLOCK)


def set_at(timers: Timers, position: int, key: str = "box_1") -> None:
    """By the event at a position, which the timer's id tells."""
    command, at = PutIn(box_id=key, things=1), datetime.now(UTC) + FAR
    timers.set(key, command, at, id=str(position), policy="toy", cause="e", position=position)


async def waiting(bench: Bench, key: str = "box_1") -> int | None:
    """The position of the event that set what waits under a key."""
    with contextlib.suppress(NotFoundError):
        message = await bench.nc.jetstream().get_last_msg("TIMERS", subjects.timer("toy", key))
        return int(Waiting.model_validate_json(message.data or b"").id)
    return None


async def test_a_timer_taken_back_and_set_again_by_events_answered_twice_waits(bench: Bench):
    timers = timers_of(bench)
    await timers.ensure()
    for _ in range(3):  # as after a crash before the place was stored
        await timers.cancel("box_1", 1)
        set_at(timers, 2)
        await timers.save()
        assert await waiting(bench) == 2


async def test_who_is_late_neither_replaces_nor_takes_back_what_a_later_event_set(bench: Bench):
    timers, late = timers_of(bench), timers_of(bench)
    await timers.ensure()
    set_at(timers, 7)
    await timers.save()
    set_at(late, 5)
    await late.save()
    await late.cancel("box_1", 6)
    assert await waiting(bench) == 7
    for position in (7, 8):
        set_at(timers, position)
        await timers.save()
        assert await waiting(bench) == position
    await timers.cancel("box_1", 8)
    assert await waiting(bench) is None
    await timers.cancel("box_1", 9)


async def test_two_at_once_come_to_the_later_one(bench: Bench):
    both = timers_of(bench), timers_of(bench)
    await both[0].ensure()
    for n in range(100):
        set_at(both[0], 1 + n % 2, f"key_{n}")
        set_at(both[1], 2 - n % 2, f"key_{n}")
    await asyncio.gather(*(timers.save() for timers in both))
    assert {await waiting(bench, f"key_{n}") for n in range(100)} == {2}


async def test_timers_that_an_older_release_set_fire_are_replaced_and_taken_back(bench: Bench):
    timers = timers_of(bench)
    await timers.ensure()
    at = datetime.now(UTC) + FAR
    old = {"id": "0", "name": "PutIn", "body": "{}", "at": at.isoformat(), "policy": "toy", "cause": "e"}
    headers = {"Nats-Schedule": f"@at {at:%Y-%m-%dT%H:%M:%SZ}", "Nats-Schedule-Target": subjects.timers_due("toy")}
    for key in ("replaced", "cancelled", "moved"):
        await bench.nc.jetstream().publish(subjects.timer("toy", key), json.dumps(old).encode(), headers=headers)
    set_at(timers, 1, "replaced")
    await timers.save()
    await timers.cancel("cancelled", 1)
    CLOCK.set_ahead(timedelta(days=1))
    await timers.move()
    found = [await waiting(bench, key) for key in ("replaced", "cancelled", "moved")]
    assert found == [1, None, 0]


async def test_timers_of_a_log_that_was_put_back_give_way_to_any_event(bench: Bench):
    timers = timers_of(bench)
    await timers.ensure()
    for position in (3, 90):
        set_at(timers, position, f"key_{position}")
    await timers.save()
    await timers.disown(after=10)
    set_at(timers, 11, "key_90")
    await timers.save()
    set_at(timers, 2, "key_3")
    await timers.save()
    assert [await waiting(bench, key) for key in ("key_3", "key_90")] == [3, 11]


async def test_a_timer_nobody_can_read_holds_up_no_other(bench: Bench):
    async with bench.service().running():
        await bench.send(MakeBox(box_id="box_far", label="far"))
        await bench.until(lambda: bench.waits("box_far"))
        far = {"Nats-Schedule": "@at 2090-01-01T00:00:00Z", "Nats-Schedule-Target": subjects.timers_due("toy")}
        js = bench.nc.jetstream()
        for key in ("a", "z"):
            await js.publish(subjects.timer("toy", key), b"{", headers=far)
        await js.publish(subjects.timers_due("toy"), b"{")
        await clock.move(bench.nc, bench.settings, FAR)
        await bench.until(lambda: bench.puts("box_far"))


@pytest.mark.parametrize("answer", [NotAllowed("bad_token"), NotAllowed("wrong_role"), Invalid("invalid")], ids=str)
async def test_a_timer_that_is_not_answered_comes_again_until_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, answer: Exception
):
    send_raw, tried = Client.send_raw, 0

    async def refused_at_first(self: Client, kind: Any, body: bytes, **more: Any) -> Any:
        nonlocal tried
        tried += bool(more.get("cause"))
        if more.get("cause") and tried == 1:
            raise answer
        return await send_raw(self, kind, body, **more)

    monkeypatch.setattr(Client, "send_raw", refused_at_first)
    async with bench.service().running():
        await bench.send(MakeBox(box_id="box_1", label="tea"))
        await bench.until(lambda: bench.puts("box_1"))
        assert tried == 2


async def test_timers_lost_with_the_stream_are_set_again_for_what_is_answered_again(
    server: NatsServer, bench: Bench, tmp_path: Path
):
    async with bench.service().running():
        await bench.send(MakeBox(box_id="box_far_0", label="far 0"))
        await bench.until(lambda: bench.waits("box_far_0"))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(server.stop)
        [streams] = server.folder.rglob("streams")
        shutil.copytree(streams, tmp_path / "copy")
        await asyncio.to_thread(server.start)
        await bench.send(MakeBox(box_id="box_far_1", label="far 1"))
        await bench.until(lambda: bench.waits("box_far_1"))
        await asyncio.to_thread(server.stop)
        for name in ("TIMERS", "KV_policies"):
            shutil.rmtree(streams / name)
            shutil.copytree(tmp_path / "copy" / name, streams / name)
        await asyncio.to_thread(server.start)
        await bench.send(MakeBox(box_id="box_1", label="tea"))
        await bench.until(lambda: bench.puts("box_1"))
        assert [await bench.waits(box_id) for box_id in ("box_far_0", "box_far_1")] == [True, True]


async def test_a_stream_of_timers_that_is_gone_is_made_again_under_a_running_service(bench: Bench):
    async with bench.service().running():
        await bench.nc.jetstream().delete_stream("TIMERS")
        await bench.send(MakeBox(box_id="box_1", label="tea"))
        await bench.until(lambda: bench.puts("box_1"))


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
