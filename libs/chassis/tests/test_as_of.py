"""Views as they stood: at every position they are what the events up to there come to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from libs.chassis.tests.toy import BoxMade, BoxRow, ThingsPut, ToyRow, boxes
from nats.aio.client import Client as Nats
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import connect
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.projection import fold_all
from canlian_chassis.settings import Settings
from canlian_chassis.views import as_of
from canlian_chassis.views.as_of import Snapshots, TooMany, end_of, fold_in, position_before
from canlian_chassis.views.check import fold
from canlian_chassis.views.databases import Views
from canlian_chassis.views.store import ViewStore
from canlian_events import subjects
from canlian_events.core import Event, encode
from canlian_events.personal import Sealed

HERE = "429999001001"
VIEWS = Views("toy-as-of", version=1, rows=ToyRow, projections=[boxes])
LENGTH = 12
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def made(number: int) -> Event:
    """Every third event makes a box, the others put things in the last one."""
    box_id = f"box_{number // 3}"
    if number % 3 == 0:
        return BoxMade(box_id=box_id, label=Sealed(about=box_id, sealed="x"))
    return ThingsPut(box_id=box_id, things=number)


@pytest.fixture
async def nc(settings: Settings) -> AsyncIterator[Nats]:
    """Connected to a log of a few boxes."""
    async with connect(settings, "test") as connected:
        log = Log(connected)
        await log.ensure()
        for number in range(LENGTH):
            await log.append([entry(made(number), f"e{number}")])
        yield connected


def entry(event: Event, id: str) -> NewEntry:
    headers = wire.event_headers(
        event, id=id, said_at=datetime.now(UTC), actor="staff:s", command=id, digest="d", cause=None
    )
    return NewEntry(subjects.event(event, HERE), headers, encode(event))


async def expected(nc: Nats, position: int) -> list[BoxRow]:
    """The rows that the first events come to, folded in memory."""
    entries = await Log(nc).read(subjects.EVENTS)
    recorded = [read_entry(entry) for entry in entries if entry.position <= position]
    return in_order([row for row in fold_all([boxes], recorded)[BoxRow].values() if isinstance(row, BoxRow)])


def rows(engine: Engine) -> list[BoxRow]:
    with Session(engine) as session:
        found = in_order(session.exec(select(BoxRow)).all())
        session.expunge_all()
    engine.dispose()
    return found


def in_order(found: Sequence[BoxRow]) -> list[BoxRow]:
    return sorted(found, key=lambda row: row.box_id)


async def at(snapshots: Snapshots, nc: Nats, position: int) -> list[BoxRow]:
    engine = await snapshots.at(nc, position, patience=30)
    assert engine is not None
    return await asyncio.to_thread(rows, engine)


async def test_at_every_position_the_view_is_what_the_events_before_come_to(nc: Nats, tmp_path: Path):
    for position in range(LENGTH + 1):
        file = await fold_in(tmp_path / "once", VIEWS, nc, position)
        found = await asyncio.to_thread(rows, create_engine(f"sqlite:///{file}"))
        assert found == await expected(nc, position), position


async def test_what_goes_on_from_an_earlier_one_is_the_same_whatever_was_asked_before(
    nc: Nats, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    folded: list[tuple[int, int]] = []

    async def counting(store: ViewStore, nc: Nats, until: int, progress: as_of.Progress) -> None:
        folded.append(((await asyncio.to_thread(store.look))[0].position, until))
        await fold(store, nc, until, progress)

    monkeypatch.setattr(as_of, "fold", counting)
    snapshots = Snapshots(VIEWS, settings)
    for position in (5, 9, 7, 9, 12, 0):
        assert await at(snapshots, nc, position) == await expected(nc, position), position
    assert folded == [(0, 5), (5, 9), (5, 7), (9, 12), (0, 0)]


async def test_few_are_kept_and_those_asked_for_last(nc: Nats, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(as_of, "KEPT", 2)
    snapshots = Snapshots(VIEWS, settings)
    for position in (3, 5, 3, 8):
        await at(snapshots, nc, position)
    kept = {file.stem.rpartition("_g")[2] for file in settings.data.glob("views/as-of/**/*.sqlite")}
    assert kept == {"3", "8"}


async def test_what_takes_too_long_is_ready_later_and_no_more_than_a_few_wait(
    nc: Nats, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    go_on = asyncio.Event()

    async def slowly(store: ViewStore, nc: Nats, until: int, progress: as_of.Progress) -> None:
        await go_on.wait()
        await fold(store, nc, until, progress)

    monkeypatch.setattr(as_of, "fold", slowly)
    snapshots = Snapshots(VIEWS, settings)
    for position in range(1, as_of.WAITING + 1):
        assert await snapshots.at(nc, position, patience=0) is None
    with pytest.raises(TooMany):
        await snapshots.at(nc, LENGTH, patience=0)
    assert await snapshots.at(nc, 1, patience=0) is None
    go_on.set()
    assert await at(snapshots, nc, 1) == await expected(nc, 1)
    await snapshots.stop()


async def test_one_that_was_broken_off_goes_on_where_it_was(nc: Nats, settings: Settings):
    snapshots = Snapshots(VIEWS, settings)
    file = await fold_in(settings.data / "views" / "as-of", VIEWS, nc, 4)
    file.rename(file.with_name(file.name.replace("_g4", "_g10")))
    with create_engine(f"sqlite:///{file.parent}/{file.name.replace('_g4', '_g10')}").begin() as db:
        db.exec_driver_sql("UPDATE checkpoint SET complete = 0")
    assert await at(snapshots, nc, 10) == await expected(nc, 10)


async def test_a_moment_is_a_position_by_the_servers_clock(nc: Nats):
    log = Log(nc)
    entries = await log.read(">")
    times = [EPOCH + timedelta(microseconds=entry.recorded_ns // 1000) for entry in entries]
    assert await position_before(log, times[0] - timedelta(seconds=1)) == 0
    assert await position_before(log, times[-1] + timedelta(seconds=1)) == LENGTH
    between = times[5] + (times[6] - times[5]) / 2
    assert await position_before(log, between) == entries[5].position
    # what is recorded at the very moment comes after it
    assert await position_before(log, times[5]) == entries[4].position


def test_a_day_ends_at_midnight_in_shanghai():
    assert end_of(date(2026, 3, 8)) == datetime(2026, 3, 8, 16, tzinfo=UTC)
