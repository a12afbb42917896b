"""Sheets brought into a running system: the counts add up, and bringing in the same again changes nothing."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from canlian_catalog.app import service as catalog
from canlian_chassis.bus.client import Client, connect
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_chassis.tokens import Signer
from canlian_events import subjects
from canlian_events.core import Command
from canlian_events.ids import new_id
from canlian_events.meta import Actor
from canlian_events.registry.community import OpenCommunity
from canlian_events.registry.person import CorrectPerson, GiveConsent, RegisterPerson
from canlian_events.terms import DisabilityClass, Purpose, Role
from canlian_registry.app import service as registry
from canlian_sheets.communities import CommunityLine, read_communities
from canlian_sheets.giving_back import refused_sheet
from canlian_sheets.importer import (
    ImportInterrupted,
    ImportResult,
    Kept,
    import_communities,
    import_resources,
    import_roster,
    person_id_of,
    refused_rows,
    undo_import,
)
from canlian_sheets.importer import sending as importer_sending
from canlian_sheets.importer.roster import circumstances_of
from canlian_sheets.made_up.people import COMMUNITIES
from canlian_sheets.made_up.subdistrict import make_sample
from canlian_sheets.outcomes import Accepted, Outcome
from canlian_sheets.resources import ResourceLine, read_resources
from canlian_sheets.roster import Roster, RosterPerson, read_roster

LARGER = Path(__file__).parents[4] / "shared/data"
TODAY = date(2026, 11, 24)
HERE = "429999001001"


class Bench:
    """A running registry and catalog, and what an import needs of them."""

    def __init__(self, client: Client, log: Log, settings: Settings) -> None:
        self.client, self.log, self.keys = client, log, Keys.of(settings)
        self._signer = Signer(key_folder(settings))

    def token(self, role: Role = Role.OPERATOR) -> str:
        return self._signer.sign(Actor("worker_00000001", frozenset({role}), ("429999001",)))

    async def send(self, command: Command) -> None:
        await self.client.send(command, token=self.token())

    async def stored(self) -> list[str]:
        """The types of the events that somebody asked for; what followed by itself, such as an expiry, has a cause."""
        stored = await self.log.read(subjects.EVENTS)
        return [entry.headers["ce-type"] for entry in stored if "ce-cause" not in entry.headers]

    async def roster(self, roster: Roster, **more: Any) -> ImportResult:
        return await import_roster(self.client, self.token(), self.keys, roster, **more)

    async def communities(self, communities: Outcome[CommunityLine], **more: Any) -> ImportResult:
        return await import_communities(self.client, self.token(), communities, **more)

    async def resources(self, resources: Outcome[ResourceLine], **more: Any) -> ImportResult:
        return await import_resources(self.client, self.token(), resources, **more)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as running:
        yield running


@pytest.fixture
def settings(server: NatsServer, tmp_path: Path) -> Settings:
    return Settings(nats_url=server.url, data=tmp_path / "var")


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    here, there = with_settings(registry, settings), with_settings(catalog, settings)
    async with here.running(), there.running(), connect(settings, "test") as nc:
        yield Bench(Client(nc, patience=1.0), Log(nc), settings)


def with_settings(service: Service, settings: Settings) -> Service:
    here = copy.copy(service)
    here.settings = settings
    return here


class Sheets:
    """A folder's three sheets, read."""

    def __init__(self, folder: Path) -> None:
        self.communities = read_communities((folder / "communities.csv").read_bytes(), "communities.csv")
        codes = {row.value.name: row.value.code for row in self.communities.accepted}
        self.roster = read_roster((folder / "roster.xlsx").read_bytes(), "roster.xlsx", codes, TODAY)
        self.resources = read_resources((folder / "resources.xlsx").read_bytes(), "resources.xlsx", codes)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sheets:
    folder = tmp_path_factory.mktemp("sample")
    make_sample(folder, people=320)
    return Sheets(folder)


