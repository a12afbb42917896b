"""`canlian as-of`: a part's views as they stood, on a log of a few events."""

from __future__ import annotations

import asyncio
import csv
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from canlian_chassis.bus.client import connect
from canlian_chassis.bus.wire import event_headers
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import nats_server
from canlian_events import subjects
from canlian_events.core import Event, encode
from canlian_events.personal import Sealed
from canlian_events.registry.community import CommunityOpened, CommunityRenamed
from canlian_events.registry.worker import WorkerEnrolled
from canlian_events.terms import WorkerKind
from canlian_operator.main import app
from canlian_operator.projections.as_of import read_asked
from canlian_operator.running.parts import PARTS, views_of
from canlian_web.language.formats import now

HERE, THERE, WORKER, NAME = "429999001001", "429999002001", "worker_00000001", "王安"


@pytest.fixture
async def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Settings]:
    """A log of four events, and the keys to read them."""
    with nats_server(tmp_path / "nats") as server:
        settings = Settings(nats_url=server.url, data=tmp_path / "var")
        keys = await asyncio.to_thread(Keys.of, settings)
        enrolled = WorkerEnrolled(worker_id=WORKER, kind=WorkerKind.GRID_WORKER, name=NAME)
        events: list[tuple[Event, str]] = [
            (CommunityOpened(community=HERE, name="旧名社区"), HERE),
            (CommunityRenamed(community=HERE, name="新名社区"), HERE),
            (await asyncio.to_thread(sealed, keys, enrolled), HERE),
            (CommunityOpened(community=THERE, name="彼社区"), THERE),
        ]
        async with connect(settings, "test") as nc:
            await Log(nc).ensure()
            for number, (event, community) in enumerate(events):
                headers = event_headers(
                    event,
                    id=f"e{number}",
                    said_at=datetime.now(UTC),
                    actor="staff:s",
                    command=f"c{number}",
                    digest="d",
                    cause=None,
                )
                await Log(nc).append([NewEntry(subjects.event(event, community), headers, encode(event))])
        monkeypatch.setenv("CANLIAN_NATS_URL", server.url)
        monkeypatch.setenv("CANLIAN_DATA", str(settings.data))
        monkeypatch.setenv("CANLIAN_LANG", "en")
        yield settings


def sealed(keys: Keys, event: Event) -> Event:
    """As a service stores it."""
    keys.ensure([WORKER])
    stored = keys.seal(event, "e2")
    assert isinstance(stored, WorkerEnrolled)
    assert isinstance(stored.name, Sealed)
    return stored


async def canlian(*arguments: str) -> tuple[int, str]:
    """Its exit code and all it said."""
    done = await asyncio.to_thread(CliRunner().invoke, app, ["as-of", *arguments])
    return done.exit_code, done.output


async def test_a_table_is_shown_as_it_stood_at_a_position(settings: Settings) -> None:
    for position, name in ((1, "旧名社区"), (2, "新名社区")):
        code, shown = await canlian("federation", "--position", str(position), "--table", "overview_community")
        assert (code, name in shown, "rows: 1" in shown) == (0, True, True), shown
    _, shown = await canlian("federation", "--position", "0", "--table", "overview_community")
    assert "rows: 0" in shown


async def test_a_day_that_has_not_ended_gives_what_there_is_and_one_before_all_nothing(settings: Settings) -> None:
    today = now().date()
    _, shown = await canlian("exchange", "--date", today.isoformat())
    assert "exchange at position 4" in shown
    _, shown = await canlian("exchange", "--date", (today - timedelta(days=2)).isoformat())
    assert "exchange at position 0" in shown


async def test_personal_values_stay_sealed_unless_they_are_to_be_opened(settings: Settings) -> None:
    closed = await canlian("neighbours", "--position", "4", "--table", "worker")
    assert (WORKER in closed[1], NAME in closed[1]) == (True, False)
    assert NAME in (await canlian("neighbours", "--position", "4", "--table", "worker", "--open"))[1]


async def test_tables_are_kept_as_sheets_of_the_communities_wanted(settings: Settings, tmp_path: Path) -> None:
    code, _ = await canlian("federation", "--position", "4", "--community", "429999002", "--csv", str(tmp_path / "csv"))
    assert code == 0
    with (tmp_path / "csv" / "overview_community.csv").open(encoding="utf-8-sig") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["彼社区"]


async def test_the_whole_is_kept_as_a_database(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "then.sqlite"
    code, said = await canlian("federation", "--position", "2", "--out", str(out))
    assert (code, str(out) in said) == (0, True)
    with closing(sqlite3.connect(out)) as db:
        assert db.execute("SELECT name FROM overview_community").fetchall() == [("新名社区",)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["federation", "--position", "99"], "The log has not reached 99"),
        (["nonsense", "--position", "1"], "has no views"),
        (["federation", "--position", "1", "--table", "nonsense"], "There is no table"),
        (["federation"], "Say until when"),
    ],
)
async def test_what_cannot_be_is_said(settings: Settings, arguments: list[str], said: str) -> None:
    code, shown = await canlian(*arguments)
    assert (code, said in shown) == (2, True), shown


@pytest.mark.parametrize(
    ("given", "before"),
    [
        ((None, "2026-03-08", None), datetime(2026, 3, 8, 16, tzinfo=UTC)),
        ((None, None, "2026-03-08T12:00"), datetime(2026, 3, 8, 4, tzinfo=UTC)),
        ((None, None, "2026-03-08T12:00Z"), datetime(2026, 3, 8, 12, tzinfo=UTC)),
    ],
)
def test_a_day_means_its_end_in_shanghai_and_a_moment_without_a_zone_is_shanghais(
    given: tuple[int | None, str | None, str | None], before: datetime
) -> None:
    assert read_asked(*given).before == before


@pytest.mark.parametrize("given", [(1, "2026-03-08", None), (None, "2999-01-01", None), (None, "soon", None)])
def test_two_ends_at_once_days_to_come_and_no_days_are_refused(given: tuple[int | None, str | None, None]) -> None:
    with pytest.raises(typer.Exit):
        read_asked(*given)


def test_every_part_has_views() -> None:
    assert {part.name for part in PARTS if views_of(part) is None} == set()
