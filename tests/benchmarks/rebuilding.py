"""A tool's views filled from the whole log: beside the `eventsourcing` library, and beside decoding alone."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from uuid import uuid4

import psycopg
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import connect
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import Entry, Place
from canlian_chassis.log.replay import prepare, replay
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import free_port
from canlian_chassis.views.check import fold
from canlian_chassis.views.databases import Databases
from canlian_chassis.views.store import ViewStore
from canlian_events.core import EVENTS, decode
from canlian_volunteer.views import views
from tests.benchmarks.measure import MILLION, Bench, Figure
from tests.support import postgres

DECODED = 200_000
PEER = {"SQLite": 10_000, "Postgres": 5_000}
"""So many of the log's events the peer follows: its rate is the same at any length."""
BOUND = (
    "A view gets the log no faster than the server gives it and a socket reads it, which is the row above: that alone "
    "takes longer than decoding all of it. Of ten events the volunteer's views look at three, and each of those takes "
    "some 25 µs to decode, fold and write. See ADR 0013."
)


async def figures(bench: Bench) -> list[Figure]:
    found: list[Figure] = []
    async with bench.log(MILLION) as running, connect(running.settings, "benchmark") as nc:
        some = await asyncio.to_thread(_entries, await prepare(nc, Place()), DECODED)

        async def reading() -> float:
            return await _read(nc, running.events)

        rates, decoding = await bench.in_turn(reading, lambda: _decoded(some), "reading alone")
        what = (
            "What no view can pass: the server sends, a plain socket reads and finds the headers, nothing is decoded."
        )
        found.append(
            Figure("reading the log for a view, no more", "events/s", rates, "pydantic alone", decoding, bound=what)
        )
        with _postgres() as url:
            for kind, target, of_decoding, where in (
                ("SQLite", 15, 0.5, None),
                ("Postgres", 25, 0.25, url),
            ):
                settings = running.settings.model_copy(update={"views_url": where})

                async def ours(settings: Settings = settings) -> float:
                    return await _rebuilt(nc, settings, running.events, opens=False)

                async def opening(settings: Settings = settings) -> float:
                    return await _rebuilt(nc, settings, running.events, opens=True)

                async with _peer(kind, some, where) as peer:
                    rates, theirs = await bench.in_turn(ours, peer, f"rebuilding, {kind}")
                name = f"rebuilding the volunteer's views, {kind}"
                found.append(Figure(name, "events/s", rates, "eventsourcing", theirs, target, bound=BOUND))
                rates, decoding = await bench.in_turn(ours, lambda: _decoded(some), f"decoding, {kind}")
                found.append(Figure(name, "events/s", rates, "pydantic alone", decoding, of_decoding, bound=BOUND))
                rates, decoding = await bench.in_turn(opening, lambda: _decoded(some), f"unsealing, {kind}")
                what = "Opening the personal values: AES-GCM and a copy of the event."
                found.append(
                    Figure(f"the same, unsealing, {kind}", "events/s", rates, "pydantic alone", decoding, bound=what)
                )
    return found


def _entries(address: object, count: int) -> list[Entry]:
    stretches = replay(address, EVENTS)  # type: ignore[arg-type]
    return list(islice((entry for stretch in stretches for entry in stretch.entries), count))


async def _read(nc: Nats, events: int) -> float:
    address = await prepare(nc, Place())

    def read() -> int:
        return sum(len(stretch.entries) for stretch in replay(address, EVENTS))

    started = time.perf_counter()
    count = await asyncio.to_thread(read)
    assert count == events
    return events / (time.perf_counter() - started)


async def _rebuilt(nc: Nats, settings: Settings, events: int, *, opens: bool) -> float:
    own = replace(views, opens=opens, name=f"bench-{uuid4().hex[:8]}")
    databases = Databases(settings, own.name)
    store = ViewStore(own, databases, own.database(), Keys.of(settings) if opens else None)
    await asyncio.to_thread(store.open)
    started = time.perf_counter()
    await fold(store, nc, events)
    seconds = time.perf_counter() - started
    await asyncio.to_thread(store.drop)
    databases.close()
    return events / seconds


async def _decoded(entries: list[Entry]) -> float:
    stored = [(entry.headers["ce-type"], int(entry.headers["ce-dataversion"]), entry.body) for entry in entries]
    started = time.perf_counter()
    for type_, version, body in stored:
        decode(type_, version, body)
    return len(stored) / (time.perf_counter() - started)


@asynccontextmanager
async def _peer(kind: str, some: list[Entry], url: str | None) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """Gives the function that measures the peer, on events it has stored before."""
    from tests.benchmarks import peer_views

    told = [
        peer_views.Told(".".join(e.subject.split(".")[1:4]), e.headers["ce-type"], json.loads(e.body))
        for e in some[: PEER[kind]]
    ]
    with tempfile.TemporaryDirectory(prefix="canlian-peer-") as folder:
        env = _environment(Path(folder), url)
        last = await asyncio.to_thread(peer_views.store, told, env)

        async def measure() -> float:
            view = peer_views.PostgresView if url else peer_views.SqliteView
            fresh = env | _environment(Path(folder) / uuid4().hex, url, prefix="VOLUNTEER_")
            return await asyncio.to_thread(peer_views.rate, last, fresh, view)

        yield measure


def _environment(folder: Path, url: str | None, prefix: str = "") -> dict[str, str]:
    if url is None:
        folder.mkdir(exist_ok=True)
        return {f"{prefix}PERSISTENCE_MODULE": "eventsourcing.sqlite", f"{prefix}SQLITE_DBNAME": f"{folder / 'db'}"}
    name = f"peer_{uuid4().hex[:8]}"
    plain = url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    info = psycopg.conninfo.conninfo_to_dict(plain)
    return {f"{prefix}PERSISTENCE_MODULE": "eventsourcing.postgres"} | {
        f"{prefix}POSTGRES_{key}": str(value)
        for key, value in {
            "DBNAME": name,
            "HOST": info["host"],
            "PORT": info["port"],
            "USER": info["user"],
            "PASSWORD": "x",
        }.items()
    }


@contextmanager
def _postgres() -> Iterator[str]:
    folder, port = Path(tempfile.mkdtemp(prefix="canlian-postgres-")), free_port()
    try:
        postgres.start(folder, port)
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        postgres.server(folder, "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
