"""Views filled beside and switched: nobody who reads notices, and what is read is what the log holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from libs.chassis.tests.boxes import BOXES, FIRST, HERE, SECOND, databases, put, started, until
from libs.chassis.tests.toy import BoxRow, count_things
from nats.aio.client import Client as Nats
from sqlalchemy import delete, insert, update
from sqlmodel import Session, col
from tests.support.postgres import postgres_server, postgres_url

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.following import Stretch
from canlian_chassis.log.jetstream import Entry, Log, LogPutBack, Place
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_chassis.views.check import NoViews, check, kept_store
from canlian_chassis.views.databases import CHECKPOINT, DatabaseName, Databases, Found
from canlian_chassis.views.runner import ViewRunner, Views, choose
from canlian_chassis.views.store import Gap, ViewStore
from canlian_events import subjects
from canlian_events.meta import Actor
from canlian_events.terms import Role

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return settings.model_copy(update={"views_url": url})


@pytest.fixture
async def nc(settings: Settings) -> AsyncIterator[Nats]:
    async with connect(settings, "test") as connected:
        await Log(connected).ensure()
        yield connected


class Reader:
    """Reads a view without pause, as pages do, and remembers what it saw."""

    def __init__(self, *runners: ViewRunner) -> None:
        self.seen: list[int] = []
        self._tasks = [asyncio.create_task(self._read(runner)) for runner in runners]

    async def _read(self, runner: ViewRunner) -> None:
        while True:
            self.seen.append(await runner.read(count_things))
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """Raises what a reader met."""
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if not isinstance(result, asyncio.CancelledError):
                raise AssertionError(f"a page would have failed: {result!r}")


async def test_a_new_version_is_filled_beside_and_then_takes_over(settings: Settings, nc: Nats):
    last = await put(nc)
    old = await started(FIRST, settings, nc)
    assert await old.reached(last)
    await old.stop()

    new = await started(SECOND, settings, nc)
    reader = Reader(new)
    last = await put(nc)
    await until(lambda: new.state["version"] == 2)
    assert await new.reached(last)
    await until(lambda: reader.seen[-1] == 4 * BOXES)
    await reader.stop()
    # never the rows of a view that is half filled
    assert min(reader.seen) >= BOXES
    await until(lambda: databases(settings) == [str(SECOND.database())])
    await new.stop()


async def test_rows_stay_as_they_are_while_they_are_filled_again_on_request(settings: Settings, nc: Nats):
    last = await put(nc)
    runner = await started(FIRST, settings, nc)
    assert await runner.reached(last)
    await until(lambda: runner.level)
    reader = Reader(runner)
    for generation in (2, 3):
        runner.rebuild()
        await until(lambda: runner.state["generation"] == generation)  # noqa: B023
    assert await runner.reached(await put(nc))
    await reader.stop()
    assert set(reader.seen) >= {BOXES}
    assert min(reader.seen) == BOXES
    assert await runner.read(count_things) == 2 * BOXES
    await until(lambda: databases(settings) == [str(FIRST.database(3))])
    await runner.stop()


async def test_two_processes_of_a_tool_share_a_database_and_its_rebuild(settings: Settings, nc: Nats):
    last = await put(nc)
    runners = [await started(FIRST, settings, nc), await started(FIRST, settings, nc)]
    for runner in runners:
        assert await runner.reached(last, timeout=10)
    await until(lambda: all(runner.state["level"] for runner in runners))
    reader = Reader(*runners)
    runners[0].rebuild()
    await until(lambda: all(runner.state["generation"] == 2 for runner in runners))
    last = await put(nc)
    for runner in runners:
        assert await runner.reached(last, timeout=10)
        assert await runner.read(count_things) == 2 * BOXES
    await reader.stop()
    await until(lambda: databases(settings) == [str(FIRST.database(2))])
    for runner in runners:
        await runner.stop()


async def test_an_older_process_goes_on_reading_when_a_newer_one_has_switched(settings: Settings, nc: Nats):
    last = await put(nc)
    old = await started(FIRST, settings, nc)
    assert await old.reached(last)
    await until(lambda: old.level)
    reader = Reader(old)
    new = await started(SECOND, settings, nc)
    await until(lambda: new.state["version"] == 2)
    await until(lambda: old.state["version"] == 2)
    last = await put(nc)
    assert await old.reached(last, timeout=10)
    # by the newer one's folds alone
    assert await old.read(count_things) == 4 * BOXES
    await reader.stop()
    assert databases(settings) == [str(SECOND.database())]
    await old.stop()
    await new.stop()


async def test_filling_goes_on_where_a_process_was_stopped_in_the_middle(settings: Settings, nc: Nats):
    last = await put(nc, 1500)
    first = await started(FIRST, settings, nc)
    await until(lambda: first.position > 0)
    await first.stop()
    second = await started(FIRST, settings, nc)
    assert await second.reached(last, timeout=10)
    assert await second.read(count_things) == 1500
    await second.stop()


async def test_databases_that_were_deleted_are_filled_again(settings: Settings, nc: Nats):
    last = await put(nc)
    runner = await started(FIRST, settings, nc)
    assert await runner.reached(last)
    for round_ in (2, 3):
        Databases(settings, "try-out").drop(FIRST.database())
        await until(lambda: databases(settings) == [str(FIRST.database())])
        last = await put(nc)
        assert await runner.reached(last, timeout=10)
        assert await runner.read(count_things) == round_ * BOXES
    await runner.stop()


async def test_only_staff_and_operators_may_ask_for_a_rebuild(settings: Settings, nc: Nats):
    runner = await started(FIRST, settings, nc)
    await until(lambda: runner.level)
    signer = Signer(key_folder(settings))

    async def ask(role: Role | None) -> dict[str, object]:
        headers = {wire.TOKEN: signer.sign(Actor("a", frozenset({role})))} if role else {}
        answer = await nc.request(subjects.views_rebuild("try-out"), headers=headers, timeout=5)
        return dict(json.loads(answer.data))

    assert "refused" in await ask(None)
    assert await ask(Role.VOLUNTEER) == {"refused": "wrong_role"}
    assert (await ask(Role.OPERATOR))["version"] == 1
    await until(lambda: runner.state["generation"] == 2)
    state = json.loads((await nc.request(subjects.views_state("try-out"), timeout=5)).data)
    assert state["generation"] == 2
    await runner.stop()


def found(
    version: int, generation: int = 1, *, extent: int = 5, complete: bool = True, columns: str = "00000000"
) -> Found:
    return Found(DatabaseName("toy", version, extent, columns, generation), Place(), complete)


OWN = DatabaseName("toy", 2, 5, "00000000", 1)


@pytest.mark.parametrize(
    ("there", "reads", "fills"),
    [
        ([], found(2), None),
        ([found(1)], found(1), found(2)),
        ([found(1, complete=False)], found(2), None),
        ([found(1, columns="ffffffff")], found(2), None),
        ([found(1), found(2, complete=False)], found(1), found(2)),
        ([found(1), found(2)], found(2), None),
        ([found(2, 3), found(2, 4, complete=False)], found(2, 3), found(2, 4)),
        ([found(2, 3), found(2, 4)], found(2, 4), None),
        ([found(3)], found(3), found(2)),
        # the same folds of less of the language, or of more
        ([found(2, 7, extent=4)], found(2, 7, extent=4), found(2)),
        ([found(2, 7, extent=4), found(2)], found(2), None),
        ([found(2, 7, extent=6)], found(2, 7, extent=6), found(2)),
        ([found(2), found(2, extent=6)], found(2), None),
    ],
)
def test_what_is_read_is_complete_where_anything_is(there: list[Found], reads: Found, fills: Found | None):
    assert choose(OWN, there, starting=True) == (reads.name, fills and fills.name)


def test_a_release_on_its_way_out_fills_nothing():
    assert choose(OWN, [found(3)], starting=False) == (found(3).name, None)
    assert choose(OWN, [found(2, extent=6)], starting=False) == (found(2, extent=6).name, None)


def test_a_release_that_met_what_it_cannot_read_leaves_its_own_for_what_a_newer_one_has_filled():
    assert choose(OWN, [found(2), found(2, extent=6)], starting=False, outdated=True) == (
        found(2, extent=6).name,
        None,
    )
    for no_better in (found(1), found(3, complete=False), found(3, columns="ffffffff")):
        assert choose(OWN, [found(2), no_better], starting=False, outdated=True) == (found(2).name, None)


@pytest.mark.parametrize("name", ["toy_v3x41_ab12cd34_g2", "toy_v3_ab12cd34_g2"])
def test_the_name_of_a_database_tells_its_release_and_is_read_as_it_was_written_before(name: str):
    read = DatabaseName.read(name)
    assert read is not None
    assert str(read) == name
    assert read.release in {(3, 41), (3, 0)}
    assert read.age < found(3, extent=42).name.age


async def test_what_one_page_reads_is_of_one_moment_whatever_is_folded_in_meanwhile(settings: Settings, nc: Nats):
    runner = await started(FIRST, settings, nc)
    assert await runner.reached(await put(nc))
    loop = asyncio.get_running_loop()

    async def one_more() -> None:
        assert await runner.reached(await put(nc, 1))

    def look_twice(db: Session) -> list[int]:
        first = count_things(db)
        asyncio.run_coroutine_threadsafe(one_more(), loop).result(10)
        return [first, count_things(db)]

    assert await runner.read(look_twice) == [BOXES, BOXES]
    assert await runner.read(count_things) == BOXES + 1
    await runner.stop()


async def test_what_does_not_follow_on_what_is_folded_in_is_refused(settings: Settings, nc: Nats):
    for _ in range(3):
        last = await put(nc, 5)
    one, _, three = [Stretch.of(found, Place(found[0].position - 1)) for found in await in_fives(nc)]
    databases_ = Databases(settings, "try-out")
    store = ViewStore(FIRST, databases_, FIRST.database())
    store.open()
    assert store.apply(one) == one.place
    with pytest.raises(Gap):
        store.apply(three)
    other = one.place._replace(recorded_ns=one.place.recorded_ns + 1)
    with pytest.raises(LogPutBack):
        store.apply(one._replace(place=other))
    with pytest.raises(LogPutBack):
        store.apply(Stretch([one.entries[-1]._replace(recorded_ns=1), *three.entries], three.place, 0, 0))
    assert store.look() == (one.place, False)
    # what another process has folded in is passed over
    assert store.apply(Stretch.of([*await Log(nc).read(">")], Place())).position == last
    store.close()
    databases_.close()
    runner = await started(FIRST, settings, nc)
    assert await runner.read(count_things) == 15
    await runner.stop()


async def in_fives(nc: Nats) -> list[list[Entry]]:
    entries = await Log(nc).read(">")
    return [entries[start : start + 5] for start in range(0, len(entries), 5)]


async def test_a_database_that_an_older_copy_was_put_in_the_place_of_goes_on_from_there(settings: Settings, nc: Nats):
    runner = await started(FIRST, settings, nc)
    assert await runner.reached(await put(nc))
    store = kept_store(FIRST, settings)
    place, _ = store.look()
    assert await runner.reached(await put(nc))
    with store.engine.begin() as db:
        db.execute(update(CHECKPOINT).values(place._asdict()))
        db.execute(update(BoxRow).values(things=1))
    store.close()
    assert await runner.reached(await put(nc))
    await until(lambda: right(settings, nc))
    assert await runner.read(count_things) == 3 * BOXES
    await runner.stop()


async def right(settings: Settings, nc: Nats) -> bool:
    found = await check(FIRST, settings, nc)
    return found.equal and found.position == await Log(nc).last_position()


def other_columns(views: Views) -> DatabaseName:
    return replace(views.database(), fingerprint="ffffffff")


async def stand_at(settings: Settings, name: DatabaseName, position: int) -> None:
    """A database as a process with other columns would keep it, which for once has ours."""
    databases_ = Databases(settings, "try-out")
    store = ViewStore(FIRST, databases_, name)
    await asyncio.to_thread(store.open)
    with store.engine.begin() as db:
        db.execute(update(CHECKPOINT).values(position=position, complete=True))
    store.close()
    databases_.close()


async def test_a_database_with_other_columns_is_dropped_when_nobody_has_folded_it_for_a_while(
    settings: Settings, nc: Nats, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("canlian_chassis.views.runner._GRACE", 1.5)
    other = other_columns(FIRST)
    newer = replace(other, extent=other.extent + 1)
    runner = await started(FIRST, settings, nc)
    await stand_at(settings, newer, 0)
    for _ in range(5):
        # somebody keeps it level, or a little behind
        last = await put(nc, 10)
        await stand_at(settings, other, last - 1)
        await asyncio.sleep(0.8)
    assert str(other) in databases(settings)
    await until(lambda: str(other) not in databases(settings))
    assert str(newer) in databases(settings)
    await runner.stop()


async def test_a_view_is_compared_with_a_fresh_fold_of_the_log(settings: Settings, nc: Nats):
    with pytest.raises(NoViews):
        await check(FIRST, settings, nc)
    last = await put(nc)
    runner = await started(FIRST, settings, nc)
    assert await runner.reached(last)
    right = await check(FIRST, settings, nc)
    assert (right.equal, right.position, right.tables[0].rows) == (True, last, BOXES)
    store = kept_store(FIRST, settings)
    with store.engine.begin() as db:
        db.execute(update(BoxRow).where(col(BoxRow.box_id) == "box_3").values(things=7))
        db.execute(delete(BoxRow).where(col(BoxRow.box_id) == "box_4"))
        db.execute(insert(BoxRow).values(box_id="box_x", label="", community=HERE, things=1))
    store.close()
    [wrong, _] = (await check(FIRST, settings, nc)).tables
    assert (wrong.different, wrong.missing, wrong.extra) == (1, 1, 1)
    assert wrong.examples == ["box_3: things", "box_4: not in the view", "box_x: only in the view"]
    await runner.stop()
