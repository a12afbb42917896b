"""Commands accepted a second, and how long one takes, beside publishing the same bytes raw."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NamedTuple

import nats.errors
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Entry, Log
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_events import subjects
from tests.benchmarks.callers import Counted, Job, run, started
from tests.benchmarks.measure import Bench, Figure

CALLERS = 64
SECONDS = 4.0
WARM_UP = 4.0
"""A service that has just started is slower for its first thousands of commands."""


class Serving(NamedTuple):
    """A service in a process of its own, and a connection beside it."""

    nc: Nats
    name: str
    process: asyncio.subprocess.Process

    async def until_level(self) -> None:
        """Until its view and its policies have followed the log to its end."""
        while self.process.returncode is None:
            with contextlib.suppress(nats.errors.Error):
                said = json.loads((await self.nc.request(f"health.{self.name}", timeout=1)).data)
                if said["status"] == "ready" and said["parts"].get("policies", {"level": True})["level"]:
                    return
            await asyncio.sleep(0.1)
        raise RuntimeError(f"{self.name} ended with {self.process.returncode}")


async def figures(bench: Bench) -> list[Figure]:
    found: list[Figure] = []
    rates: dict[int, list[float]] = {}
    for size in (10_000, 100_000, 1_000_000):
        async with bench.log(size) as log, service(log.settings, "canlian_catalog", "services-catalog") as serving:
            one = Job("correct_provider", log.settings.nats_url, str(log.settings.data), CALLERS, SECONDS)
            if size == 10_000:
                found += [await _rate(bench, serving, one), await _idle(bench, serving, one)]
                rates[size] = found[0].ours
            else:
                await run(replace(one, seconds=WARM_UP))
                rates[size] = [(await run(one)).per_second for _ in range(bench.rounds)]
                found.append(_of_itself(size, rates[size], rates[10_000]))
    found.append(await _with_facts(bench))
    found.append(await _three(bench))
    return found


async def _rate(bench: Bench, serving: Serving, job: Job) -> Figure:
    ours, raw = await _beside_raw(bench, serving, job, "publish_one", 1)
    return Figure(
        name="commands of one event, one service process, 64 callers",
        unit="commands/s",
        ours=ours,
        against="nats-py publishing the same bytes with the same expectation, 64 at once",
        baseline=raw,
        target=0.6,
        bound=(
            "The processor time of the service's one thread, some 400 µs a command: reading it, deciding, building "
            "headers, answering, and following the log for its own view beside it. On two cores the callers and "
            "nats-server want the rest. The disk does not bound it: what several commands came to while it was busy "
            "goes as one batch (ADR 0012)."
        ),
    )


async def _with_facts(bench: Bench) -> Figure:
    async with bench.log(10_000) as log, service(log.settings, "canlian_assistance", "assistance") as serving:
        job = Job("raise_need", log.settings.nats_url, str(log.settings.data), CALLERS, SECONDS)
        ours, raw = await _beside_raw(bench, serving, job, "publish_one", 1)
    return Figure(
        name="the same, of one event with sealed words, decided on facts from the service's view",
        unit="commands/s",
        ours=ours,
        against="the same",
        baseline=raw,
        bound=(
            "Two look-ups by SQLAlchemy's session in the service's view for each command, which take twice as long "
            "as all the rest together, and the view's own lag: a command waits until the view has folded what was "
            "stored before it came."
        ),
    )


async def _three(bench: Bench) -> Figure:
    async with bench.log(10_000) as log, service(log.settings, "canlian_registry", "registry") as serving:
        job = Job("correct_by_roster", log.settings.nats_url, str(log.settings.data), CALLERS, SECONDS)
        ours, raw = await _beside_raw(bench, serving, job, "publish_batch", 3)
    return Figure(
        name="commands of three events, one service process, 64 callers",
        unit="commands/s",
        ours=ours,
        against="raw atomic batches of the same three, with the same expectation, 32 at once",
        baseline=raw,
        target=0.8,
        bound=(
            "Raw batches are bound by the disk, a few milliseconds each whatever they hold; the service stores what "
            "several commands came to in one batch, so it is bound by the look-ups of facts, its own view and the "
            "processor."
        ),
    )


async def _idle(bench: Bench, serving: Serving, job: Job) -> Figure:
    alone = replace(job, callers=1, seconds=SECONDS / 2)
    await run(alone)
    messages = await last_written(serving.nc, 1)
    raw = replace(alone, what="ask_and_publish", messages=messages)
    async with started(replace(alone, what="echo")) as other:
        assert other.stdin
        other.stdin.write(b"go\n")

        async def ours() -> float:
            return (await run(alone)).p50

        async def baseline() -> float:
            return (await run(raw)).p50

        took, beside = await bench.in_turn(ours, baseline, "one command, idle (ms)")
    return Figure(
        name="one command, caller to caller, nothing else to do (p50)",
        unit="ms",
        ours=took,
        against="one raw request and reply between two processes, and one raw publish",
        baseline=beside,
        target=2.0,
        at_least=False,
        bound=(
            "The same two trips one after another, the request to the service and the publish to the log, with the "
            "deciding between them: some 0.3 ms of Python, and the answer read by the caller."
        ),
    )


def _of_itself(size: int, rates: list[float], at_ten_thousand: list[float]) -> Figure:
    return Figure(
        name=f"commands of one event, with a log of {size:,} events",
        unit="commands/s",
        ours=rates,
        against="itself with a log of 10,000",
        baseline=at_ten_thousand,
        target=0.9,
        bound=(
            "The same as with a small log: an append asks the server for the last sequence of one subject, which it "
            "holds in memory."
        ),
    )


async def _beside_raw(
    bench: Bench, serving: Serving, job: Job, raw: str, events: int
) -> tuple[list[float], list[float]]:
    counted: list[Counted] = [await run(replace(job, seconds=WARM_UP))]
    messages = await last_written(serving.nc, events)
    # more than 48 open batches at once the server refuses, so the raw ones are as many as it takes
    callers = job.callers if events == 1 else 32

    async def ours() -> float:
        await serving.until_level()  # the view of the service has to follow what was published raw too
        counted.append(await run(job))
        return counted[-1].per_second

    async def baseline() -> float:
        return (await run(replace(job, what=raw, callers=callers, messages=messages))).per_second

    return await bench.in_turn(ours, baseline, job.what)


async def last_written(nc: Nats, events: int) -> tuple[tuple[dict[str, str], str], ...]:
    """The headers and bodies of the log's last events: what the service wrote just now."""
    log = Log(nc)
    last = await log.last_position()
    found: list[Entry] = await log.read(subjects.EVENTS, after=last - 2 * events - 10)
    return tuple(
        ({name: value for name, value in entry.headers.items() if not name.startswith("Nats-")}, entry.body.decode())
        for entry in found[-events:]
    )


@asynccontextmanager
async def service(settings: Settings, package: str, name: str) -> AsyncIterator[Serving]:
    """The real service in a process of its own, level with the log."""
    Signer(settings.data / "keys")
    environment = os.environ | {
        "CANLIAN_NATS_URL": settings.nats_url,
        "CANLIAN_DATA": str(settings.data),
        "CANLIAN_LOG_LEVEL": "warning",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", package, env=environment)
    try:
        async with connect(settings, "benchmark") as nc:
            serving = Serving(nc, name, process)
            await serving.until_level()
            yield serving
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
