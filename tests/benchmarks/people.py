"""Finding somebody among 100,000 people, as the federation's tool does, beside what SQL alone would do: LIKE."""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, or_
from sqlmodel import Session, col, func, select

from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import free_port
from canlian_chassis.views.databases import Databases
from canlian_chassis.views.store import ViewStore
from canlian_events.ids import derive
from canlian_events.terms import DisabilityClass, Grade
from canlian_federation.households.hardship_kinds import hardships_of
from canlian_federation.people import name_matching
from canlian_federation.people.search import CertificateState, Order, Wanted, find
from canlian_federation.people.views import PersonEntry
from canlian_federation.population.views import population
from canlian_federation.views import views
from canlian_registry.person.certificates import expires
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.roster import RosterPerson
from tests.benchmarks.measure import Bench, Figure
from tests.benchmarks.town_views import write
from tests.support import postgres

PEOPLE = 100_000
SEARCHES = 150
"""A round; of each kind as many."""
SHOWN = 50
SCOPES = ("429999001",)
TODAY = date(2026, 11, 24)
EVERY_NUMBER = ("citizen_id", "certificate", "phone")
BOUND = (
    "The database reads all different names, or all their sounds, from an index and hands them over as one text; "
    "comparing them takes some 5 ms, and the people meant come by index. Of a number, or of codes, an index that holds "
    "all of them is read from end to end. What takes longest are a single letter or character, which thousands bear, "
    "and a number that nobody has, which is looked for again with one character wrong. See ADR 0021."
)


@dataclass(frozen=True, slots=True)
class Search:
    """What is typed, what the tool makes of it, and how the same is asked for by LIKE."""

    wanted: Wanted
    like: str


async def figures(bench: Bench) -> list[Figure]:
    people = list(made_up_people(bench.scaled(PEOPLE, least=3_000), 21, list(COMMUNITIES)))
    searches = list(_searches(people, random.Random(7)))
    rows = [_row(number, person) for number, person in enumerate(people)]
    found: list[Figure] = []
    with _postgres() as url:
        for kind, where in (("SQLite", None), ("Postgres", url)):
            settings = Settings(data=bench.folder / f"people-{uuid4().hex[:8]}", views_url=where)
            with _filled(settings, rows) as engine:
                found += await asyncio.to_thread(_measured, bench, engine, kind, searches)
    return found


def _measured(bench: Bench, engine: Engine, kind: str, searches: Sequence[Search]) -> list[Figure]:
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    counting: list[float] = []
    for number in range(1, bench.rounds + 1):
        ours.append(_times(engine, searches, _found))
        theirs.append(_times(engine, searches[::5], _liked))
        counting.append(_times(engine, searches[:1], lambda db, _: population(db, SCOPES, TODAY))[0])
        bench.say(f"{kind}, round {number}: p95 {_at(0.95, ours[-1]):.0f} ms beside {_at(0.95, theirs[-1]):.0f} ms")
    what = f"finding people among {PEOPLE:,}, {kind}"
    late = [_at(0.95, one) for one in ours]
    beside = "LIKE on name, pinyin and numbers, which finds no slip"
    return [
        Figure(f"{what} (p50)", "ms", [statistics.median(one) for one in ours], bound=BOUND),
        Figure(f"{what} (p95)", "ms", late, target=200, at_least=False),
        Figure(
            f"the same (p95), {kind}",
            "ms",
            [_at(0.95, one) for one in ours],
            beside,
            [_at(0.95, one) for one in theirs],
        ),
        Figure(
            f"the population's figures from {PEOPLE:,} people, {kind}",
            "ms",
            counting,
            bound="One reading of the index that holds all codes, grouped by the database.",
        ),
    ]


def _times(engine: Engine, searches: Sequence[Search], ask: Callable[[Session, Search], object]) -> list[float]:
    """Milliseconds of each, in a session of its own as a page has it."""
    times: list[float] = []
    for search in searches:
        began = time.perf_counter()
        with Session(engine) as db:
            ask(db, search)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _found(db: Session, search: Search) -> object:
    found = find(db, search.wanted, SCOPES, TODAY, limit=SHOWN)
    return hardships_of(db, [row.household_id for row in found.rows])


