"""What policies do with answers, with events of a newer release, and with a log that is not the one it was."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libs.chassis.tests.toy import BoxMade, BurnBox, MakeBox, PutIn, ThingsPut, box, fill, shelf
from nats.aio.client import Client as Nats

from canlian_chassis import serving as wiring
from canlian_chassis.bus.client import Client, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.policies import lease as leases
from canlian_chassis.policies import runner as policies
from canlian_chassis.policies.parked import Mark, Overtaken, Parked, Parking, thinned
from canlian_chassis.policy import Consequence, Later, Policy, policy
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_chassis.tokens import Signer
from canlian_events import subjects
from canlian_events.core import Command
from canlian_events.meta import Actor, Meta
from canlian_events.terms import Role

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))


class Bench:
    """A client beside a toy service, or several processes of one."""

    def __init__(self, settings: Settings, nc: Nats, parking: Parking) -> None:
        self.settings, self.nc, self.log, self.parking = settings, nc, Log(nc), parking
        self._client, self._signer = Client(nc, patience=20), Signer(key_folder(settings))

    def service(self, *its: Policy) -> Any:
        service = Service("toy", context="toy", deciders=[box, shelf], policies=its, settings=self.settings)
        return service.running()

    async def make(self, *box_ids: str) -> None:
        for box_id in box_ids:
            await self._client.send(MakeBox(box_id=box_id, label=box_id), token=self._signer.sign(STAFF))

    async def puts(self, box_id: str) -> int:
        types = [entry.headers["ce-type"] for entry in await self.log.read(subjects.history(box.aggregate, box_id))]
        return types.count(ThingsPut.type)

    async def filled(self, box_id: str, things: int = 1) -> None:
        await until(lambda: self._holds(box_id, things), f"{box_id} holds {things}")

    async def _holds(self, box_id: str, things: int) -> bool:
        return await self.puts(box_id) >= things

    async def health(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((await self.nc.request("health.toy", timeout=2)).data)["parts"]["policies"]
        return state

    async def health_says(self, **said: object) -> None:
        async def says() -> bool:
            state = await self.health()
            return all(state[name] == value for name, value in said.items())

        await until(says, str(said))

    async def parked(self) -> list[Parked]:
        return await self.parking.parked("toy")

    async def rests(self) -> int:
        """The end of the log, once the policies have answered it all."""

        async def at_end() -> bool:
            return await self.place() == await self.log.last_position()

        await until(at_end, "answered all")
        return await self.place()

    async def place(self) -> int:
        places, _ = await self.parking.marks("toy")
        return places[0].position


async def until(holds: Callable[[], Awaitable[Any]], what: str = "", seconds: float = 30) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await holds():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.03)
    except TimeoutError:
        pytest.fail(f"not within {seconds} s: {what}")


@pytest.fixture
async def bench(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(policies, "PAUSES", (0.01, 0.01))
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        yield Bench(settings, nc, await Parking.open(nc))


async def test_where_no_token_is_accepted_policies_wait_until_that_is_mended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    class Behind(Signer):
        seconds = -60

        def sign(self, actor: Actor, seconds: int = 300) -> str:
            return super().sign(actor, self.seconds)

    monkeypatch.setattr(wiring, "Signer", Behind)
    async with bench.service(fill):
        await bench.make("box_1")
        await bench.health_says(waits_for="Unavailable bad_token", active=True)
        assert (await bench.place(), await bench.parked()) == (0, [])
        Behind.seconds = 300
        await bench.filled("box_1")
        await bench.health_says(waits_for="", level=True)


async def test_what_nobody_takes_is_parked_and_says_why(bench: Bench):
    @policy("toy.burn", on=BoxMade)
    def burn(event: BoxMade, _meta: Meta) -> Iterable[Command]:
        if event.box_id == "box_1":
            yield BurnBox(box_id=event.box_id)
        else:
            misfit: Any = {"box_id": event.box_id, "things": None}
            yield PutIn.model_construct(**misfit)

    async with bench.service(burn):
        await bench.make("box_1", "box_2")
        await until(lambda: _equals(bench.parked, 2))
    first, second = await bench.parked()
    assert first.why == "toy.burn: NotAllowed wrong_role"
    assert second.why.startswith("toy.burn: Invalid ")
    assert "things" in second.why


async def _equals(found: Callable[[], Awaitable[list[Any]]], count: int) -> bool:
    return len(await found()) == count


async def test_what_another_release_did_by_another_command_of_this_id_counts_as_answered(bench: Bench):
    things = 1

    @policy("toy.fill", on=BoxMade)
    def fill_so(event: BoxMade, _meta: Meta) -> Iterable[Command]:
        yield PutIn(box_id=event.box_id, things=things)

    async with bench.service(fill_so):
        await bench.make("box_1")
        await bench.filled("box_1")
    await (await bench.nc.jetstream().key_value("policies")).delete("toy")
    things = 2
    async with bench.service(fill_so):
        await bench.make("box_2")
        await bench.filled("box_2", 2)
        assert (await bench.puts("box_1"), await bench.parked()) == (1, [])


@pytest.mark.parametrize("things", [(1, 1), (1, 2), (1, 2, 1)], ids=str)
async def test_every_command_of_a_policy_takes_effect_also_where_two_are_alike(bench: Bench, things: tuple[int, ...]):
    @policy("toy.fill", on=BoxMade)
    def fill_twice(event: BoxMade, _meta: Meta) -> Iterable[Consequence]:
        for n in things:
            yield PutIn(box_id=event.box_id, things=n)
        yield Later(PutIn(box_id=event.box_id, things=1), at=_meta.said_at - timedelta(1), key="2")
        yield Later(PutIn(box_id=event.box_id, things=2), at=_meta.said_at - timedelta(1), key="2")

    for box_id in ("box_1", "box_2"):
        async with bench.service(fill_twice):
            await bench.make(box_id)
            await bench.filled(box_id, sum(things) + 3)
        await (await bench.nc.jetstream().key_value("policies")).delete("toy")
    assert await bench.puts("box_1") == sum(things) + 3
    assert await bench.parked() == []


async def test_before_an_event_of_a_newer_release_policies_stop_until_that_release_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    async with bench.service(fill):
        await bench.make("box_1")
        newer = {"ce-id": "e-1", "ce-dataversion": "1", "ce-type": "toy.box.painted"}
        [unknown] = await bench.log.append([NewEntry("evt.toy.box.box_9.429999001001", newer, b"{}")])
        await bench.make("box_2")
        await bench.health_says(waits_for=f"a release that knows toy.box.painted at {unknown}", level=False)
        await bench.filled("box_1")
        await asyncio.sleep(0.5)
        assert await bench.puts("box_2") == 0
        assert await bench.place() == unknown - 1
        assert await bench.parked() == []

        monkeypatch.setattr(policies, "knows", lambda *_: True)
        monkeypatch.setattr(leases, "extent", lambda: 10**9)
        begun = asyncio.get_running_loop().time()
        async with bench.service(fill):
            await bench.filled("box_2")
            assert asyncio.get_running_loop().time() - begun < 2, "a newer release need not wait"


@pytest.mark.parametrize("what", ["LOG", "LOG and policies", "everything"])
async def test_a_log_put_back_under_running_policies_is_answered_on_from_where_it_ends(
    bench: Bench, server: NatsServer, tmp_path: Path, what: str
):
    async with bench.service(fill):
        await bench.make("box_1", "box_2")
        await bench.filled("box_2")
        copied = await bench.rests()
        await asyncio.to_thread(server.stop)
        store = server.folder / "store"
        copy = tmp_path / "copy"
        shutil.copytree(store, copy)
        await asyncio.to_thread(server.start)
        await bench.make(*(f"box_lost_{n}" for n in range(8)))
        await bench.filled("box_lost_7")
        assert await bench.rests() > copied + 20

        await asyncio.to_thread(server.stop)
        names = {"LOG": ["LOG"], "LOG and policies": ["LOG", "KV_policies"], "everything": ["."]}[what]
        for name in names:
            [old] = [copy] if name == "." else copy.rglob(f"streams/{name}")
            shutil.rmtree(store / old.relative_to(copy))
            shutil.copytree(old, store / old.relative_to(copy))
        await asyncio.to_thread(server.start)
        await bench.make("box_new")
        await bench.filled("box_new")
        assert await bench.rests() == copied + 3
        if what == "LOG":
            assert 0 < (await bench.health())["log_put_back_to"] <= copied
    assert [await bench.puts(box_id) for box_id in ("box_1", "box_2", "box_new")] == [1, 1, 1]


async def test_what_followed_is_sent_again_where_the_log_that_is_put_back_ends_before_it(
    bench: Bench, server: NatsServer, tmp_path: Path
):
    """The event is in the copy, and was answered; what came of it was stored after the copy was made."""
    async with bench.service():
        await bench.make("box_1")
    await asyncio.to_thread(server.stop)
    [store] = server.folder.rglob("streams/LOG")
    shutil.copytree(store, tmp_path / "copy")
    await asyncio.to_thread(server.start)
    async with bench.service(fill):
        await bench.filled("box_1")
        assert await bench.rests() == 3
        await asyncio.to_thread(server.stop)
        shutil.rmtree(store)
        shutil.copytree(tmp_path / "copy", store)
        await asyncio.to_thread(server.start)
        await bench.filled("box_1")
        assert (await bench.health())["log_put_back_to"] == 0


async def test_a_log_put_back_while_nobody_ran_is_found_at_the_start_and_what_was_parked_of_the_other_is_let_go(
    bench: Bench,
):
    lost = Parked.model_validate(
        {"service": "toy", "aggregate_id": "box_1", "position": 4, "event": "toy.box.made", "why": "", "since": 0}
    )
    await bench.parking.park(lost)
    async with bench.service():
        await bench.make("box_1", "box_2")
    first, second = await bench.log.read(subjects.EVENTS)
    places = [Mark(70, 7), Mark(second.position, second.recorded_ns + 1), Mark(*first.place), Mark()]
    await bench.parking.save_marks("toy", places, 0, "me")
    async with bench.service(fill):
        await bench.filled("box_2")
        await bench.rests()
        assert (await bench.health())["log_put_back_to"] == first.position
        assert await bench.puts("box_1") == 0
        assert await bench.parked() == []


async def test_a_place_as_it_was_written_at_first_is_read(bench: Bench):
    async with bench.service():
        await bench.make("box_1", "box_2")
    first, _ = await bench.log.read(subjects.EVENTS)
    bucket = await bench.nc.jetstream().key_value("policies")
    await bucket.put("toy", str(first.position).encode())
    async with bench.service(fill):
        await bench.filled("box_2")
        assert await bench.puts("box_1") == 0


async def test_a_lost_answer_to_ones_own_write_is_recognised_and_somebody_elses_is_not_overwritten(bench: Bench):
    revision = await bench.parking.save_marks("toy", [Mark(3, 3)], 0, "me")
    assert await bench.parking.save_marks("toy", [Mark(3, 3)], 0, "me") == revision
    for place, by in ((Mark(2, 2), "me"), (Mark(3, 3), "another")):
        with pytest.raises(Overtaken):
            await bench.parking.save_marks("toy", [place], 0, by)
    assert await bench.place() == 3


@given(st.lists(st.integers(1, 500), min_size=1, max_size=300), st.floats(0, 1))
def test_of_a_few_places_one_is_never_far_before_any_other(steps: list[int], back: float):
    places, position = [Mark()], 0
    for step in steps:
        position += step
        places = thinned([Mark(position, 1), *places])
        assert len(places) < 14
    lost = back * position
    found = next(place for place in [*places, Mark()] if place.position <= position - lost)
    assert position - found.position <= 16 * (lost + max(steps))
