"""Views folded again by command, whether their part runs or not, in each kind of database; and compared."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import MetaData, delete
from sqlmodel import Field, Session, col, func, select
from tests.support.postgres import postgres_server, postgres_url

from canlian_chassis.bus.client import Client, connect
from canlian_chassis.bus.wire import event_headers
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.projection import projection
from canlian_chassis.row import Row
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import nats_server
from canlian_chassis.tokens import Signer
from canlian_chassis.views.check import check, kept_store
from canlian_chassis.views.databases import Databases
from canlian_chassis.views.runner import ViewRunner, Views
from canlian_events import subjects
from canlian_events.core import encode
from canlian_events.registry.community import CommunityOpened
from canlian_operator.connection import Found, Link
from canlian_operator.integrity.verify_views import tell
from canlian_operator.projections.rebuild import rebuild_part
from canlian_operator.running.parts import Kind, Part

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
async def link(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Link]:
    """A log of a few events, and no part at work."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    monkeypatch.setattr("canlian_operator.projections.rebuild.views_or_fail", lambda _: VIEWS)
    with nats_server(tmp_path / "nats") as server:
        settings = Settings(data=tmp_path / "data with a space", views_url=url, nats_url=server.url)
        Signer(key_folder(settings))
        async with connect(settings, "test") as nc:
            log = Log(nc)
            await log.ensure()
            for number in range(1, COMMUNITIES + 1):
                await log.append([opened(f"429999002{number:03d}")])
            yield Link(Found(settings), nc, Client(nc), log)


def opened(code: str) -> NewEntry:
    event = CommunityOpened(community=code, name="梧桐社区")
    headers = event_headers(
        event, id=code, said_at=datetime.now(UTC), actor="operator:operator", command=code, digest="d", cause=None
    )
    return NewEntry(subjects.event(event, code), headers, encode(event))


async def test_a_running_part_fills_its_views_again_and_goes_on_reading(link: Link):
    runner = ViewRunner(VIEWS, link.settings)
    await runner.start(link.nc)
    assert await runner.reached(COMMUNITIES, timeout=10)
    while not runner.level:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await rebuild_part(link, PART)
    assert runner.state["generation"] == 2
    assert await runner.read(how_many) == COMMUNITIES
    await runner.stop()


async def test_views_of_a_part_that_does_not_run_are_there_when_it_starts(link: Link):
    await rebuild_part(link, PART)
    [there] = Databases(link.settings, VIEWS.name).all()
    assert (there.complete, there.position) == (True, COMMUNITIES)
    assert (await check(VIEWS, link.settings, link.nc)).equal


async def test_a_newer_release_is_filled_while_the_older_one_runs(link: Link, monkeypatch: pytest.MonkeyPatch):
    old = ViewRunner(VIEWS, link.settings)
    await old.start(link.nc)
    assert await old.reached(COMMUNITIES, timeout=10)
    newer = replace(VIEWS, version=2)
    monkeypatch.setattr("canlian_operator.projections.rebuild.views_or_fail", lambda _: newer)
    await rebuild_part(link, PART)
    assert old.state["version"] == 1
    await old.stop()
    new = ViewRunner(newer, link.settings)
    await new.start(link.nc)
    assert new.state["version"] == 2
    assert await new.read(how_many) == COMMUNITIES
    await new.stop()


async def test_verify_tells_what_differs(link: Link, capsys: pytest.CaptureFixture[str]):
    await rebuild_part(link, PART)
    tell(await check(VIEWS, link.settings, link.nc))
    store = kept_store(VIEWS, link.settings)
    with store.engine.begin() as db:
        db.execute(delete(CommunityRow).where(col(CommunityRow.community) == "429999002007"))
    store.close()
    with pytest.raises(typer.Exit) as ended:
        tell(await check(VIEWS, link.settings, link.nc))
    assert ended.value.exit_code == 1
    assert "429999002007" in capsys.readouterr().out
