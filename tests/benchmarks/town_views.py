"""The federation's views of 100,000 people, folded in memory from what would have happened: no log, no import."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from canlian_chassis.projection import fold_all
from canlian_chassis.row import Row
from canlian_chassis.settings import Settings
from canlian_chassis.views.databases import Databases
from canlian_chassis.views.store import ViewStore
from canlian_chassis.views.table import ViewTable
from canlian_events.core import Event
from canlian_events.ids import derive, derive_uuid
from canlian_events.meta import Meta
from canlian_events.registry.community import CommunityOpened
from canlian_events.registry.household import HardshipRecognised, HouseholdFormed, MemberJoined
from canlian_events.registry.person import (
    CertificateIssued,
    Circumstances,
    CircumstancesRecorded,
    PersonRegistered,
)
from canlian_events.terms import DisabilityClass, Grade, Hardship, Sex
from canlian_federation.views import views
from canlian_registry.person.certificates import expires
from canlian_sheets.made_up.people import COMMUNITIES
from canlian_sheets.roster import RosterPerson

OPENED = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
HOUSEHOLDS = 10
"""Of so many people each second one lives with the next in a household that is formed."""


def fill(settings: Settings, people: Sequence[RosterPerson]) -> None:
    """The federation's view database with these people in it, complete as far as an empty log goes."""
    own = replace(views, opens=False)
    databases = Databases(settings, own.name)
    store = ViewStore(own, databases, own.database(), None)
    store.open()
    try:
        found = fold_all(own.projections, list(_enveloped(_happened(people))))
        write(store, settings, {row: list(rows.values()) for row, rows in found.items()})
        store.complete()
    finally:
        store.close()
        databases.close()


def write(store: ViewStore, settings: Settings, tables: Mapping[type[Row], Sequence[Row]]) -> None:
    """The rows of each table, all at once."""
    schema = str(store.name) if settings.views_url else None
    with store.engine.execution_options(writes=True).begin() as db:
        for row, rows in tables.items():
            ViewTable(row, schema, store.engine.dialect).write(db, rows)


def person_id(number: int) -> str:
    return derive("person", number)


def _happened(people: Sequence[RosterPerson]) -> Iterator[tuple[str, Event]]:
    for code, name in COMMUNITIES.items():
        yield code, CommunityOpened(community=code, name=name)
    for number, person in enumerate(people):
        yield from ((person.community, event) for event in _registered(number, person))
    chance = random.Random(3)
    for number in range(0, len(people) - 1, HOUSEHOLDS):
        household_id, where = derive("household", number), people[number].community
        yield where, HouseholdFormed(household_id=household_id)
        for one in (number, number + 1):
            yield where, MemberJoined(household_id=household_id, member_id=person_id(one))
        kind = chance.choice([*Hardship, None])
        if kind:
            yield where, HardshipRecognised(household_id=household_id, kind=kind, on=date(2026, 2, 1), reasons=())


def _registered(number: int, person: RosterPerson) -> Iterator[Event]:
    id_, issued = person_id(number), person.certificate_issued
    yield PersonRegistered(
        person_id=id_,
        community=person.community,
        name=person.name,
        citizen_id=person.citizen_id,
        phone=person.phone,
        address=person.address,
        birth_year=person.birth_date.year,
        sex=Sex(person.sex),
        disability=DisabilityClass(person.disability),
        grade=Grade(person.grade),
    )
    yield CertificateIssued(
        person_id=id_,
        number=person.certificate_number,
        issued=issued,
        expires=issued and expires(issued),
    )
    yield CircumstancesRecorded(person_id=id_, circumstances=Circumstances(low_income=person.low_income))


def _enveloped(happened: Iterator[tuple[str, Event]]) -> Iterator[tuple[Event, Meta]]:
    for position, (community, event) in enumerate(happened, 1):
        id_ = derive_uuid("benchmark", position)
        yield event, Meta(id_, position, OPENED, OPENED, "staff:worker_00000001", community, id_)
