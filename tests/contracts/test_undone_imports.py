"""An import, then its undo: all rows of all tools' and services' views are as they were before."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.test_withdrawals import VIEWS

from canlian_chassis.bus.client import Client, connect
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import Log
from canlian_chassis.projection import fold_all
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import nats_server
from canlian_chassis.tokens import Signer
from canlian_events import subjects
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.registry.community import OpenCommunity
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import DisabilityClass, Role
from canlian_registry.app import service as registry
from canlian_sheets.columns import ROSTER, Recognised
from canlian_sheets.importer import import_roster, person_id_of, undo_import
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.outcomes import Accepted
from canlian_sheets.roster import Roster, RosterPerson

COLUMNS = {field.name: at for at, field in enumerate(ROSTER)}
HISTORY = {"trail", "used_commands", "record", "imports", "sheet_rows"}
"""What happened stays known, an undo too: these tell of events, and of the imports themselves."""
OPERATOR = Actor("worker_00000001", frozenset({Role.OPERATOR}), ("429999001",))


class Bench:
    def __init__(self, client: Client, log: Log, settings: Settings) -> None:
        self.client, self.log, self.keys = client, log, Keys.of(settings)
        self.token = Signer(key_folder(settings)).sign(OPERATOR)

    async def send(self, command: Command) -> None:
        await self.client.send(command, token=self.token)

    async def bring_in(self, people: list[RosterPerson]) -> str:
        rows = tuple(Accepted(row, who) for row, who in enumerate(people, 2))
        roster = Roster("r", 1, tuple(COLUMNS), Recognised(COLUMNS, (), {}), rows)
        return (await import_roster(self.client, self.token, self.keys, roster)).batch_id

    async def rows(self) -> Mapping[str, Any]:
        """Every row of every view, once what follows by itself, such as an expiry, has followed."""
        rows, earlier = await self._rows(), None
        while rows != earlier:
            await asyncio.sleep(1)
            rows, earlier = await self._rows(), rows
        return rows

    async def _rows(self) -> Mapping[str, Any]:
        events = []
        for entry in await self.log.read(subjects.EVENTS):
            event, meta = read_entry(entry)
            events.append((self.keys.open(event, meta.id), meta))
        found = {}
        for views in VIEWS:
            kept = [projection for projection in views.projections if projection.name not in HISTORY]
            for kind, rows in fold_all(kept, events).items():
                found[f"{views.name}.{kind.__tablename__}"] = {key: row.model_dump() for key, row in rows.items()}
        return found


def stated(row: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What a row says. When it changed goes on whatever is undone; one that only says when is of somebody gone."""
    if row is None or "changed" not in row:
        return row or {}
    facts = {field: value for field, value in row.items() if field != "changed"}
    return facts if any(value for field, value in facts.items() if field != "person_id") else {}


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for table, rows in after.items():
        for key in rows.keys() | before[table].keys():
            was, now = stated(before[table].get(key)), stated(rows.get(key))
            for field in was.keys() | now.keys():
                if was.get(field) != now.get(field):
                    yield table, key, field, was.get(field), now.get(field)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    with nats_server(tmp_path / "nats") as server:
        settings = Settings(nats_url=server.url, data=tmp_path / "var")
        here = copy.copy(registry)
        here.settings = settings
        async with here.running(), connect(settings, "test") as nc:
            yield Bench(Client(nc), Log(nc), settings)


async def test_all_views_are_as_they_were_before(bench: Bench) -> None:
    for code, name in COMMUNITIES.items():
        await bench.send(OpenCommunity(community=code, name=name))
    people = list(made_up_people(30, 5, list(COMMUNITIES)))
    by_hand = people[0]
    known = person_id_of(bench.keys, by_hand.citizen_id)
    await bench.send(
        RegisterPerson(
            person_id=known,
            community=by_hand.community,
            name="另一写法",
            citizen_id=by_hand.citizen_id,
            disability=DisabilityClass(by_hand.disability),
        )
    )
    await bench.bring_in([replace(who, phone=None, address=None, low_income=None) for who in people[1:20]])
    before = await bench.rows()
    elsewhere = next(code for code in COMMUNITIES if code != people[2].community)
    changed = [
        by_hand,
        replace(people[1], phone="19900999999", address="九号楼", low_income=True),
        replace(people[2], community=elsewhere, address="八号楼"),
        replace(people[3], name="改名", certificate_number=people[3].certificate_number + "B7"),
        replace(people[4], certificate_issued=date(2026, 1, 5), note="独居", guardian_name="王五"),
        *people[5:],
    ]
    import_id = await bench.bring_in(changed)
    assert await bench.rows() != before
    undone = await undo_import(bench.client, bench.token, import_id)
    assert (undone.kept, undone.withdrawn) == ((), 10)
    after = await bench.rows()
    assert list(differing(before, after)) == []
