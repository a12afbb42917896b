"""Importing a roster of 100,000 people, from the sheet's rows to events, beside raw batches of 100."""

from __future__ import annotations

import itertools
import time
from datetime import date
from typing import Any

from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import Client
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.tokens import Signer
from canlian_sheets.columns import ROSTER, Recognised
from canlian_sheets.importer import import_roster
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.made_up.subdistrict import roster_line
from canlian_sheets.outcomes import Outcome
from canlian_sheets.roster import Roster, roster_rows
from canlian_sheets.tables import Row
from tests.benchmarks.callers import STAFF, append_batch, subject_of_nobody
from tests.benchmarks.commands import last_written, service
from tests.benchmarks.measure import Bench, Figure

PEOPLE = 100_000
BATCH = 100
SECONDS = 3.0


async def figures(bench: Bench) -> list[Figure]:
    """A part of the roster a round, turn by turn with the raw batches."""
    a_round = bench.scaled(PEOPLE, least=3_000) // bench.rounds
    people = made_up_people(10**9, 2, list(COMMUNITIES))
    async with bench.log(10_000) as log, service(log.settings, "canlian_registry", "registry") as serving:
        nc = serving.nc
        client, keys = Client(nc, patience=60.0), Keys.of(log.settings)
        token = Signer(key_folder(log.settings)).sign(STAFF, seconds=7200)

        async def ours() -> float:
            lines = [roster_line(person) for person in itertools.islice(people, a_round)]
            before = await Log(nc).last_position()
            began = time.perf_counter()
            done = await import_roster(client, token, keys, read(lines))
            took = time.perf_counter() - began
            assert done.counts()["created"] == a_round, done.counts()
            return (await Log(nc).last_position() - before) / took

        async def baseline() -> float:
            return await _raw(nc, await last_written(nc, BATCH))

        imported, raw = await bench.in_turn(ours, baseline, "importing (messages/s)")
    return [
        Figure(
            name=f"importing a roster of {PEOPLE:,} people, a row being three events and two claims",
            unit="messages/s",
            ours=imported,
            against="raw batches of 100 of the same events, one after another",
            baseline=raw,
            target=0.3,
            bound=(
                "The processor: the reader's checks and the digests in the importing process, and in the service "
                "the rules, two claims, some six sealed values and a key of their own for each person. The disk "
                "waits for both."
            ),
        )
    ]


def read(lines: list[dict[str, Any]]) -> Roster:
    """The rows as the reader of sheets gives them, without the file around them."""
    columns = {field.name: n for n, field in enumerate(ROSTER)}
    rows = (Row(n, tuple(line.get(name) or "" for name in columns)) for n, line in enumerate(lines, 1))
    communities = {name: code for code, name in COMMUNITIES.items()}
    read_ = tuple(roster_rows(rows, columns, communities, date(2026, 1, 1)))
    return Outcome("花名册", 1, (), Recognised(columns, (), {}), read_)


async def _raw(nc: Nats, messages: tuple[tuple[dict[str, str], str], ...]) -> float:
    """Messages a second."""
    began, stored = time.perf_counter(), 0
    while time.perf_counter() < began + SECONDS:
        subject, filter_ = subject_of_nobody()
        await append_batch(nc, subject, filter_, 0, messages)
        stored += len(messages)
    return stored / (time.perf_counter() - began)
