"""Events that a policy cannot answer: set aside after a few tries, and settled by hand, in order and with a reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from libs.chassis.tests.toy import BoxMade, MakeBox, PutIn, ThingsPut, box, shelf, views
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import Accepted, Client, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.policies import runner as policies
from canlian_chassis.policies.parked import Asked, Parked, Parking, Settled
from canlian_chassis.policy import policy
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_chassis.views.runner import ViewRunner
from canlian_events import subjects
from canlian_events.core import Command
from canlian_events.meta import Actor, Meta
from canlian_events.terms import Role

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
BROKEN: set[str] = set()
"""Boxes that the policy stumbles over."""
SEEN: list[tuple[str, str]] = []
"""(box, what happened), as the policy was asked about it without stumbling."""


@policy("toy.stumble", on=[BoxMade, ThingsPut])
def stumble(event: BoxMade | ThingsPut, meta: Meta) -> Iterable[Command]:
    if event.box_id in BROKEN:
        raise RuntimeError(f"stumbled over {event}")
    SEEN.append((event.box_id, type(event).__name__))
    if isinstance(event, BoxMade) and event.box_id != "box_1":
        yield PutIn(box_id=event.box_id, things=1)


class Bench:
    def __init__(self, settings: Settings, nc: Nats, parking: Parking) -> None:
        self.nc, self.log, self.parking = nc, Log(nc), parking
        self._client, self._signer = Client(nc), Signer(key_folder(settings))

    async def send(self, command: Any) -> Accepted:
        return await self._client.send(command, token=self._signer.sign(STAFF))

    async def store(self, box_id: str, headers: dict[str, str], body: bytes = b"{}") -> int:
        """What another, newer part of the system wrote."""
        subject = f"{subjects.history(box.aggregate, box_id)[:-1]}x"
        [position] = await self.log.append([NewEntry(subject, headers, body)])
        return position

    async def ask(self, parked: Parked, what: Any) -> None:
        asked = Asked(what=what, reason="mended", by="operator", at=datetime.now(UTC))
        await self.parking.ask(parked, asked)

    async def parked(self, how_many: int) -> list[Parked]:
        return await self._until(self.parking.parked, how_many)

    async def settled(self, how_many: int) -> list[Settled]:
        return await self._until(self.parking.settled, how_many)

    async def _until(self, found: Any, how_many: int) -> list[Any]:
        rows: list[Any]
        async with asyncio.timeout(30):
            while len(rows := await found("toy")) != how_many:  # noqa: ASYNC110 - the service tells nobody
                await asyncio.sleep(0.03)
        return rows


@pytest.fixture
async def bench(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(policies, "PAUSES", (0.01, 0.01))
    BROKEN.clear()
    SEEN.clear()
    service = Service("toy", context="toy", deciders=[box, shelf], policies=[stumble], settings=settings)
    async with service.running(), connect(settings, "test") as nc:
        yield Bench(settings, nc, await Parking.open(nc))


async def test_what_fails_again_and_again_is_parked_and_holds_up_only_its_own_aggregate(bench: Bench):
    BROKEN.add("box_1")
    made = await bench.send(MakeBox(box_id="box_1", label="tea"))
    put = await bench.send(PutIn(box_id="box_1", things=1))
    await bench.send(MakeBox(box_id="box_2", label="rice"))
    first, second = await bench.parked(2)
    assert (first.position, first.event, first.behind) == (made.position, "toy.box.made", False)
    assert (second.position, second.behind) == (put.position, True)
    assert first.why.startswith("toy.stumble: RuntimeError at test_parked.py:")
    assert "tea" not in first.why, "what an error says may be personal"
    async with asyncio.timeout(30):
        while ("box_2", "ThingsPut") not in SEEN:  # noqa: ASYNC110
            await asyncio.sleep(0.03)


async def test_a_replay_goes_in_order_and_takes_along_what_was_only_behind(bench: Bench):
    BROKEN.add("box_1")
    await bench.send(MakeBox(box_id="box_1", label="tea"))
    await bench.send(PutIn(box_id="box_1", things=2))
    first, *_ = await bench.parked(3)
    BROKEN.clear()
    await bench.ask(first, "replay")
    await bench.parked(0)
    assert SEEN == [("box_1", "BoxMade"), ("box_1", "ThingsPut"), ("box_1", "ThingsPut")]
    settled = await bench.settled(3)
    assert [(one.outcome, one.parked.asked and one.parked.asked.reason) for one in settled] == [
        ("replayed", "mended")
    ] * 3
    await bench.send(PutIn(box_id="box_1", things=1))
    async with asyncio.timeout(30):
        while len(SEEN) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.03)


async def test_a_replay_that_fails_again_stays_parked_and_says_why_anew(bench: Bench):
    BROKEN.add("box_1")
    await bench.send(MakeBox(box_id="box_1", label="tea"))
    [parked] = await bench.parked(1)
    await bench.ask(parked, "replay")
    [settled] = await bench.settled(1)
    assert settled.outcome == "failed again"
    [still] = await bench.parked(1)
    assert still.asked is None


async def test_what_is_dropped_is_not_answered_and_lets_the_next_go_on(bench: Bench):
    BROKEN.add("box_1")
    await bench.send(MakeBox(box_id="box_1", label="tea"))
    await bench.send(PutIn(box_id="box_1", things=1))
    first, _ = await bench.parked(2)
    BROKEN.clear()
    await bench.ask(first, "drop")
    await bench.parked(0)
    assert SEEN == [("box_1", "ThingsPut")]
    assert [one.outcome for one in await bench.settled(2)] == ["dropped", "replayed"]


async def test_a_parked_event_that_this_release_does_not_know_stays_parked(bench: Bench):
    newer = await bench.store("box_1", {"ce-id": "e-1", "ce-dataversion": "9", "ce-type": "toy.box.made"})
    parked = Parked.model_validate(
        {"service": "toy", "aggregate_id": "box_1", "position": newer, "event": "toy.box.made", "why": "", "since": 0}
    )
    await bench.ask(parked, "replay")
    [settled] = await bench.settled(1)
    assert settled.outcome == "failed again"
    [still] = await bench.parked(1)
    assert "upgrade" in still.why


async def test_a_parked_event_that_no_policy_answers_any_more_is_settled_and_holds_up_nothing(bench: Bench):
    stored = {"ce-dataversion": "1", "ce-type": "toy.box.stored", "ce-time": "2026-11-24T08:00:00+00:00"}
    envelope = stored | {"ce-id": "e-1", "ce-actor": "a", "ce-command": "c", "ce-commanddigest": ""}
    gone = await bench.store("box_2", envelope, b'{"box_id": "box_2", "shelf_id": "shelf_1"}')
    parked = Parked.model_validate(
        {"service": "toy", "aggregate_id": "box_2", "position": gone, "event": "toy.box.stored", "why": "", "since": 0}
    )
    await bench.ask(parked, "replay")
    await bench.settled(1)
    await bench.send(MakeBox(box_id="box_1", label="tea"))
    async with asyncio.timeout(30):
        while ("box_1", "BoxMade") not in SEEN:  # noqa: ASYNC110
            await asyncio.sleep(0.03)


async def test_what_is_parked_is_not_forgotten_where_looking_fails_or_ends_in_the_middle(
    bench: Bench, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    BROKEN.update({"box_1", "box_2"})
    for box_id in BROKEN:
        await bench.send(MakeBox(box_id=box_id, label=box_id))
    first, _ = await bench.parked(2)
    await bench.ask(first, "replay")
    await bench.settled(1)
    [parked, settle, failing] = Parking.parked, Parking.settle, [1, 1]

    async def parked_or_not(self: Parking, service: str = "*") -> list[Parked]:
        if failing[0]:
            failing[0] -= 1
            raise TimeoutError
        return await parked(self, service)

    async def settle_or_not(self: Parking, *what: Any) -> None:
        if failing[1]:
            failing[1] -= 1
            raise RuntimeError("the process ends here")
        await settle(self, *what)

    monkeypatch.setattr(Parking, "parked", parked_or_not)
    monkeypatch.setattr(Parking, "settle", settle_or_not)
    failing[:] = [1, 1]
    await bench.ask(first, "replay")
    await bench.settled(2)
    BROKEN.clear()
    for box_id in ("box_1", "box_2"):
        await bench.send(PutIn(box_id=box_id, things=1))
    behind = [one for one in await bench.parked(4) if one.behind]
    assert [one.event for one in behind] == ["toy.box.things-put"] * 2
    assert SEEN == []


async def test_what_a_view_could_not_fold_can_be_asked_for_over_the_bus(bench: Bench, settings: Settings):
    runner = ViewRunner(views, settings)
    await runner.start(bench.nc)
    await bench.store("box_1", {"ce-id": "e-1", "ce-type": "toy.box.made", "ce-dataversion": "1"})
    made = await bench.send(MakeBox(box_id="box_2", label="tea"))
    assert await runner.reached(made.position)
    answer = json.loads((await bench.nc.request(subjects.VIEWS_SKIPPED, timeout=5)).data)
    await runner.stop()
    [skipped] = answer["skipped"]
    assert (answer["view"], skipped["type"], skipped["error"]) == ("toy", "toy.box.made", "ValidationError")
