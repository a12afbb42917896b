"""What a process knows of aggregates: nothing missed, of no other log, of nobody erased, and no more than so much."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from libs.chassis.tests.processes import Process
from libs.chassis.tests.toy import BOX, Box, BoxEvent, BuildShelf, MakeBox, PutIn, box, decide_box, evolve_box, shelf
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import Client, connect
from canlian_chassis.command import aggregates
from canlian_chassis.command.handler import Handler
from canlian_chassis.decider import Given, Ref
from canlian_chassis.log.jetstream import Log
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_events import subjects
from canlian_events.core import Command, Event
from canlian_events.terms import Role

HERE, THERE = "429999001001", "429999001002"
BOX_1 = Ref(BOX, "box_1")


class MoveBox(Command, to=BOX, by={Role.STAFF}):
    box_id: str
    community: str
    things: int = 1


class BoxMoved(Event, type="toy.box.moved"):
    box_id: str
    things: int


def decide(command: Command, state: Box | None, given: Given) -> Sequence[Event]:
    if isinstance(command, MoveBox):
        return [BoxMoved(box_id=command.box_id, things=command.things)]
    return decide_box(command, state, given)  # type: ignore[arg-type]


def evolve(state: Box | None, event: BoxEvent | BoxMoved) -> Box | None:
    if isinstance(event, BoxMoved):
        assert state
        return replace(state, things=state.things + event.things)
    return evolve_box(state, event)


moving = replace(box, commands=[*box.commands, MoveBox], decide=decide, evolve=evolve)


@dataclass
class Two:
    """Two processes of one service."""

    one: Process
    other: Process
    nc: Nats
    settings: Settings

    def third(self) -> Process:
        return Process(self.nc, self.settings, [moving, shelf])

    async def back_and_forth(self) -> None:
        """Process `one` moves the box away and back again."""
        await self.one.do(MoveBox(box_id="box_1", community=THERE, things=10), "away")
        await self.one.do(MoveBox(box_id="box_1", community=HERE, things=100), "back")

    async def truth(self) -> tuple[int, int]:
        """How many things are in the box by the log, and where its last event is."""
        loaded = await self.third().handler.aggregates.load(BOX_1)
        return loaded.state.things, loaded.position


@pytest.fixture
async def two(settings: Settings) -> AsyncIterator[Two]:
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        one, other = (Process(nc, settings, [moving, shelf]) for _ in range(2))
        await one.do(MakeBox(box_id="box_1", label="tea"), "make")
        yield Two(one, other, nc, settings)


async def test_no_event_is_missed_of_an_aggregate_that_moves_while_it_is_read(two: Two):
    two.other.after_asking_where(two.back_and_forth)
    await two.other.do(MoveBox(box_id="box_1", community=HERE, things=1000))
    assert two.other.handler.aggregates.remembered(BOX_1).state.things == 1110 == (await two.truth())[0]


async def test_nor_where_many_are_asked_for_together(two: Two):
    two.other.after_asking_where(two.back_and_forth)
    [answer] = await two.other.do_all([("more", MoveBox(box_id="box_1", community=HERE, things=1000))])
    assert (answer.status, two.other.handler.aggregates.remembered(BOX_1).state.things) == ("accepted", 1110)
    again = await two.other.do(MoveBox(box_id="box_1", community=THERE, things=10), "away")
    assert again.status == "accepted"
    ids = [entry.headers["ce-id"] for entry in await two.one.log.read(subjects.EVENTS)]
    assert len(ids) == len(set(ids)) == 4


async def test_a_collision_goes_on_from_what_is_known(two: Two, monkeypatch):
    for _ in range(30):
        await two.one.do(PutIn(box_id="box_1", things=10))
    read: list[int] = []
    history = Log.history

    async def counted(*args: object, **how: object) -> object:
        found = await history(*args, **how)  # type: ignore[arg-type]
        read.append(len(found))
        return found

    monkeypatch.setattr(Log, "history", counted)
    await two.other.do(PutIn(box_id="box_1", things=1))
    assert read.pop() == 301
    for turn in range(10):
        await (two.one, two.other)[turn % 2].do(PutIn(box_id="box_1", things=1))
    assert len(read) >= 9
    assert max(read) <= 2  # the last one known, by which it is recognised, and the other process's new one
    assert (await two.truth())[0] == 311


async def test_a_command_is_answered_as_the_first_time_however_many_came_after_it(two: Two):
    first = await two.one.do(PutIn(box_id="box_1", things=2), "first")
    for number in range(200):
        await two.one.do(PutIn(box_id="box_1", things=1), f"put-{number}")
    for process in (two.one, two.other):
        assert await process.do(PutIn(box_id="box_1", things=2), "first") == first
        reused = await process.do(PutIn(box_id="box_1", things=3), "first")
        assert (reused.code, reused.position > 0) == ("key_reused", True)  # where that was done which has the id
        assert (await process.do(PutIn(box_id="box_1", things=1), "put-0")).status == "accepted"
    assert (await two.truth())[0] == 202


async def test_of_an_aggregate_with_thousands_of_commands_little_is_remembered_of_each(two: Two):
    for start in range(0, 2000, 200):
        await asyncio.gather(*(two.one.do(PutIn(box_id="box_1", things=1), f"{start + n}") for n in range(200)))
    loaded = two.one.handler.aggregates.remembered(BOX_1)
    assert loaded.state.things == 2000
    assert loaded.answered.bytes < 60_000


async def test_what_is_remembered_is_bounded_in_bytes(two: Two, monkeypatch):
    monkeypatch.setattr(aggregates, "REMEMBERED_BYTES", 100_000)
    kept = two.one.handler.aggregates
    for number in range(100):
        await two.one.do(BuildShelf(shelf_id=f"shelf_{number}", places=3))
        assert kept._bytes == sum(size for _, size in kept._remembered.values()) <= 100_000
    assert 10 < len(kept._remembered) < 50
    assert kept.remembers(Ref(shelf.aggregate, "shelf_99"))
    assert not kept.remembers(BOX_1)


async def test_what_was_read_before_an_erasure_is_not_remembered_after_it(two: Two):
    async def erase() -> None:
        await asyncio.to_thread(two.one.keys.destroy, "somebody", 1)

    two.one.before_storing(erase)
    assert (await two.one.do(PutIn(box_id="box_1", things=1))).status == "accepted"
    assert not two.one.handler.aggregates.remembers(BOX_1)
    assert (await two.one.do(PutIn(box_id="box_1", things=1))).status == "accepted"
    assert two.one.handler.aggregates.remembers(BOX_1)


async def test_a_service_that_nobody_asks_any_more_forgets_whom_another_process_erased(
    two: Two, settings: Settings, monkeypatch
):
    made: list[Handler] = []

    class Noted(Handler):
        def __init__(self, *what: Any) -> None:
            super().__init__(*what)
            made.append(self)

    monkeypatch.setattr("canlian_chassis.serving.Handler", Noted)
    async with Service("toy", context="toy", deciders=[box], settings=settings).running():
        await Client(two.nc).send(PutIn(box_id="box_1", things=1), token=two.one._token)
        assert made[0].aggregates._remembered
        await asyncio.to_thread(two.other.keys.destroy, "box_1", 1)
        async with asyncio.timeout(5):
            while made[0].aggregates._remembered:  # noqa: ASYNC110 - another thread notices
                await asyncio.sleep(0.05)


async def test_nothing_is_known_of_a_log_in_whose_place_another_was_put(two: Two):
    """The whole stream is taken away under the running process, and grows past what was known."""
    await two.one.do(PutIn(box_id="box_1", things=5))
    await two.nc.jetstream().delete_stream("LOG")
    await Log(two.nc).ensure()
    new = two.third()
    await new.do(MakeBox(box_id="box_1", label="rice"))
    for _ in range(20):
        await new.do(PutIn(box_id="box_1", things=2))
    await two.one.do(PutIn(box_id="box_1", things=1))
    remembered = two.one.handler.aggregates.remembered(BOX_1)
    assert (remembered.state, (remembered.state.things, remembered.position)) == (Box("rice", 41), await two.truth())


async def test_a_connection_made_anew_may_lead_to_another_log(two: Two, server):
    await two.one.do(PutIn(box_id="box_1", things=5))
    assert two.one.handler.aggregates.remembers(BOX_1)
    await server.restart()
    await two.one.do(BuildShelf(shelf_id="shelf_1", places=1))
    assert not two.one.handler.aggregates.remembers(BOX_1)
