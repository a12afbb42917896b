"""Loading an aggregate that the service does not remember, beside one raw direct-get batch."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator

from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import connect
from canlian_chassis.command.handler import Handler
from canlian_chassis.decider import Ref
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.jetstream import STREAM, Log
from canlian_chassis.tokens import Verifier
from canlian_events import subjects
from canlian_events.registry.duplicates import PERSON
from canlian_registry.person.decider import person
from tests.benchmarks import logs
from tests.benchmarks.measure import MILLION, Bench, Figure

EVENTS = 10
LOADS = 400


async def figures(bench: Bench) -> list[Figure]:
    async with bench.log(MILLION) as log, connect(log.settings, "benchmark") as nc:
        keys = Keys.of(log.settings)
        handler = Handler(Log(nc), keys, Verifier(key_folder(log.settings)), [person], log.settings.subdistrict)
        # persons nobody loaded before, each round others; the keys of all are in memory, as a service's soon are
        keys.load(logs.person(number) for number in range(log.people))
        numbers = iter(range(log.people))

        async def ours() -> float:
            async def load(person_id: str) -> int:
                return (await handler.aggregates.load(Ref(PERSON, person_id))).position

            return await _median(load, numbers)

        async def baseline() -> float:
            return await _median(lambda person_id: _direct_get(nc, person_id), numbers)

        took, raw = await bench.in_turn(ours, baseline, "loading (ms)")
    return [
        Figure(
            name="loading a person of 10 events that is not remembered, log of 1,000,000 events (p50)",
            unit="ms",
            ours=took,
            against="one raw direct-get batch of the same events",
            baseline=raw,
            target=1.5,
            at_least=False,
            bound=(
                "Waiting for the same batch, and beside it for the leader's last position, asked at once; then "
                "decoding, opening and folding ten events. Both read by the same connection, whose own reading of "
                "headers is in both."
            ),
        )
    ]


async def _median(load: Callable[[str], Awaitable[int]], numbers: Iterator[int]) -> float:
    """Milliseconds; half of the loads take longer."""
    took: list[float] = []
    for _ in range(LOADS // 4):
        person_id = logs.person(next(numbers))
        began = time.perf_counter()
        found = await load(person_id)
        took.append(time.perf_counter() - began)
        assert found == EVENTS, f"{person_id} has {found} events"
    return statistics.median(took) * 1000


async def _direct_get(nc: Nats, person_id: str) -> int:
    """Ask for the batch and take its messages: how many there were."""
    inbox = nc.new_inbox()
    subscription = await nc.subscribe(inbox)
    request = {"seq": 1, "next_by_subj": subjects.history(PERSON, person_id), "batch": 1000}
    await nc.publish(f"$JS.API.DIRECT.GET.{STREAM}", json.dumps(request).encode(), reply=inbox)
    found = 0
    while "Status" not in ((await subscription.next_msg(timeout=30)).headers or {}):
        found += 1
    await subscription.unsubscribe()
    return found
