"""`canlian parked`: what is set aside is listed, and what is asked for reaches the service with who and why."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner

from canlian_chassis.bus.client import connect
from canlian_chassis.policies.parked import Parked, Parking
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_operator.events import parked as module
from canlian_operator.main import app

T = TypeVar("T")
SINCE = datetime(2026, 11, 24, 4, tzinfo=UTC)
HEAD = Parked(
    service="assistance",
    aggregate_id="visit_1",
    position=7,
    event="assistance.visit.completed",
    why="assistance.raise-needs: RuntimeError('x')",
    since=SINCE,
)
BEHIND = HEAD.model_copy(update={"position": 9, "behind": True, "why": "an earlier event of it is parked"})
ELSEWHERE = HEAD.model_copy(update={"aggregate_id": "visit_2", "position": 8})


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NatsServer]:
    monkeypatch.setattr(module, "_SECONDS_FOR_VIEWS", 0.1)
    monkeypatch.setattr(module, "SECONDS_TO_SETTLE", 0.3)
    monkeypatch.setenv("CANLIAN_LANG", "en")
    with nats_server(tmp_path / "nats") as running:
        monkeypatch.setenv("CANLIAN_NATS_URL", running.url)
        monkeypatch.setenv("CANLIAN_DATA", str(tmp_path / "var"))
        parking(running, lambda bucket: park(bucket, HEAD, BEHIND, ELSEWHERE))
        yield running


def parking(server: NatsServer, work: Callable[[Parking], Awaitable[T]]) -> T:
    """What a service, or somebody else, does with the bucket."""

    async def run() -> T:
        async with connect(Settings(nats_url=server.url), "test") as nc:
            return await work(await Parking.open(nc))

    return asyncio.run(run())


async def park(bucket: Parking, *parked: Parked) -> None:
    for one in parked:
        await bucket.park(one)


def canlian(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["parked", *arguments])


def test_what_is_parked_is_listed_in_the_order_of_the_log(server: NatsServer) -> None:
    lines = canlian("--json").stdout.splitlines()
    assert [json.loads(line)["position"] for line in lines] == [7, 8, 9]
    assert "behind an earlier one" in canlian().stdout


def test_a_replay_is_asked_for_with_who_and_why(server: NatsServer) -> None:
    asked = canlian("replay", "assistance", "7", "--reason", "mended")
    assert asked.exit_code == 0, asked.output
    assert "has not done all of it yet" in asked.output
    first, other, _ = parking(server, lambda bucket: bucket.parked("assistance"))
    assert first.asked
    assert (first.asked.what, first.asked.reason) == ("replay", "mended")
    assert first.asked.by
    assert other.asked is None


def test_all_asks_for_the_first_of_each_aggregate(server: NatsServer) -> None:
    canlian("drop", "assistance", "all", "--reason", "of no use")
    found = parking(server, lambda bucket: bucket.parked())
    assert [one.asked and one.asked.what for one in found] == ["drop", "drop", None]


def test_one_behind_another_and_one_that_is_not_there_are_refused(server: NatsServer) -> None:
    behind = canlian("replay", "assistance", "9", "--reason", "x")
    assert behind.exit_code == 1
    assert "7" in behind.output
    assert canlian("replay", "assistance", "11", "--reason", "x").exit_code == 1
    assert canlian("replay", "assistance", "7").exit_code == 2, "without a reason nothing is done"


def test_what_was_settled_is_kept_with_who_and_why(server: NatsServer) -> None:
    canlian("drop", "assistance", "8", "--reason", "of no use")
    [_, asked, _] = parking(server, lambda bucket: bucket.parked())
    parking(server, lambda bucket: bucket.settle(asked, "dropped"))
    assert "of no use" in canlian("--settled").stdout
    assert [one.position for one in parking(server, lambda bucket: bucket.parked())] == [7, 9]
