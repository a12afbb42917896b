"""Many commands in one message are decided as each is alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from libs.chassis.tests.processes import Process
from libs.chassis.tests.toy import (
    BOX,
    Box,
    BoxBurnt,
    BoxRow,
    BurnBox,
    MakeBox,
    PutIn,
    box,
    decide_box,
    shelf,
    views,
)
from nats.aio.client import Client as Nats
from sqlmodel import Session, func, select

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import connect
from canlian_chassis.decider import Given, Ref, Rejected
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.views.runner import ViewRunner
from canlian_chassis.views.store import ViewStore
from canlian_events import subjects
from canlian_events.core import Command, Event


@pytest.fixture
async def nc(settings: Settings) -> AsyncIterator[Nats]:
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        yield nc


def decide_unless_broken(command: Command, state: Box | None, given: Given) -> Sequence[Event]:
    if isinstance(command, MakeBox) and command.label == "broken":
        raise ValueError("a fault in the rules that one row brings about")
    if isinstance(command, BurnBox) and state is None:
        return [BoxBurnt(box_id=command.box_id)]
    return decide_box(command, state, given)  # type: ignore[arg-type]


faulty = replace(box, decide=decide_unless_broken, claims=lambda _: ())


def boxes_there(session: Session, _command: Command, _state: Box | None) -> int:
    return session.exec(select(func.count()).select_from(BoxRow)).one()


def decide_with_room(command: Command, state: Box | None, given: Given) -> Sequence[Event]:
    if isinstance(command, MakeBox) and given.facts >= 2:
        raise Rejected("store.full")
    return decide_box(command, state, given)  # type: ignore[arg-type]


with_room = replace(box, decide=decide_with_room, facts=boxes_there)


async def test_facts_are_as_fresh_as_for_one_command(nc: Nats, settings: Settings, monkeypatch):
    apply = ViewStore.apply

    def slowly(store: ViewStore, stretch: Any) -> Any:
        if stretch.entries:
            time.sleep(0.3)
        return apply(store, stretch)

    runner = ViewRunner(views, settings)
    await runner.start(nc)
    one, other = Process(nc, settings, [box]), Process(nc, settings, [with_room], runner)
    monkeypatch.setattr(ViewStore, "apply", slowly)
    for number in range(2):
        await one.do(MakeBox(box_id=f"box_{number}", label=f"tea {number}"))
    answers = await other.do_all([(f"b-{n}", MakeBox(box_id=f"box_b{n}", label=f"rice {n}")) for n in range(3)])
    assert [answer.code for answer in answers] == ["store.full"] * 3
    await runner.stop()


async def test_one_bad_row_is_one_bad_answer(nc: Nats, settings: Settings):
    process = Process(nc, settings, [faulty])
    rows = [(f"i-{n}", MakeBox(box_id=f"box_{n}", label="broken" if n == 7 else f"tea {n}")) for n in range(20)]
    answers = await process.do_all(rows)
    assert [n for n, answer in enumerate(answers) if answer.status != "accepted"] == [7]
    assert answers[7].status == "failed"
    assert len(await process.log.read(subjects.EVENTS)) == 19


async def test_a_row_that_is_none_is_told_so_and_keeps_nobody_else_from_being_done(nc: Nats, settings: Settings):
    process = Process(nc, settings, [box])
    good = {"id": "a", "name": "MakeBox", "body": '{"box_id": "box_1", "label": "tea"}'}
    bad: list[Any] = [{}, {"id": "b", "name": "MakeBox"}, {**good, "body": 7}, {**good, "body": "{"}, "no row", None]
    token = {wire.TOKEN: process._token}
    answers = await process.handler.handle_many([*bad, good], token)
    assert [answer.status for answer in answers] == ["invalid"] * 6 + ["accepted"]


async def test_who_is_erased_is_refused_in_bulk_as_alone_and_an_erasure_destroys_the_key_at_once(
    nc: Nats, settings: Settings
):
    process = Process(nc, settings, [faulty])
    process.keys.ensure(["box_1", "box_2", "box_3"])
    await process.do_all([("burn-1", BurnBox(box_id="box_1"))])
    await process.do(BurnBox(box_id="box_2"))
    assert [process.keys.has(subject) for subject in ("box_1", "box_2", "box_3")] == [False, False, True]
    alone = [await process.do(MakeBox(box_id=f"box_{n}", label=f"tea {n}")) for n in (1, 2)]
    many = await process.do_all([(f"again-{n}", MakeBox(box_id=f"box_{n}", label=f"tea {n}")) for n in (1, 2, 3)])
    assert [answer.code for answer in (*alone, *many)] == ["erased"] * 4 + [""]


async def test_commands_to_one_aggregate_are_done_in_their_order(nc: Nats, settings: Settings):
    process = Process(nc, settings, [box, shelf])
    many: list[tuple[str, Command]] = []
    for number in range(40):
        many += [(f"m{number}", MakeBox(box_id=f"box_{number}", label=f"tea {number}"))]
        many += [(f"p{number}-{n}", PutIn(box_id=f"box_{number}", things=n)) for n in (1, 2, 3)]
    answers = await process.do_all(many)
    assert {answer.status for answer in answers} == {"accepted"}
    for number in range(40):
        mine = [answers[4 * number + n].position for n in range(4)]
        assert mine == sorted(mine)
        assert process.handler.aggregates.remembered(Ref(BOX, f"box_{number}")).state.things == 6


async def test_two_processes_that_are_given_the_same_rows_at_once_store_each_once(nc: Nats, settings: Settings):
    one, other = (Process(nc, settings, [box, shelf]) for _ in range(2))
    rows: list[tuple[str, Command]] = [(f"c{n}", MakeBox(box_id=f"box_{n}", label=f"tea {n}")) for n in range(150)]
    first, second = await asyncio.gather(one.do_all(rows), other.do_all(rows[::-1]))
    assert [answer.position for answer in first] == [answer.position for answer in reversed(second)]
    ids = [entry.headers["ce-id"] for entry in await one.log.read(subjects.EVENTS)]
    assert len(ids) == len(set(ids)) == 150
