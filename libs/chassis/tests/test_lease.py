"""Several processes of one service: one at a time runs its policies, whoever is killed, stopped or cut off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterable

import nats.errors
import pytest
from libs.chassis.tests.test_policies import Bench, until
from libs.chassis.tests.toy import BoxMade, PutIn, box, fill, shelf
from nats.aio.msg import Msg
from nats.js.errors import NoStreamResponseError

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Log
from canlian_chassis.policies import lease as leases
from canlian_chassis.policies.lease import Lease
from canlian_chassis.policies.parked import Mark, Overtaken, Parking
from canlian_chassis.policy import policy
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_events import subjects
from canlian_events.core import Command
from canlian_events.meta import Meta


@policy("toy.slowly", on=BoxMade)
def slowly(event: BoxMade, _meta: Meta) -> Iterable[Command]:
    """A command that tells by which process it was sent."""
    time.sleep(0.05)
    yield PutIn(box_id=event.box_id, things=int(os.environ["THINGS"]))


def serve() -> None:
    """What each process runs."""
    Service("toy", context="other", deciders=[], policies=[slowly]).run()


@contextlib.asynccontextmanager
async def process(settings: Settings, things: int) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ, "CANLIAN_NATS_URL": settings.nats_url, "CANLIAN_DATA": str(settings.data)}
    code = "from libs.chassis.tests.test_lease import serve; serve()"
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=environment | {"THINGS": str(things)}
    )
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.wait()


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        yield Bench(settings, nc, await Parking.open(nc))


@pytest.fixture
async def sent(bench: Bench) -> AsyncIterator[list[int]]:
    """Which process sent each command, as the bus saw them; the commands are for a service that takes them."""
    found: list[int] = []

    async def hear(message: Msg) -> None:
        found.append(PutIn.model_validate_json(message.data).things)

    await bench.nc.subscribe(subjects.command(PutIn), cb=hear)
    async with Service("boxes", context="toy", deciders=[box, shelf], settings=bench.settings).running():
        yield found


async def active(bench: Bench) -> list[bool]:
    """What each process of the service says of itself."""
    inbox = bench.nc.new_inbox()
    answers = await bench.nc.subscribe(inbox)
    await bench.nc.publish("health.toy", reply=inbox)
    found = list[bool]()
    with contextlib.suppress(nats.errors.TimeoutError):
        while answer := await answers.next_msg(0.2):
            found.append(json.loads(answer.data)["parts"]["policies"]["active"])
    await answers.unsubscribe()
    return sorted(found)


async def both_run(bench: Bench) -> None:
    async def do() -> bool:
        return await active(bench) == [False, True]

    await until(do)


def boxes(name: str, count: int) -> list[str]:
    return [f"box_{name}_{n}" for n in range(count)]


async def test_one_of_two_processes_answers_and_the_other_when_it_is_killed(bench: Bench, sent: list[int]):
    async with process(bench.settings, 1) as first:
        await bench.make("box_1")
        await bench.filled("box_1")
        async with process(bench.settings, 2):
            await both_run(bench)
            await bench.make("box_2")
            await bench.filled("box_2")
            await asyncio.sleep(0.5)
            assert set(sent) == {1}
            first.kill()
            begun = time.monotonic()
            await bench.make("box_3")
            await bench.filled("box_3", 2)
            assert time.monotonic() - begun < 5, "the server knows that it is gone"
            assert sent.count(2) >= 1


async def test_one_that_was_stopped_sends_nothing_more_once_another_acts(bench: Bench, sent: list[int]):
    async with process(bench.settings, 1) as first, process(bench.settings, 2) as second:
        await bench.make("box_0")
        await bench.filled("box_0")
        await both_run(bench)
        stopped, other = (first, 2) if sent == [1] else (second, 1)
        await bench.make(*boxes("some", 40))
        await until(lambda: _longer(sent, 5))
        stopped.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: _longer([one for one in sent if one == other], 1))
            await bench.filled("box_some_39")
        finally:
            stopped.send_signal(signal.SIGCONT)
        before = len(sent)
        await bench.make("box_9")
        await bench.filled("box_9", other)
        await asyncio.sleep(2)
        assert set(sent[before:]) == {other}
        assert await bench.rests() == await bench.log.last_position()


async def _longer(found: list[int], than: int) -> bool:
    return len(found) >= than


async def test_who_ends_gives_the_lease_back(bench: Bench):
    for n in range(3):
        begun = time.monotonic()
        async with bench.service(fill):
            await bench.make(f"box_{n}")
            await bench.filled(f"box_{n}")
        assert time.monotonic() - begun < 2


async def test_of_two_in_one_place_one_is_active_and_who_stands_by_does_not_say_that_all_is_answered(bench: Bench):
    async with bench.service(fill), bench.service(fill):
        await bench.make("box_1")
        await bench.filled("box_1")
        assert await active(bench) == [False, True]
        found = [await bench.health() for _ in range(40)]
        assert not any(state["level"] for state in found if not state["active"])
        with pytest.raises(Overtaken):
            Lease("toy", bench.nc).check()


class Held:
    """Leases of one service, and how many of them work at a time."""

    def __init__(self, bench: Bench) -> None:
        self._nc, self.working, self.most = bench.nc, list[Lease](), 0

    @contextlib.asynccontextmanager
    async def candidate(self) -> AsyncIterator[Lease]:
        lease = Lease("toy", self._nc)

        async def work() -> None:
            self.working.append(lease)
            self.most = max(self.most, len(self.working))
            try:
                await asyncio.sleep(1000)
            finally:
                self.working.remove(lease)

        running = asyncio.create_task(lease.run(work))
        try:
            yield lease
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    async def works(self, *leases: Lease) -> None:
        async def so() -> bool:
            return self.working == [*leases]

        await until(so, seconds=15)


async def test_a_newer_release_is_given_the_lease_and_an_older_one_takes_it_only_when_nobody_has_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    held = Held(bench)
    async with held.candidate() as older:
        await held.works(older)
        monkeypatch.setattr(leases, "extent", lambda: 10**9)
        begun = time.monotonic()
        async with held.candidate() as newer:
            await held.works(newer)
            assert time.monotonic() - begun < 1
            await asyncio.sleep(1.5)
            await held.works(newer)
        await held.works(older)
    assert held.most == 1


async def test_a_holder_that_cannot_renew_stops_before_another_begins(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    held = Held(bench)
    async with held.candidate() as first:
        await held.works(first)
        async with held.candidate() as second:
            cut = True
            swap = Parking.swap

            async def swap_unless_cut(self: Parking, key: str, value: str, revision: int) -> int:
                if cut and first.holder in value:
                    raise TimeoutError
                return await swap(self, key, value, revision)

            monkeypatch.setattr(Parking, "swap", swap_unless_cut)
            begun = time.monotonic()
            await held.works()
            assert time.monotonic() - begun < 4
            await held.works(second)
            cut = False
            await asyncio.sleep(1)
            await held.works(second)
    assert held.most == 1


async def test_a_renewal_whose_answer_was_lost_is_recognised(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    held = Held(bench)
    swap, lost = Parking.swap, 0

    async def swap_and_lose(self: Parking, key: str, value: str, revision: int) -> int:
        nonlocal lost
        revision = await swap(self, key, value, revision)
        lost += 1
        if lost % 2:
            raise TimeoutError
        return revision

    monkeypatch.setattr(Parking, "swap", swap_and_lose)
    async with held.candidate() as lease:
        await held.works(lease)
        for _ in range(50):
            await asyncio.sleep(0.1)
            assert held.working == [lease]


async def test_a_place_that_another_wrote_is_gone_on_from_and_never_taken_back(bench: Bench):
    async with bench.service(fill):
        await bench.make("box_1")
        end = await bench.rests()
        bucket = await bench.nc.jetstream().key_value("policies")
        # as one that was overtaken and does not know it yet would find it
        revision = (await bucket.get("toy")).revision or 0
        far = end + 2
        await bench.parking.save_marks("toy", [Mark(far)], revision, "another")
        await bench.make("box_2", "box_3")
        assert await bench.place() >= far
        await bench.filled("box_3")
        assert await bench.rests() > far


async def test_a_bucket_that_is_gone_is_made_again_under_running_policies(bench: Bench, server: NatsServer):
    async with bench.service(fill):
        await bench.make("box_1")
        await bench.filled("box_1")
        await bench.nc.jetstream().delete_stream("KV_policies")
        with contextlib.suppress(NoStreamResponseError):
            await bench.make("box_2")
        await bench.filled("box_2")
        await server.restart()
        await bench.make("box_3")
        await bench.filled("box_3")
        assert await bench.puts("box_1") == 1
