"""A long stretch of the log read by the fast reader, beside the same as nats-py reads it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from libs.chassis.tests.toy import ShelfBuilt, ThingsPut
from nats.aio.client import Client as Nats

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import connect
from canlian_chassis.log.following import Stretch, ack_numbers, follow
from canlian_chassis.log.jetstream import Entry, Log, LogPutBack, NewEntry, Place
from canlian_chassis.log.replay import Address, CannotReplay, prepare, replay, stretches
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_events import subjects
from canlian_events.core import Event, encode

HERE = "429999001001"


async def fill(nc: Nats, count: int) -> None:
    log = Log(nc)
    await log.ensure()
    for start in range(0, count, 500):
        await log.append([entry(number) for number in range(start, min(start + 500, count))])


def entry(number: int) -> NewEntry:
    event: Event = ThingsPut(box_id=f"box_{number}", things=number)
    if number % 3 == 0:
        event = ShelfBuilt(shelf_id=f"shelf_{number}", places=number)
    headers = wire.event_headers(
        event, id=f"e{number}", said_at=datetime.now(UTC), actor="staff:梁", command="c", digest="d", cause=None
    )
    return NewEntry(subjects.event(event, HERE), headers, encode(event))


async def followed(nc: Nats, last: int) -> list[Entry]:
    found: list[Entry] = []
    async for batch in follow(nc, 0):
        found += batch
        if found and found[-1].position >= last:
            break
    return found


def ours(entry: Entry) -> tuple[object, ...]:
    """What the sender wrote, without the headers of a batch."""
    return entry[:3], {name: value for name, value in entry.headers.items() if name.startswith("ce-")}, entry.body


@pytest.mark.parametrize("count", [1, 5000, 5001, 10_400])
async def test_it_reads_what_nats_py_reads(settings: Settings, count: int):
    async with connect(settings, "test") as nc:
        await fill(nc, count)
        found = list(replay(await prepare(nc, Place()), ["toy.box.things-put", "toy.shelf.built"]))
        assert [ours(e) for stretch in found for e in stretch.entries] == [ours(e) for e in await followed(nc, count)]
        assert (found[-1].position, found[-1].pending) == (count, 0)


async def test_it_passes_over_what_nobody_wants_and_still_says_how_far_it_is(settings: Settings):
    async with connect(settings, "test") as nc:
        await fill(nc, 10)
        [found] = replay(await prepare(nc, Place(4)), ["toy.shelf.built"])
        assert [entry.position for entry in found.entries] == [7, 10]
        assert list(replay(await prepare(nc, Place(9)), [])) == [Stretch([], await Log(nc).end(), 0, 9)]


async def test_it_begins_only_in_the_log_that_its_place_was_read_in(settings: Settings):
    async with connect(settings, "test") as nc:
        await fill(nc, 10)
        end = await Log(nc).end()
        for other in (end._replace(recorded_ns=end.recorded_ns + 1), Place(11, end.recorded_ns)):
            with pytest.raises(LogPutBack):
                await prepare(nc, other)
            with pytest.raises(LogPutBack):
                await anext(follow(nc, other))
        assert await Log(nc).holds(end)


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ("$JS.ACK.LOG.reader.1.17.3.1790000000000000000.5", (17, 3, 1_790_000_000_000_000_000, 5)),
        ("$JS.ACK._.AB12.LOG.reader.1.17.3.1790000000000000000.5", (17, 3, 1_790_000_000_000_000_000, 5)),
        ("$JS.ACK.hub.AB12.LOG.reader.1.17.3.1790000000000000000.5.x7Qp", (17, 3, 1_790_000_000_000_000_000, 5)),
    ],
)
def test_the_numbers_of_a_delivery_are_read_in_each_form_that_servers_give_them(reply, numbers):
    assert ack_numbers(reply) == numbers


async def test_what_it_cannot_do_is_left_to_nats_py(server: NatsServer, settings: Settings, monkeypatch):
    async with connect(settings, "test") as nc:
        await fill(nc, 6000)
        address = await prepare(nc, Place())
        with pytest.raises(CannotReplay, match="tls"):
            next(replay(Address(address.url._replace(scheme="tls"), address.consumer, 0), []))
        with pytest.raises(CannotReplay):
            next(replay(Address(address.url, "nobody", 0), []))
        monkeypatch.setattr("canlian_chassis.log.replay.prepare", lambda nc, _after: gone(nc))
        read = 0
        async for stretch in stretches(nc, Place(), []):
            read += len(stretch.entries)
            if stretch.position == 6000:
                break
        assert read == 6000


async def gone(nc: Nats) -> Address:
    return Address((await prepare(nc, Place())).url, "nobody", 0)


async def test_reading_survives_a_server_that_is_killed_in_the_middle(server: NatsServer, settings: Settings):
    async with connect(settings, "test") as nc:
        await fill(nc, 12_000)
        positions: list[int] = []
        async for stretch in stretches(nc, Place(), ["toy.box.things-put", "toy.shelf.built"]):
            if stretch.entries and not positions:
                await server.restart()
            positions += [entry.position for entry in stretch.entries]
            if stretch.position == 12_000:
                break
        assert positions == list(range(1, 12_001))


async def test_it_signs_in_with_the_name_and_password_of_the_address(tmp_path):
    locked = NatsServer(tmp_path / "locked", more='authorization { user: "canlian", password: "secret" }')
    await asyncio.to_thread(locked.start)
    try:
        url = locked.url.replace("nats://", "nats://canlian:secret@")
        async with connect(Settings(nats_url=url, data=tmp_path), "test") as nc:
            await fill(nc, 3)
            address = await prepare(nc, Place())
            assert [len(stretch.entries) for stretch in replay(address, ["toy.box.things-put"])] == [2]
            wrong = address.url._replace(netloc=address.url.netloc.replace("secret", "wrong"))
            with pytest.raises(CannotReplay, match="Authorization"):
                next(replay(Address(wrong, address.consumer, 0), []))
    finally:
        await asyncio.to_thread(locked.stop)
