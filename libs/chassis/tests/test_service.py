"""A whole service on a real server: commands, refusals, repeats, collisions, views and policies."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest
from libs.chassis.tests.toy import (
    BuildShelf,
    MakeBox,
    PutIn,
    StoreBox,
    all_boxes,
    box,
    count_things,
    fill,
    shelf,
    views,
)

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import Accepted, Client, Invalid, NotAllowed, Refused, connect
from canlian_chassis.command.handler import Handler
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_chassis.tokens import Signer, Verifier
from canlian_chassis.views.runner import ViewRunner
from canlian_events import subjects
from canlian_events.core import Command, encode
from canlian_events.meta import Actor
from canlian_events.terms import Role

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
ELSEWHERE = Actor("worker_00000002", frozenset({Role.STAFF}), ("429999002",))
VOLUNTEER = Actor("worker_00000003", frozenset({Role.VOLUNTEER}), ("429999001",))


class Bench:
    """A running toy service, and a client of it."""

    def __init__(self, client: Client, log: Log, signer: Signer, settings: Settings, nc: object) -> None:
        self.client, self.log, self.signer, self.settings, self.nc = client, log, signer, settings, nc

    async def send(self, command: object, by: Actor = STAFF, **more: object) -> Accepted:
        return await self.client.send(command, token=self.signer.sign(by), **more)  # type: ignore[arg-type]

    async def events(self) -> list[str]:
        return [entry.headers["ce-type"] for entry in await self.log.read(subjects.EVENTS)]


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    service = Service("toy", context="toy", deciders=[box, shelf], settings=settings)
    async with service.running(), connect(settings, "test") as nc:
        yield Bench(Client(nc), Log(nc), Signer(key_folder(settings)), settings, nc)


async def test_a_command_is_answered_with_its_events_and_their_place_in_the_log(bench: Bench):
    made = await bench.send(MakeBox(box_id="box_1", label="tea"))
    assert [note.name for note in made.events] == ["BoxMade"]
    assert made.position == made.events[0].position == await bench.log.last_position()


async def test_several_events_of_one_command_are_stored_together(bench: Bench):
    await bench.send(MakeBox(box_id="box_1", label="tea"))
    put = await bench.send(PutIn(box_id="box_1", things=3))
    positions = [note.position for note in put.events]
    assert positions == list(range(positions[0], positions[0] + 3))


async def test_a_refusal_is_an_answer_and_leaves_nothing(bench: Bench):
    with pytest.raises(Refused) as refused:
        await bench.send(PutIn(box_id="box_1", things=3))
    assert refused.value.code == "box.wrong_state"
    assert await bench.events() == []


async def test_nothing_to_change_is_accepted_without_events(bench: Bench):
    await bench.send(MakeBox(box_id="box_1", label="tea"))
    assert (await bench.send(PutIn(box_id="box_1", things=0))).events == ()


async def test_who_may_not_is_told_which_role_or_community_is_missing(bench: Bench):
    with pytest.raises(NotAllowed) as refused:
        await bench.send(MakeBox(box_id="box_1", label="tea"), by=VOLUNTEER)
    assert refused.value.facts["needed"] == ["policy", "staff"]
    with pytest.raises(NotAllowed) as refused:
        await bench.send(MakeBox(box_id="box_1", label="tea"), by=ELSEWHERE)
    assert (refused.value.code, refused.value.facts["community"]) == ("wrong_community", "429999001001")


async def test_a_community_named_in_the_command_does_not_open_a_box_of_another(bench: Bench):
    await bench.send(MakeBox(box_id="box_1", label="tea"))
    with pytest.raises(NotAllowed):
        await bench.send(MakeBox(box_id="box_1", label="tea", community="429999002001"), by=ELSEWHERE)


async def test_an_altered_or_missing_token_is_refused(bench: Bench):
    for token in ("", "x", bench.signer.sign(STAFF)[:-4] + "AAAA", bench.signer.sign(STAFF, seconds=-1)):
        with pytest.raises(NotAllowed) as refused:
            await bench.client.send(MakeBox(box_id="box_1", label="tea"), token=token)
        assert refused.value.code == "bad_token"


async def test_a_command_that_does_not_fit_names_the_field(bench: Bench):
    with pytest.raises(Invalid) as refused:
        await bench.client.send_raw(MakeBox, b'{"box_id": "box_1", "lable": "tea"}', token=bench.signer.sign(STAFF))
    assert set(refused.value.facts["fields"]) == {"label", "lable"}


async def test_the_same_command_twice_at_once_is_done_once(bench: Bench):
    make = MakeBox(box_id="box_1", label="tea")
    answers = await asyncio.gather(*(bench.send(make, command_id="c-1") for _ in range(5)))
    assert len({answer.position for answer in answers}) == 1
    assert await bench.events() == ["toy.box.made"]


async def test_the_same_command_again_later_gets_the_first_answer(bench: Bench):
    await bench.send(MakeBox(box_id="box_1", label="tea"), command_id="c-1")
    first = await bench.send(PutIn(box_id="box_1", things=2), command_id="c-2")
    await bench.send(PutIn(box_id="box_1", things=5), command_id="c-3")
    again = await bench.send(PutIn(box_id="box_1", things=2), command_id="c-2")
    assert (again.position, again.events) == (first.position, first.events)


async def test_another_command_under_the_same_id_is_refused(bench: Bench):
    await bench.send(MakeBox(box_id="box_1", label="tea"), command_id="c-1")
    for other in (MakeBox(box_id="box_1", label="rice"), MakeBox(box_id="box_2", label="tea2")):
        with pytest.raises(Invalid) as refused:
            await bench.send(other, command_id="c-1")
        assert refused.value.code == "key_reused"


async def test_a_claimed_value_is_held_by_one(bench: Bench):
    made = await asyncio.gather(
        *(bench.send(MakeBox(box_id=f"box_{n}", label="tea")) for n in range(4)), return_exceptions=True
    )
    refused = [answer for answer in made if isinstance(answer, Refused)]
    assert [answer.code for answer in refused] == ["box.label_taken"] * 3
    assert refused[0].facts["holder"].startswith("box_")
    assert await bench.events() == ["toy.box.made"]


async def test_what_holds_across_two_aggregates_holds_when_many_try_at_once(bench: Bench):
    await bench.send(BuildShelf(shelf_id="shelf_1", places=2))
    for n in range(6):
        await bench.send(MakeBox(box_id=f"box_{n}", label=f"tea {n}"))
    stored = await asyncio.gather(
        *(bench.send(StoreBox(box_id=f"box_{n}", shelf_id="shelf_1")) for n in range(6)), return_exceptions=True
    )
    assert sum(isinstance(answer, Accepted) for answer in stored) == 2
    assert {answer.code for answer in stored if isinstance(answer, Refused)} == {"shelf.full"}
    assert sorted(await bench.events()).count("toy.shelf.place-used") == 2


async def test_a_dry_run_says_what_would_happen_and_stores_nothing(bench: Bench):
    would = await bench.send(MakeBox(box_id="box_1", label="tea"), dry_run=True)
    assert [note.name for note in would.events] == ["BoxMade"]
    assert await bench.events() == []


async def test_many_commands_at_once_come_back_in_order(bench: Bench):
    await bench.send(MakeBox(box_id="box_7", label="tea 7"))
    many = [(f"c-{n}", MakeBox(box_id=f"box_{n}", label=f"tea {n}")) for n in range(600)]
    many[3] = ("c-3", MakeBox(box_id="box_3", label="tea 2"))
    answers = await bench.client.send_many("toy", many, token=bench.signer.sign(STAFF))
    refused = {n: answer.code for n, answer in enumerate(answers) if isinstance(answer, Refused)}
    assert refused == {3: "box.label_taken", 7: "box.wrong_state"}
    assert len(await bench.events()) == 599
    again = await bench.client.send_many("toy", many, token=bench.signer.sign(STAFF))
    assert [getattr(a, "position", None) for a in again] == [getattr(a, "position", None) for a in answers]
    assert len(await bench.events()) == 599


async def test_many_at_once_are_told_apart_by_one_who_remembers_none_of_them(bench: Bench, settings: Settings):
    """Those that are there already, in the log's order or not, those that are new, and one that is named twice."""
    token = bench.signer.sign(STAFF)
    make = {n: MakeBox(box_id=f"box_{n}", label=f"tea {n}") for n in range(300)}
    await bench.client.send_many("toy", [(f"a-{n}", make[n]) for n in range(0, 300, 2)], token=token)
    first = await bench.send(PutIn(box_id="box_4", things=2), command_id="put")
    other = Handler(bench.log, Keys.of(settings), Verifier(key_folder(settings)), [box, shelf], settings.subdistrict)
    many: list[tuple[str, Command]] = [(f"b-{n}", make[n]) for n in reversed(range(300))]
    many += [("put", PutIn(box_id="box_4", things=2)), ("more", PutIn(box_id="box_5", things=1))]
    items = [{"id": id_, "name": type(said).__name__, "body": encode(said).decode()} for id_, said in many]
    answers = await other.handle_many(items, {wire.TOKEN: token})
    assert [answer.code for answer in answers] == ["", "box.wrong_state"] * 150 + ["", ""]
    assert answers[300].position == first.position
    assert [note.name for note in answers[301].events] == ["ThingsPut"]
    assert (await bench.events()).count("toy.box.made") == 300


