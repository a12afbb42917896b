"""From an event appended to its row, and the memory it takes: of a view runner, and of the log's server."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import connect
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import STREAM, Log, NewEntry
from canlian_chassis.settings import Settings
from canlian_chassis.views.runner import ViewRunner
from canlian_events import subjects
from canlian_events.core import encode
from canlian_events.registry.community import CommunityRenamed
from canlian_volunteer.views import views
from tests.benchmarks.logs import RunningLog
from tests.benchmarks.measure import MILLION, Bench, Figure

APPENDED = 300
HERE = "429999001001"


async def figures(bench: Bench) -> list[Figure]:
    small: list[float] = []
    large: list[float] = []
    latencies: list[list[float]] = []
    async with bench.log(MILLION // 10) as running:
        for _ in range(bench.rounds):
            small.append(await _memory(running.settings, running.events))
        fewer = await _server(running)
        latencies = [await _latencies(running) for _ in range(bench.rounds)]
    async with bench.log(MILLION) as running:
        large = [await _memory(running.settings, running.events) for _ in range(bench.rounds)]
        more = await _server(running)
    shown = "The log's sync to disk is not in it; the wake-up of three tasks and a transaction of SQLite are."
    return [
        Figure(
            "event appended to row readable, idle, p50",
            "ms",
            [_at(0.5, x) for x in latencies],
            target=20,
            at_least=False,
            bound=shown,
        ),
        Figure("the same, p99", "ms", [_at(0.99, x) for x in latencies], target=60, at_least=False, bound=shown),
        Figure(
            "memory of a view runner that has filled from a million events",
            "MB",
            large,
            "from 100 thousand",
            small,
            1.2,
            at_least=False,
            bound="A stretch of 5,000 messages, what it is folded into, and the keys of 6,000 persons, 15 MB.",
        ),
        Figure(
            "memory of nats-server a subject",
            "bytes",
            [(more[0] - fewer[0]) / (more[1] - fewer[1])],
            bound="Its index of subjects.",
        ),
    ]


async def _latencies(running: RunningLog) -> list[float]:
    """Milliseconds from the log's answer to when the view can be read, one event after the other."""
    found: list[float] = []
    keys = await asyncio.to_thread(Keys.of, running.settings)
    async with connect(running.settings, "benchmark") as nc:
        log, runner = Log(nc), ViewRunner(views, running.settings, keys)
        await runner.start(nc)
        while not runner.level:  # noqa: ASYNC110 - the runner tells nobody
            await asyncio.sleep(0.05)
        for number in range(APPENDED):
            [position] = await log.append([_renamed(number)])
            stored = time.perf_counter()
            assert await runner.reached(position, timeout=10)
            found.append((time.perf_counter() - stored) * 1000)
            await asyncio.sleep(0.01)
        await runner.stop()
    return found


def _renamed(number: int) -> NewEntry:
    event = CommunityRenamed(community=HERE, name=f"梧桐社区{number}")
    id_ = f"benchmark-{time.time_ns()}"
    headers = wire.event_headers(
        event, id=id_, said_at=datetime.now(UTC), actor="staff:s", command=id_, digest="d", cause=None
    )
    return NewEntry(subjects.event(event, HERE), headers, encode(event))


def _at(share: float, values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[round(share * 100) - 1]


async def _memory(settings: Settings, events: int) -> float:
    """The highest resident size, in MB, of a process that fills the volunteer's views and then follows."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        settings.nats_url,
        str(settings.data),
        str(events),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return float(said)


async def _fill(url: str, data: Path, events: int) -> None:
    settings = Settings(nats_url=url, data=data)
    async with connect(settings, "benchmark") as nc:
        runner = ViewRunner(views, settings)
        await runner.start(nc)
        while runner.position < events:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await runner.stop()
    for file in (data / "views").glob("volunteer*"):
        file.unlink()
    print(_resident("/proc/self/status", "VmHWM"))  # noqa: T201 - for the process that started this one


async def _server(running: RunningLog) -> tuple[float, int]:
    """The resident size, in bytes, of a server that was just started on the log, and how many subjects it holds."""
    await running.server.restart()
    async with connect(running.settings, "benchmark") as nc:
        await Log(nc).ensure()
        told = json.loads((await nc.request(f"$JS.API.STREAM.INFO.{STREAM}", timeout=60)).data)
    return _resident(f"/proc/{running.server.pid}/status", "VmRSS") * 1e6, int(told["state"]["num_subjects"])


def _resident(status: str, name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(status).read_text())
    return int(found[1]) / 1000 if found else 0.0


if __name__ == "__main__":
    asyncio.run(_fill(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
