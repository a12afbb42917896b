"""The follower that signs the log's heads, on a real log: it goes on where it was, and never says two things."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import connect
from canlian_chassis.keys.signing import private_key
from canlian_chassis.log.chain import BEGINNING, Head, link, sign_head
from canlian_chassis.log.heads import KEY, Heads
from canlian_chassis.log.jetstream import Conflict, Entry, Log, NewEntry
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_events import subjects
from canlian_exchange.integrity import chain_signing
from canlian_exchange.integrity.chain_signing import Chaining


@pytest.fixture
async def nc(settings: Settings) -> AsyncIterator[Nats]:
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        await Heads(nc).ensure()
        yield nc


async def write(nc: Nats, count: int) -> None:
    """Messages as a service stores them: events, a claim among them, in batches and alone."""
    for number in range(count):
        event = NewEntry(f"evt.toy.box.{number}.429999001001", {"ce-id": f"e{number}"}, b'{"things":%d}' % number)
        claim = NewEntry(f"claim.label.{number}", {}, b"held")
        await Log(nc).append([event, claim] if number % 4 == 0 else [event])


async def heads_of(nc: Nats) -> list[Head]:
    return [head async for _, head in Heads(nc).all()]


def at_their_positions(entries: Sequence[Entry]) -> dict[int, str]:
    hashes, hash_ = {}, BEGINNING
    for entry in entries:
        hashes[entry.position] = (hash_ := link(hash_, entry)).hex()
    return hashes


async def check(nc: Nats, keys: Path) -> list[Head]:
    """All heads there are, each signed, on the chain, once, and in order."""
    hashes, heads = at_their_positions(await Log(nc).read(subjects.EVERYTHING)), await heads_of(nc)
    public = private_key(keys, KEY).public_key()
    for head in heads:
        assert head.signed_by(public)
        assert head.hash == hashes[head.position]
    positions = [head.position for head in heads]
    assert positions == sorted(set(positions))
    return heads


async def test_what_is_new_is_under_a_head_and_nothing_new_makes_none(nc: Nats, tmp_path: Path):
    following = Chaining(nc, tmp_path)
    await following.catch_up()
    assert await heads_of(nc) == []
    await write(nc, 8)
    await following.catch_up()
    await following.catch_up()
    [head] = await check(nc, tmp_path)
    assert head.position == await Log(nc).last_position() == 10


async def test_after_a_restart_it_goes_on_from_the_last_head(nc: Nats, nats: NatsServer, tmp_path: Path):
    await write(nc, 3)
    await Chaining(nc, tmp_path).catch_up()
    await write(nc, 3)
    await nats.restart()
    while not nc.is_connected:  # noqa: ASYNC110 - the client tells nobody
        await asyncio.sleep(0.05)
    await Chaining(nc, tmp_path).catch_up()
    assert len(await check(nc, tmp_path)) == 2


async def test_no_more_than_so_many_messages_are_under_one_head(
    nc: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(chain_signing, "MESSAGES", 4)
    await write(nc, 8)
    await Chaining(nc, tmp_path).catch_up()
    assert [head.position for head in await check(nc, tmp_path)] == [4, 8, 10]


async def test_where_a_day_ends_there_is_a_head(nc: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    await write(nc, 8)
    days = [date(2026, 3, 1)] * 3 + [date(2026, 3, 2)] * 4 + [date(2026, 3, 4)] * 3
    monkeypatch.setattr(chain_signing, "recorded_day", lambda entry: days[entry.position - 1])
    await Chaining(nc, tmp_path).catch_up()
    assert [head.position for head in await check(nc, tmp_path)] == [3, 7, 10]


async def test_the_head_of_a_day_is_its_last(nc: Nats, tmp_path: Path):
    for _ in range(2):
        await write(nc, 2)
        await Chaining(nc, tmp_path).catch_up()
    last = (await check(nc, tmp_path))[-1]
    for asked in (last.day, None):
        found = await Heads(nc).last(asked)
        assert found is not None
        assert found.head == last
    assert await Heads(nc).last(date(2020, 1, 1)) is None


async def test_several_at_once_never_give_a_position_two_heads(
    nc: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(chain_signing, "MESSAGES", 3)

    async def follow() -> None:
        for _ in range(12):
            with contextlib.suppress(Conflict):
                await Chaining(nc, tmp_path).catch_up()

    await asyncio.gather(write(nc, 40), *(follow() for _ in range(4)))
    await Chaining(nc, tmp_path).catch_up()
    assert (await check(nc, tmp_path))[-1].position == await Log(nc).last_position()


async def test_a_head_that_another_key_signed_is_not_gone_on_from(nc: Nats, tmp_path: Path):
    await write(nc, 2)
    end = (await Log(nc).read(subjects.EVERYTHING))[-1]
    forged = sign_head(private_key(tmp_path, "stranger"), end, bytes(32))
    await Heads(nc).add(forged, after=0)
    await write(nc, 2)
    await Chaining(nc, tmp_path).catch_up()
    made = (await heads_of(nc))[-1]
    assert made.signed_by(private_key(tmp_path, KEY).public_key())
    assert made.hash == at_their_positions(await Log(nc).read(subjects.EVERYTHING))[made.position]


async def test_a_head_is_neither_changed_nor_taken_out(nc: Nats, tmp_path: Path):
    await write(nc, 2)
    await Chaining(nc, tmp_path).catch_up()
    info = await nc.jetstream().stream_info("HEADS")
    assert (info.config.deny_delete, info.config.deny_purge) == (True, True)


async def test_a_message_reads_the_same_whichever_way_it_is_read(nc: Nats):
    from canlian_chassis.log.following import follow

    await write(nc, 3)
    followed = [entry async for entry in first_of(follow(nc, 0, (subjects.EVERYTHING,)), 4)]
    read = await Log(nc).read(subjects.EVERYTHING)
    assert [entry._replace(pending=0) for entry in followed] == read
    assert await Log(nc).last_of(read[-1].subject) == read[-1]
    assert datetime.fromtimestamp(read[0].recorded_ns / 1e9, UTC).year > 2020


async def first_of(batches: AsyncIterator[list[Entry]], count: int) -> AsyncIterator[Entry]:
    async for batch in batches:
        for entry in batch:
            yield entry
            count -= 1
        if count <= 0:
            return