async def test_personal_values_are_nowhere_in_the_log_in_the_open(bench: Bench):
    await bench.send(MakeBox(box_id="box_1", label="very secret tea"))
    raw = b"".join(entry.body + str(entry.headers).encode() for entry in await bench.log.read(">"))
    assert b"secret" not in raw
    assert b"sealed" in raw


async def test_a_view_shows_what_the_log_holds_and_is_filled_again_when_its_file_is_deleted(bench: Bench):
    runner = ViewRunner(views, bench.settings)
    await runner.start(bench.nc)  # type: ignore[arg-type]
    for n in range(5):
        await bench.send(MakeBox(box_id=f"box_{n}", label=f"tea {n}"))
        put = await bench.send(PutIn(box_id=f"box_{n}", things=n + 1))
    assert await runner.reached(put.position)
    before = [(row.box_id, row.label, row.things) for row in await runner.read(all_boxes)]
    assert before == [(f"box_{n}", f"tea {n}", n + 1) for n in range(5)]

    for file in (bench.settings.data / "views").glob("toy*"):
        file.unlink()
    for _ in range(100):
        await asyncio.sleep(0.1)
        after = [(row.box_id, row.label, row.things) for row in await runner.read(all_boxes)] if runner.level else []
        if after == before:
            break
    assert after == before
    await runner.stop()