def changed(roster: Roster, row: int, **fields: Any) -> Roster:
    """The roster with other values in its n-th accepted row."""
    accepted = roster.accepted[row]
    other = dataclasses.replace(accepted, value=dataclasses.replace(accepted.value, **fields))
    return dataclasses.replace(roster, rows=tuple(other if r is accepted else r for r in roster.rows))


def only(roster: Roster, n: int) -> Roster:
    return dataclasses.replace(roster, rows=roster.accepted[:n])


async def assert_again_changes_nothing(bench: Bench, bring_in: Callable[[], Awaitable[ImportResult]]) -> None:
    before = await bench.stored()
    counts = (await bring_in()).counts()
    assert (counts["created"], counts["updated"]) == (0, 0)
    assert counts["unchanged"] == counts["rows"] - sum(counts["refused"].values())
    assert await bench.stored() == before


def a_made_up_folder(folder: Path) -> tuple[Path, dict[str, Any]]:
    return folder, dataclasses.asdict(make_sample(folder, people=320))


def a_larger_folder(_: Path) -> tuple[Path, dict[str, Any]]:
    return LARGER, json.loads((LARGER / "roster.truth.json").read_text(encoding="utf-8"))


# a larger roster may lie beside the project; the one made here always does
@pytest.mark.parametrize("folder_with_truth", [a_made_up_folder, *([a_larger_folder] if LARGER.exists() else [])])
async def test_sheets_are_brought_in_whole_and_again_change_nothing(
    bench: Bench, tmp_path: Path, folder_with_truth: Callable[[Path], tuple[Path, dict[str, Any]]]
):
    folder, truth = folder_with_truth(tmp_path / "sheets")
    sheets = Sheets(folder)
    communities = len(sheets.communities.rows)
    assert (await bench.communities(sheets.communities)).counts() == {
        "rows": communities,
        "created": communities,
        "updated": 0,
        "unchanged": 0,
        "refused": {},
    }
    assert (await bench.roster(sheets.roster)).counts() == {
        "rows": truth["rows"],
        "created": truth["accept"],
        "updated": 0,
        "unchanged": truth["same_as_earlier"],
        "refused": truth["refuse"],
    }
    assert (await bench.resources(sheets.resources)).counts()["created"] == len(sheets.resources.accepted) > 0
    await assert_again_changes_nothing(bench, lambda: bench.communities(sheets.communities))
    await assert_again_changes_nothing(bench, lambda: bench.roster(sheets.roster))
    await assert_again_changes_nothing(bench, lambda: bench.resources(sheets.resources))


async def test_a_row_that_changed_is_updated_and_changed_back(bench: Bench, sample: Sheets):
    await bench.communities(sample.communities)
    as_it_was = only(sample.roster, 20)
    other = changed(as_it_was, 3, phone="19900999999")
    assert (await bench.roster(as_it_was)).counts()["created"] == 20
    for sheet in (other, as_it_was, other):
        counts = (await bench.roster(sheet)).counts()
        assert (counts["created"], counts["updated"], counts["unchanged"]) == (0, 1, 19)


async def test_a_row_is_decided_anew_after_somebody_corrected_the_file(bench: Bench, sample: Sheets):
    await bench.communities(sample.communities)
    roster = only(sample.roster, 5)
    await bench.roster(roster)
    person_id = person_id_of(bench.keys, roster.accepted[0].value.citizen_id)
    await bench.send(CorrectPerson(person_id=person_id, phone="19900999999"))
    assert (await bench.roster(roster)).counts()["updated"] == 1


async def test_a_dry_run_counts_and_stores_nothing(bench: Bench, sample: Sheets):
    assert (await bench.communities(sample.communities, dry_run=True)).counts()["created"] == 8
    assert await bench.stored() == []
    await bench.communities(sample.communities)
    before = await bench.stored()
    assert (await bench.communities(sample.communities, dry_run=True)).counts()["unchanged"] == 8
    assert (await bench.roster(sample.roster, dry_run=True)).counts()["created"] == len(sample.roster.accepted)
    dry = (await bench.resources(sample.resources, dry_run=True)).counts()
    assert dry["created"] == len(sample.resources.accepted)
    assert await bench.stored() == before


