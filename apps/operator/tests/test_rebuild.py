"""Views thrown away under a running part, in each kind of database, are folded again from the log."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData
from sqlmodel import Field, Session, func, select
from tests.support.postgres import postgres_server, postgres_url

from canlian_chassis.bus import connect
from canlian_chassis.log import Log, NewEntry
from canlian_chassis.projection import projection
from canlian_chassis.row import Row
from canlian_chassis.settings import Settings
from canlian_chassis.testing_nats import nats_server
from canlian_chassis.views import ViewRunner, Views
from canlian_chassis.wire import event_headers
from canlian_events import subjects
from canlian_events.core import encode
from canlian_events.registry.community import CommunityOpened
from canlian_operator.parts import Kind, Part
from canlian_operator.rebuild import ViewDatabase, database_of

__all__ = ["postgres_server", "postgres_url"]

PART = Part("try-out", "canlian_try_out", Kind.TOOL)
COMMUNITIES = 20


class TryOutRow(Row):
    metadata = MetaData()


class CommunityRow(TryOutRow, table=True):
    __tablename__ = "community"

    community: str = Field(primary_key=True)


@projection(CommunityRow, key=lambda event: event.community)
def communities(row: CommunityRow | None, event: CommunityOpened, _: Any) -> CommunityRow | None:
    return CommunityRow(community=event.community)


VIEWS = Views("try-out", version=1, rows=TryOutRow, projections=[communities])


def how_many(session: Session) -> int:
    return session.exec(select(func.count()).select_from(CommunityRow)).one()


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return Settings(data=tmp_path / "data with a space", views_url=url)


@pytest.fixture
async def runner(settings: Settings, tmp_path: Path) -> AsyncIterator[ViewRunner]:
    """A part's views at work, level with a log of a few events."""
    with nats_server(tmp_path / "nats") as server:
        settings = settings.model_copy(update={"nats_url": server.url})
        async with connect(settings, "test") as nc:
            log = Log(nc)
            await log.ensure()
            for number in range(1, COMMUNITIES + 1):
                await log.append([opened(f"429999002{number:03d}")])
            runner = ViewRunner(VIEWS, settings)
            await runner.start(nc)
            assert await runner.reached(COMMUNITIES, timeout=60)
            yield runner
            await runner.stop()


def opened(code: str) -> NewEntry:
    event = CommunityOpened(community=code, name="梧桐社区")
    headers = event_headers(
        event, id=code, said_at=datetime.now(UTC), actor="operator:operator", command=code, digest="d", cause=None
    )
    return NewEntry(subjects.event(event, code), headers, encode(event))


async def test_dropped_views_are_filled_again_while_the_part_runs(runner: ViewRunner, settings: Settings):
    database = database_of(settings, PART)
    assert await at(database) == COMMUNITIES
    await asyncio.to_thread(database.drop)
    for _ in range(600):
        if await at(database) == COMMUNITIES:
            break
        await asyncio.sleep(0.05)
    assert await at(database) == COMMUNITIES
    assert await runner.read(how_many) == COMMUNITIES


async def test_only_this_parts_views_are_dropped(runner: ViewRunner, settings: Settings):
    other = database_of(settings, Part("try", "canlian_try", Kind.TOOL))
    assert not await asyncio.to_thread(lambda: other.there)
    await asyncio.to_thread(other.drop)
    assert await at(database_of(settings, PART)) == COMMUNITIES


async def at(database: ViewDatabase) -> int:
    return await asyncio.to_thread(database.position)