async def test_a_view_without_keys_shows_that_something_is_sealed(bench: Bench):
    sealed = ViewRunner(type(views)("toy", 2, views.rows, views.projections, opens=False), bench.settings)
    await sealed.start(bench.nc)  # type: ignore[arg-type]
    made = await bench.send(MakeBox(box_id="box_1", label="tea"))
    assert await sealed.reached(made.position)
    assert [row.label for row in await sealed.read(all_boxes)] == ["sealed"]
    await sealed.stop()


async def test_the_service_carries_on_when_the_server_was_killed(server: NatsServer, bench: Bench):
    runner = ViewRunner(views, bench.settings)
    await runner.start(bench.nc)  # type: ignore[arg-type]
    await bench.send(MakeBox(box_id="box_1", label="tea"))
    acknowledged = 0
    for round_ in range(3):
        await server.restart()
        for n in range(5):
            await bench.send(PutIn(box_id="box_1", things=1), command_id=f"c-{round_}-{n}")
            acknowledged += 1
    assert (await bench.events()).count("toy.box.things-put") == acknowledged
    assert await runner.reached(await bench.log.last_position(), timeout=10)
    assert await runner.read(count_things) == acknowledged
    await runner.stop()


async def test_a_policy_acts_once_however_often_it_is_started(settings: Settings):
    async with connect(settings, "test") as nc:
        signer = Signer(key_folder(settings))
        client = Client(nc)
        for start in range(3):
            service = Service("toy", context="toy", deciders=[box, shelf], policies=[fill], settings=settings)
            async with service.running():
                for n in range(3):
                    make = MakeBox(box_id=f"box_{start}_{n}", label=f"tea {start} {n}")
                    await client.send(make, token=signer.sign(STAFF))
        service = Service("toy", context="toy", deciders=[box, shelf], policies=[fill], settings=settings)
        async with service.running():
            types: list[str] = []
            for _ in range(100):
                await asyncio.sleep(0.05)
                types = [entry.headers["ce-type"] for entry in await Log(nc).read(subjects.EVENTS)]
                if types.count("toy.box.things-put") >= 9:
                    break
            await asyncio.sleep(0.3)
            entries = await Log(nc).read(subjects.EVENTS)
        puts = [entry for entry in entries if entry.headers["ce-type"] == "toy.box.things-put"]
        assert len(puts) == 9
        assert {entry.headers["ce-actor"] for entry in puts} == {"policy:policy:toy"}
        made = {entry.headers["ce-id"] for entry in entries if entry.headers["ce-type"] == "toy.box.made"}
        assert {entry.headers["ce-cause"] for entry in puts} == made


def test_asyncapi_tells_commands_and_events(tmp_path):
    described = Service("toy", context="toy", deciders=[box], settings=Settings(data=tmp_path)).asyncapi()
    text = str(described)
    assert "MakeBox" in text
    assert "BoxMade" in text


def test_a_service_that_waits_for_its_server_can_be_stopped(tmp_path):
    code = "from canlian_chassis.service import Service; Service('t', context='t', deciders=[]).run()"
    environment = {**os.environ, "CANLIAN_NATS_URL": "nats://127.0.0.1:1", "CANLIAN_DATA": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as process:
        while not (tmp_path / "keys" / "master.key").exists():
            time.sleep(0.05)
        process.terminate()
        assert process.wait(timeout=10) == 0