async def test_the_same_run_resumed_counts_as_the_first_time(bench: Bench, sample: Sheets):
    await bench.communities(sample.communities)
    batch = new_id("import")
    first = await bench.roster(sample.roster, batch_id=batch)
    before = await bench.stored()
    assert await bench.roster(sample.roster, batch_id=batch) == first
    assert await bench.stored() == before


async def test_whoever_was_registered_by_hand_keeps_their_file(bench: Bench, sample: Sheets):
    await bench.communities(sample.communities)
    roster = only(sample.roster, 3)
    person: RosterPerson = roster.accepted[1].value
    by_hand = RegisterPerson(
        person_id="person_byhand01",
        community=person.community,
        name=person.name,
        citizen_id=person.citizen_id,
        disability=DisabilityClass(person.disability),
    )
    await bench.send(by_hand)
    counts = (await bench.roster(roster)).counts()
    assert (counts["created"], counts["updated"], counts["refused"]) == (2, 1, {})
    assert (await bench.stored()).count("registry.person.registered") == 3


async def test_a_row_for_a_community_that_is_not_open_is_refused_and_the_others_go_on(bench: Bench, sample: Sheets):
    roster = only(sample.roster, 10)
    wanted = roster.accepted[0].value.community
    await bench.send(OpenCommunity(community=wanted, name="开放的社区"))
    result = await bench.roster(roster)
    refused = [row for row in result.rows if row.outcome == "refused"]
    assert {row.reason for row in refused} == {"community.unknown"}
    assert refused[0].facts["community"] != wanted
    assert result.counts()["created"] == 10 - len(refused) > 0

    given_back = refused_rows(roster, result)
    assert [row.row_no for row in given_back] == [row.row_no for row in refused]
    book = refused_sheet(given_back, sample.roster.header, lambda reason, _: (f"原因 {reason}", reason))
    again = read_roster(book, "refused.xlsx", {name: code for code, name in COMMUNITIES.items()}, TODAY)
    assert [row.value for row in again.accepted] == [
        row.value for row in roster.accepted if row.row_no in {no.row_no for no in refused}
    ]


def test_a_word_that_is_in_no_table_is_kept_as_a_remark():
    told = circumstances_of(made(education="私塾", employment="在职", note="双拐"))
    assert (told.schooling, told.employment, told.remark) == (None, "employed", "双拐;文化程度:私塾")


def made(**fields: Any) -> RosterPerson:
    return RosterPerson(
        community=HERE,
        name="王秀兰",
        sex="female",
        citizen_id="x",
        birth_date=TODAY,
        disability=4,
        grade=2,
        certificate_number="x",
        **fields,
    )


async def test_a_role_that_may_not_import_is_told_at_once(bench: Bench, sample: Sheets):
    with pytest.raises(ImportInterrupted) as refused:
        await import_roster(bench.client, bench.token(Role.VOLUNTEER), bench.keys, sample.roster)
    assert refused.value.code == "wrong_role"


async def test_a_registry_that_is_away_for_a_moment_is_waited_for(settings: Settings, sample: Sheets):
    seen: list[int] = []
    async with connect(settings, "test") as nc:
        async with with_settings(registry, settings).running():
            bench = Bench(Client(nc, patience=1.0), Log(nc), settings)
            await bench.communities(sample.communities)
        waiting = asyncio.create_task(bench.roster(sample.roster, progress=lambda done, total: seen.append(done)))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        async with with_settings(registry, settings).running():
            counts = (await waiting).counts()
    assert counts["created"] == len(sample.roster.accepted) == seen[-1]


