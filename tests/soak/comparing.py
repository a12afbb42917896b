"""After the soak: what was acknowledged beside what the log holds, and every view beside a fresh fold."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from canlian_chassis.bus import connect
from canlian_chassis.log.jetstream import Log
from canlian_chassis.policies.parked import Parking
from canlian_chassis.settings import Settings
from canlian_chassis.views.check import kept_store
from canlian_events import subjects
from canlian_events.ids import derive_uuid
from tests.soak.sending import Ledger
from tests.support.fresh import VIEWS, differences, views_of


@dataclass
class Findings:
    """Command ids, event ids and tables that are not as they must be; all empty where nothing was lost or doubled."""

    events: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    """Part → rows compared."""
    lost: list[str] = field(default_factory=list)
    """Acknowledged commands whose events are not in the log, where the answer said and as many as it said."""
    doubled: list[str] = field(default_factory=list)
    """Events that are in the log twice."""
    half: list[str] = field(default_factory=list)
    """Commands some of whose events are in the log, but not the first ones."""
    refused_but_stored: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    """Tables that a fresh fold does not give."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Part → events its views could not fold."""
    parked: list[str] = field(default_factory=list)
    """Events that policies could not answer."""

    @property
    def wrong(self) -> bool:
        return any(
            (self.lost, self.doubled, self.half, self.refused_but_stored, self.different, self.skipped, self.parked)
        )


async def compare(ledger: Ledger, nats_url: str, data: Path) -> Findings:
    found = Findings()
    settings = Settings(nats_url=nats_url, data=data)
    async with connect(settings, "soak") as nc:
        await _compare_log(found, Log(nc), ledger)
        parking = await Parking.open(nc)
        found.parked = [f"{p.place}: {p.event}: {p.why}" for p in await parking.parked()]
    for part in VIEWS:
        tables = await asyncio.to_thread(differences, part, nats_url, data)
        found.different += [f"{part}.{table}: {rows}" for table, rows in tables.items()]
        found.rows[part], skipped = await asyncio.to_thread(_count, part, settings)
        if skipped:
            found.skipped[part] = skipped
    return found


async def _compare_log(found: Findings, log: Log, ledger: Ledger) -> None:
    stored: dict[str, list[tuple[str, int]]] = {}
    ids: Counter[str] = Counter()
    for entry in await log.read(subjects.EVENTS):
        id_ = entry.headers["ce-id"]
        ids[id_] += 1
        stored.setdefault(entry.headers["ce-command"], []).append((id_, entry.position))
    found.events = sum(ids.values())
    found.doubled = [id_ for id_, times in ids.items() if times > 1]
    for command, answer in ledger.acknowledged.items():
        own = set(answer.events)
        # an answer names the events of the command's own aggregate; others of the same batch are in the log beside them
        if not own <= set(stored.get(command, [])):
            found.lost.append(command)
    for command, events in stored.items():
        if {id_ for id_, _ in events} != {derive_uuid(command, index) for index in range(len(events))}:
            found.half.append(command)
    found.refused_but_stored = [command for command in ledger.refused if command in stored]


def _count(part: str, settings: Settings) -> tuple[int, int]:
    """Rows of the part's views, and events they could not fold."""
    store = kept_store(views_of(part), settings)
    with store.engine.connect() as db:
        tables = store.views.rows.metadata.sorted_tables
        rows = sum(db.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
    skipped = len(store.skipped())
    store.close()
    return rows, skipped
