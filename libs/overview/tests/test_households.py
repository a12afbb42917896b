"""Households in a tool's view: what holds for them, and which were not visited in their rhythm."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData
from sqlmodel import Session, create_engine

from canlian_chassis.projection import fold_all
from canlian_chassis.row import Row
from canlian_events.assistance.visit import FALLS_DUE_DAYS, VisitCompleted, VisitFellDue
from canlian_events.core import Event
from canlian_events.meta import Meta
from canlian_events.registry.duplicates import MergedInto
from canlian_events.registry.household import (
    CarerNamed,
    HardshipCleared,
    HardshipExplained,
    HardshipReason,
    HardshipRecognised,
    HouseholdDissolved,
    HouseholdFormed,
    HouseholdMoved,
    MemberJoined,
    MemberLeft,
)
from canlian_events.terms import Hardship, HardshipFact, Kinship, MemberLeftWhy, Tie
from canlian_overview.households import Homes, Line, Wanted, due_on, homes


class HomeTestRow(Row):
    metadata = MetaData()


HOMES: Homes = homes(HomeTestRow)
HERE, THERE, ALL = "429999001001", "429999001002", ("429999001",)
HOME, LI, WANG, MOTHER = "household_00000001", "person_00000001", "person_00000002", "relative_00000001"
TODAY = date(2026, 11, 24)
META = Meta("event", 1, datetime.now(UTC), datetime.now(UTC), "staff:x", HERE, "command")
FORMED = HouseholdFormed(household_id=HOME)
LI_IN = MemberJoined(household_id=HOME, member_id=LI)
SEVERE = HardshipReason(member_id=LI, fact=HardshipFact.SEVERE)


def recognised(kind: Hardship = Hardship.ORPHANED_OR_SEVERE, on: date = TODAY, home: str = HOME) -> HardshipRecognised:
    return HardshipRecognised(household_id=home, kind=kind, on=on, reasons=(SEVERE,))


def seen(*events: Event | tuple[Event, date], community: str = HERE) -> Session:
    """The view after these, each on a day; today unless it says otherwise."""
    dated = [event if isinstance(event, tuple) else (event, TODAY) for event in events]
    noon = [datetime.combine(day, time(4), UTC) for _, day in dated]
    metas = [
        replace(META, id=f"event-{n}", position=n, said_at=at, at=at, community=community) for n, at in enumerate(noon)
    ]
    tables = fold_all(HOMES.projections, [(event, meta) for (event, _), meta in zip(dated, metas, strict=True)])
    engine = create_engine("sqlite://")
    HomeTestRow.metadata.create_all(engine)
    session = Session(engine)
    for rows in tables.values():
        session.add_all(rows.values())
    session.flush()
    return session


def visited(on: date, person_id: str = LI, n: int = 1) -> tuple[Event, date]:
    visit_id = f"visit_{n:08d}"
    return VisitCompleted(visit_id=visit_id, person_id=person_id, worker_id="worker_00000001", tie=Tie.FAMILY), on


def listed(db: Session, today: date = TODAY, **wanted: object) -> list[Line]:
    return HOMES.lines(db, Wanted(ALL, **wanted), today)[0]  # type: ignore[arg-type]


def test_a_household_knows_its_members_its_carers_and_its_hardship():
    mother = MemberJoined(household_id=HOME, member_id=MOTHER, kinship=Kinship.PARENT)
    cares = CarerNamed(household_id=HOME, person_id=LI, carer_id=MOTHER)
    [line] = listed(seen(FORMED, LI_IN, mother, cares, recognised()))
    assert (line.row.persons, line.row.relatives, line.row.carers_of(LI)) == ([LI], [MOTHER], [MOTHER])
    assert (line.row.carerless, line.row.kinds, line.row.every_days) == (False, [Hardship.ORPHANED_OR_SEVERE], 30)
    assert line.row.reasons(Hardship.ORPHANED_OR_SEVERE) == [SEVERE]
    left = MemberLeft(household_id=HOME, member_id=MOTHER, why=MemberLeftWhy.DIED)
    [line] = listed(seen(FORMED, LI_IN, mother, cares, left))
    assert (line.row.relatives, line.row.carers, line.row.carerless) == ([], [], True)


def test_other_reasons_do_not_change_since_when_and_what_is_cleared_is_gone():
    explained = HardshipExplained(household_id=HOME, kind=Hardship.ORPHANED_OR_SEVERE, on=TODAY, reasons=())
    before = recognised(on=date(2026, 1, 1))
    [line] = listed(seen(FORMED, LI_IN, before, explained))
    assert (line.row.since, line.row.reasons(Hardship.ORPHANED_OR_SEVERE)) == (date(2026, 1, 1), [])
    cleared = HardshipCleared(household_id=HOME, kind=Hardship.ORPHANED_OR_SEVERE, on=TODAY)
    [line] = listed(seen(FORMED, LI_IN, before, cleared))
    assert (line.row.since, line.row.every_days, line.row.kinds) == (None, None, [])


def test_lists_are_by_community_kind_and_carer_and_leave_out_what_was_dissolved():
    db = seen(FORMED, LI_IN, recognised())
    assert len(listed(db, kind=Hardship.ORPHANED_OR_SEVERE)) == len(listed(db, carerless=True)) == 1
    assert listed(db, kind=Hardship.MULTIPLE_DISABLED) == []
    assert HOMES.lines(db, Wanted([THERE]), TODAY) == ([], 0)
    moved = HouseholdMoved(household_id=HOME, from_community=HERE, to_community=THERE)
    assert HOMES.lines(seen(FORMED, LI_IN, moved), Wanted([THERE]), TODAY)[1] == 1
    assert listed(seen(FORMED, LI_IN, HouseholdDissolved(household_id=HOME))) == []


def test_who_was_not_visited_in_rhythm():
    begun = recognised(on=date(2026, 9, 1))
    late = date(2026, 9, 1) + timedelta(days=FALLS_DUE_DAYS + 1)
    assert listed(seen(FORMED, LI_IN, begun), today=late - timedelta(days=1), late=True) == []
    assert len(listed(seen(FORMED, LI_IN, begun), today=late, late=True)) == 1
    made = visited(date(2026, 10, 1))
    assert listed(seen(FORMED, LI_IN, begun, made), today=date(2026, 10, 31), late=True) == []
    [line] = listed(seen(FORMED, LI_IN, begun, made), today=date(2026, 11, 1), late=True)
    assert (line.last, line.late_days(date(2026, 11, 1))) == (date(2026, 10, 1), 1)


def test_a_visit_under_a_merged_file_counts_for_the_household():
    begun = recognised(on=date(2026, 9, 1))
    merged = MergedInto(person_id=WANG, into=LI)
    db = seen(FORMED, LI_IN, begun, merged, visited(TODAY, WANG))
    assert listed(db, late=True) == []
    assert listed(db)[0].last == TODAY
    assert HOMES.of_person(db, WANG) == HOMES.of_person(db, LI) is not None


def test_the_open_visit_stands_beside_the_household():
    due = VisitFellDue(visit_id="visit_00000009", person_id=LI, due=date(2026, 12, 1), household_id=HOME)
    [line] = listed(seen(FORMED, LI_IN, recognised(), due))
    assert line.owed is not None
    assert line.owed.due == date(2026, 12, 1)
    assert listed(seen(FORMED, LI_IN, recognised(), due, visited(TODAY, n=9)))[0].owed is None


def test_counts_are_of_each_kind():
    db = seen(FORMED, LI_IN, recognised(on=date(2026, 9, 1)), recognised(Hardship.MULTIPLE_DISABLED))
    counted = {one.kind: (one.households, one.carerless, one.late) for one in HOMES.standing(db, ALL, TODAY).kinds}
    assert counted[Hardship.ORPHANED_OR_SEVERE] == counted[Hardship.MULTIPLE_DISABLED] == (1, 1, 1)
    assert counted[Hardship.MULTIPLE_DISABILITIES] == (0, 0, 0)
    standing = HOMES.standing(db, ALL, TODAY)
    assert (standing.households, standing.hardship, standing.late, standing.carerless) == (1, 1, 1, 1)
    assert HOMES.standing(db, [THERE], TODAY).households == 0


DAYS = st.integers(0, 200).map(lambda n: date(2026, 5, 1) + timedelta(days=n))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Hardship), DAYS, st.none() | DAYS), min_size=1, max_size=5), DAYS)
def test_the_list_of_who_is_late_is_what_the_rule_says_of_each(found: list[tuple[Hardship, date, date | None]], today):
    def told(n: int, kind: Hardship, since: date, last: date | None) -> Iterable[Event | tuple[Event, date]]:
        home, person_id = f"household_{n:08d}", f"person_{n:08d}"
        yield HouseholdFormed(household_id=home)
        yield MemberJoined(household_id=home, member_id=person_id)
        yield recognised(kind, since, home)
        if last:
            yield visited(last, person_id, n)

    db = seen(*(event for n, one in enumerate(found) for event in told(n, *one)))
    everyone = listed(db, today)
    assert len(everyone) == len(found)
    expected = {line.row.household_id for line in everyone if line.late_days(today)}
    assert {line.row.household_id for line in listed(db, today, late=True)} == expected


@pytest.mark.parametrize(
    ("last", "due"), [(None, date(2026, 9, 8)), (date(2026, 8, 1), date(2026, 9, 8)), (TODAY, date(2026, 12, 24))]
)
def test_by_when_a_household_is_to_be_visited(last: date | None, due: date):
    assert due_on(last, date(2026, 9, 1), 30) == due
    assert due_on(last, None, None) is None