async def test_a_registry_that_stays_away_is_said_with_what_is_done(
    settings: Settings, sample: Sheets, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importer_sending, "_PAUSES", (0.01,))

    class Flaky(Client):
        """Loses its line after the first chunk."""

        calls = 0

        async def _request(self, *args: Any, **kwargs: Any) -> bytes:
            self.calls += 1
            if self.calls > 3:  # a chunk tried, the beginning, a chunk
                kwargs["timeout"] = 0.001
                args = ("nobody.listens", *args[1:])
            return await super()._request(*args, **kwargs)

    assert len(sample.roster.accepted) > importer_sending.CHUNK
    async with with_settings(registry, settings).running(), connect(settings, "test") as nc:
        bench = Bench(Client(nc), Log(nc), settings)
        await bench.communities(sample.communities)
        with pytest.raises(ImportInterrupted) as stopped:
            await import_roster(Flaky(nc), bench.token(), bench.keys, sample.roster)
        done = stopped.value.done
        assert stopped.value.code == "unavailable"
        assert done.counts()["created"] == (await bench.stored()).count("registry.person.registered") > 0
        whole = await bench.roster(sample.roster, batch_id=done.batch_id)
        assert whole.counts()["created"] == len(sample.roster.accepted)


async def test_an_import_is_undone_but_for_those_to_whom_something_else_happened(bench: Bench, sample: Sheets):
    await bench.communities(sample.communities)
    roster = only(sample.roster, 12)
    by_hand = roster.accepted[0].value
    known = RegisterPerson(
        person_id="person_byhand01",
        community=by_hand.community,
        name="另一写法",
        citizen_id=by_hand.citizen_id,
        disability=DisabilityClass(by_hand.disability),
    )
    await bench.send(known)
    result = await bench.roster(roster)
    assert (result.counts()["created"], result.counts()["updated"]) == (11, 1)
    consenting = person_id_of(bench.keys, roster.accepted[5].value.citizen_id)
    await bench.send(GiveConsent(person_id=consenting, purpose=Purpose.VISITS))
    seen: list[int] = []
    undone = await undo_import(bench.client, bench.token(), result.batch_id, seen.append)
    assert (undone.withdrawn, undone.restored, seen) == (10, 1, [12])
    kept = Kept(roster.accepted[5].row_no, consenting, "person.changed_since")
    assert undone.kept == (kept,)
    before = await bench.stored()
    assert before[-1] == "registry.import.undone"
    assert await undo_import(bench.client, bench.token(), result.batch_id) == undone
    assert await bench.stored() == before
    again = (await bench.roster(roster)).counts()
    assert (again["created"], again["updated"], again["unchanged"]) == (10, 1, 1)


async def test_a_list_that_says_otherwise_renames_and_reappoints(bench: Bench, sample: Sheets):
    await bench.communities(sample.communities)
    rows = list(sample.communities.rows)
    first = rows[0]
    assert isinstance(first, Accepted)
    line = dataclasses.replace(first.value, name="改名社区", grid_worker="新来的", director="另一位")
    other = dataclasses.replace(sample.communities, rows=(dataclasses.replace(first, value=line), *rows[1:]))
    counts = (await bench.communities(other)).counts()
    assert (counts["created"], counts["updated"], counts["unchanged"], counts["refused"]) == (0, 1, 7, {})
    await assert_again_changes_nothing(bench, lambda: bench.communities(other))


async def test_a_resource_that_changed_is_changed(bench: Bench, sample: Sheets):
    await bench.resources(sample.resources)
    rows = list(sample.resources.rows)
    first = rows[0]
    assert isinstance(first, Accepted)
    service = dataclasses.replace(first.value.service, opening_hours="全天", weekly_places=99)
    line = dataclasses.replace(first.value, service=service)
    other = dataclasses.replace(sample.resources, rows=(dataclasses.replace(first, value=line), *rows[1:]))
    counts = (await bench.resources(other)).counts()
    assert (counts["created"], counts["updated"], counts["refused"]) == (0, 1, {})
    await assert_again_changes_nothing(bench, lambda: bench.resources(other))