def _liked(db: Session, search: Search) -> object:
    fields = (PersonEntry.name, PersonEntry.pinyin, PersonEntry.certificate_number, PersonEntry.phone)
    held = or_(*(col(field).contains(search.like, autoescape=True) for field in fields))
    number = db.exec(select(func.count()).select_from(PersonEntry).where(held)).one()
    return number, db.exec(select(PersonEntry).where(held).order_by(col(PersonEntry.name)).limit(SHOWN)).all()


def _searches(people: Sequence[RosterPerson], chance: random.Random) -> Iterator[Search]:
    """As people are looked for: by a name, whole or begun, by its sound, with a slip, by a number, by codes."""
    for number in range(SEARCHES):
        person = chance.choice(people)
        name, said = person.name, name_matching.pinyin(person.name)
        place = chance.randrange(len(name))
        slipped = said.replace(" ", "")
        at = chance.randrange(1, len(slipped))
        match number % 15:
            case 0 | 1 | 2:
                yield Search(Wanted(name=name), name)
            case 3 | 4:
                wrong = name[:place] + chance.choice("文清林") + name[place + 1 :]
                yield Search(Wanted(name=wrong), wrong)
            case 5:
                yield Search(Wanted(name=name[:place] + name[place + 1 :] or name), name)
            case 6 | 7:
                yield Search(Wanted(name=said.replace(" ", "")), said)
            case 8:
                yield Search(Wanted(name=slipped[:at] + slipped[at + 1 :]), said)
            case 9:
                yield Search(Wanted(name=name_matching.initials(said)), name_matching.initials(said))
            case 10:
                yield Search(Wanted(name=name[0] if number % 2 else said[0]), name[0])
            case 11:
                part = person.certificate_number[6:14]
                yield Search(Wanted(numbers=[part], seen=EVERY_NUMBER), part)
            case 12:
                typed = person.citizen_id[:10] + chance.choice("0123456789") + person.citizen_id[11:]
                yield Search(Wanted(numbers=[typed], seen=EVERY_NUMBER), typed)
            case 13:
                codes = Wanted(
                    disability=DisabilityClass(person.disability), grade=Grade(person.grade), age_from=60, age_to=74
                )
                yield Search(codes, name[0])
            case _:
                state = chance.choice(list(CertificateState))
                yield Search(Wanted(name=name[:2], certificate=state, order=Order.EXPIRES), name[:2])


def _row(number: int, person: RosterPerson) -> PersonEntry:
    said = name_matching.pinyin(person.name)
    issued = person.certificate_issued
    return PersonEntry(
        person_id=derive("person", number),
        community=person.community,
        name=person.name,
        pinyin=said,
        initials=name_matching.initials(said),
        sound=name_matching.sound(said),
        birth_date=person.birth_date,
        birth_year=person.birth_date.year,
        sex=person.sex,
        disability=person.disability,
        grade=person.grade,
        citizen_id=person.citizen_id,
        certified=True,
        certificate_number=person.certificate_number,
        certificate_issued=issued,
        certificate_expires=issued and expires(issued),
        phone=person.phone,
        address=person.address,
        low_income=person.low_income,
        registered_on=TODAY,
    )


@contextmanager
def _filled(settings: Settings, rows: Sequence[PersonEntry]) -> Iterator[Engine]:
    """The tool's own view database with these people in it."""
    own = replace(views, opens=False, name=f"bench-{uuid4().hex[:8]}")
    databases = Databases(settings, own.name)
    store = ViewStore(own, databases, own.database(), None)
    store.open()
    try:
        write(store, settings, {PersonEntry: rows})
        if settings.views_url:
            with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
                db.exec_driver_sql("VACUUM ANALYZE")
        yield store.engine
    finally:
        store.drop()
        databases.close()


@contextmanager
def _postgres() -> Iterator[str]:
    folder, port = Path(tempfile.mkdtemp(prefix="canlian-postgres-")), free_port()
    try:
        postgres.start(folder, port)
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        postgres.server(folder, "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _at(share: float, times: Sequence[float]) -> float:
    return sorted(times)[round(share * (len(times) - 1))]
