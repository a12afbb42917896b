"""What a decision rests on beside its own aggregate holds when it is stored, also where it writes nothing there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from libs.chassis.tests.processes import Process
from libs.chassis.tests.toy import (
    BOX,
    SHELF,
    Box,
    BoxEvent,
    BuildShelf,
    MakeBox,
    PlaceUsed,
    Shelf,
    ShelfEvent,
    StoreBox,
    box,
    decide_box,
    decide_shelf,
    evolve_box,
    evolve_shelf,
    shelf,
)
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import connect
from canlian_chassis.decider import Given, Ref, Rejected
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_events import subjects
from canlian_events.core import Command, Event
from canlian_events.terms import Role


class CloseShelf(Command, to=SHELF, by={Role.STAFF}):
    shelf_id: str


class ShelfClosed(Event, type="toy.shelf.closed"):
    shelf_id: str


class PointTo(Command, to=BOX, by={Role.STAFF}):
    """Say of a box that it belongs on some open shelf: nothing is said of the shelf."""

    box_id: str
    shelf_id: str
    times: int = 1


class PointedTo(Event, type="toy.box.pointed-to"):
    box_id: str
    shelf_id: str


class GiveAway(Command, to=BOX, by={Role.STAFF}):
    """Something is said of the shelf, and nothing of the box."""

    box_id: str
    shelf_id: str


def decide_pointing(command: Command, state: Box | None, given: Given) -> Sequence[Event]:
    match command:
        case PointTo(box_id=box_id, shelf_id=shelf_id, times=times):
            beside = given.beside[Ref(SHELF, shelf_id)]
            if beside is None or beside.places == 0:
                raise Rejected("shelf.closed")
            return [PointedTo(box_id=box_id, shelf_id=shelf_id)] * times
        case GiveAway(box_id=box_id, shelf_id=shelf_id):
            return [PlaceUsed(shelf_id=shelf_id, box_id=box_id)]
        case _:
            return decide_box(command, state, given)  # type: ignore[arg-type]


def evolve_pointing(state: Box | None, event: BoxEvent | PointedTo) -> Box | None:
    return state if isinstance(event, PointedTo) else evolve_box(state, event)


def decide_closing(command: Command, state: Shelf | None, given: Given) -> Sequence[Event]:
    if isinstance(command, CloseShelf):
        return [ShelfClosed(shelf_id=command.shelf_id)]
    return decide_shelf(command, state, given)  # type: ignore[arg-type]


def evolve_closing(state: Shelf | None, event: ShelfEvent | ShelfClosed) -> Shelf | None:
    return Shelf(0) if isinstance(event, ShelfClosed) else evolve_shelf(state, event)


def looks_at(command: Command, _state: Box | None) -> Sequence[Ref]:
    return [Ref(SHELF, command.shelf_id)] if isinstance(command, PointTo | GiveAway | StoreBox) else []


pointing = replace(
    box,
    commands=[*box.commands, PointTo, GiveAway],
    decide=decide_pointing,
    evolve=evolve_pointing,
    beside=looks_at,
)
closing = replace(shelf, commands=[*shelf.commands, CloseShelf], decide=decide_closing, evolve=evolve_closing)


@pytest.fixture
async def nc(settings: Settings) -> AsyncIterator[Nats]:
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        yield nc


@pytest.fixture
async def one(nc: Nats, settings: Settings) -> Process:
    process = Process(nc, settings, [pointing, closing])
    await process.do(BuildShelf(shelf_id="shelf_1", places=3))
    await process.do(MakeBox(box_id="box_1", label="tea"))
    return process


@pytest.fixture
def other(nc: Nats, settings: Settings, one: Process) -> Process:
    return Process(nc, settings, [pointing, closing])


async def told_of(log: Log, command_id: str) -> list[str]:
    return [e.headers["ce-type"] for e in await log.read(subjects.EVENTS) if e.headers["ce-command"] == command_id]


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_what_was_read_and_is_closed_meanwhile_by_another_process_refuses(one, other, times: int):
    one.before_storing(lambda: other.do(CloseShelf(shelf_id="shelf_1")))
    answer = await one.do(PointTo(box_id="box_1", shelf_id="shelf_1", times=times), "point")
    assert (answer.status, answer.code) == ("refused", "shelf.closed")
    assert await told_of(one.log, "point") == []


async def test_what_was_not_there_when_it_was_read_and_is_now_is_looked_at_again(one, other):
    never = PointTo(box_id="box_1", shelf_id="shelf_2")
    assert (await one.do(never)).code == "shelf.closed"
    await other.do(BuildShelf(shelf_id="shelf_2", places=1))
    assert (await one.do(never)).status == "accepted"


async def test_a_message_more_is_stored_only_where_no_event_can_carry_what_is_expected(one):
    await one.do(PointTo(box_id="box_1", shelf_id="shelf_1", times=2))
    assert await one.log.read(subjects.GUARD) == []
    answer = await one.do(PointTo(box_id="box_1", shelf_id="shelf_1"))
    [guard] = await one.log.read(subjects.GUARD)
    assert guard.position == answer.position - 1
    assert (await one.do(StoreBox(box_id="box_1", shelf_id="shelf_1"))).status == "accepted"
    assert len(await one.log.read(subjects.GUARD)) == 1


async def test_many_who_look_at_one_shelf_and_one_who_closes_it_come_in_an_order(one, other):
    for number in range(40):
        await one.do(MakeBox(box_id=f"box_a{number}", label=f"tea {number}"))
    answers = await asyncio.gather(
        *(
            (one, other)[number % 2].do(PointTo(box_id=f"box_a{number}", shelf_id="shelf_1"), f"p-{number}")
            for number in range(40)
        ),
        other.do(CloseShelf(shelf_id="shelf_1"), "close"),
    )
    *pointed, closed = answers
    assert closed.status == "accepted"
    accepted = [answer.position for answer in pointed if answer.status == "accepted"]
    assert all(position < closed.position for position in accepted)
    assert {answer.code for answer in pointed if answer.status != "accepted"} <= {"shelf.closed"}


async def test_a_decision_for_others_alone_is_not_stored_since_nothing_would_tell_that_it_was_made(one):
    assert (await one.do(GiveAway(box_id="box_1", shelf_id="shelf_1"), "give")).status == "failed"
    assert await told_of(one.log, "give") == []
