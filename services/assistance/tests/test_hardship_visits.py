"""Households in special hardship are visited in rhythm."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, create_engine

from canlian_assistance.facts import household_visits
from canlian_assistance.households import Visited
from canlian_assistance.policies.hardship_visits import next_due, visit_in_rhythm
from canlian_assistance.rows import AssistanceRow
from canlian_assistance.views import views
from canlian_chassis.policy import Cancel, Later
from canlian_chassis.projection import fold_all
from canlian_events.assistance.visit import (
    FALLS_DUE_DAYS,
    CancelVisit,
    LetVisitFallDue,
    VisitCancelled,
    VisitCompleted,
    VisitFellDue,
    VisitScheduled,
)
from canlian_events.calendar import begin_of
from canlian_events.core import Event
from canlian_events.ids import derive
from canlian_events.meta import Meta
from canlian_events.registry.household import (
    VISIT_EVERY_DAYS,
    HardshipCleared,
    HardshipRecognised,
    HouseholdFormed,
    MemberJoined,
    MemberLeft,
)
from canlian_events.registry.person import ConsentGiven, ConsentWithdrawn, PersonRegistered
from canlian_events.terms import DisabilityClass, Hardship, MemberLeftWhy, Purpose, Sex, Tie

HOME, LI, WANG, HERE = "household_00000001", "person_00000001", "person_00000002", "429999001001"
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
META = Meta("11111111-event", 7, NOW, NOW, "policy:registry", HERE, "command-1")
RECOGNISED = HardshipRecognised(household_id=HOME, kind=Hardship.ORPHANED_OR_SEVERE, on=TODAY, reasons=())
QUARTERLY = HardshipRecognised(household_id=HOME, kind=Hardship.MULTIPLE_DISABLED, on=TODAY, reasons=())
CLEARED = HardshipCleared(household_id=HOME, kind=Hardship.ORPHANED_OR_SEVERE, on=TODAY)
FORMED = HouseholdFormed(household_id=HOME)


def registered(person_id: str) -> PersonRegistered:
    return PersonRegistered(
        person_id=person_id, community=HERE, name="李", citizen_id="x", birth_year=1980, sex=Sex.MALE,
        disability=DisabilityClass.VISUAL,
    )  # fmt: skip


def joined(person_id: str) -> MemberJoined:
    return MemberJoined(household_id=HOME, member_id=person_id)


def completed(visit_id: str = "visit_00000001", next_due: date | None = None) -> VisitCompleted:
    return VisitCompleted(
        visit_id=visit_id, person_id=LI, worker_id="worker_00000001", tie=Tie.FAMILY, next_due=next_due
    )


def follows(*events: Event) -> Sequence[object]:
    """What follows from the last of these, which all happened at noon of the day."""
    metas = [replace(META, id=f"event-{n}", position=n) for n in range(1, len(events) + 1)]
    tables = fold_all(views.projections, list(zip(events, metas, strict=True)))
    engine = create_engine("sqlite://")
    AssistanceRow.metadata.create_all(engine)
    with Session(engine) as session:
        for rows in tables.values():
            session.add_all(rows.values())
        session.flush()
        facts = household_visits(session, events[-1], metas[-1])  # type: ignore[arg-type]
    return visit_in_rhythm.consequences(events[-1], metas[-1], facts)


HOME_OF_LI = (registered(LI), FORMED, joined(LI))


def owed(due: date, after: str = "", person_id: str = LI) -> Later:
    command = LetVisitFallDue(
        visit_id=derive("visit", HOME, after), person_id=person_id, community=HERE, due=due, household_id=HOME
    )
    return Later(command, begin_of(due - timedelta(days=FALLS_DUE_DAYS)), f"rhythm-{HOME}")


def test_every_kind_has_a_rhythm_in_which_a_visitor_can_be_found():
    assert VISIT_EVERY_DAYS.keys() == set(Hardship)
    assert min(VISIT_EVERY_DAYS.values()) > FALLS_DUE_DAYS


def test_a_visit_falls_due_when_hardship_is_recognised():
    assert follows(*HOME_OF_LI, RECOGNISED) == [owed(date(2026, 12, 1))]


def test_two_kinds_at_once_owe_one_visit():
    first, second = follows(*HOME_OF_LI, QUARTERLY)[0], follows(*HOME_OF_LI, QUARTERLY, RECOGNISED)[0]
    assert first == second == owed(date(2026, 12, 1))


def test_after_a_visit_the_next_falls_due_in_the_rhythm_of_the_most_frequent_kind():
    assert follows(*HOME_OF_LI, QUARTERLY, completed()) == [owed(date(2027, 2, 22), "visit_00000001")]
    assert follows(*HOME_OF_LI, QUARTERLY, RECOGNISED, completed()) == [owed(date(2026, 12, 24), "visit_00000001")]


def test_an_earlier_visit_that_was_promised_takes_its_place_a_later_one_does_not():
    assert follows(*HOME_OF_LI, RECOGNISED, completed(next_due=date(2026, 12, 10))) == [Cancel(f"rhythm-{HOME}")]
    assert follows(*HOME_OF_LI, RECOGNISED, completed(next_due=date(2027, 3, 1))) == [
        owed(date(2026, 12, 24), "visit_00000001")
    ]


def test_while_a_visit_is_open_no_other_falls_due():
    scheduled = VisitScheduled(visit_id="visit_00000002", person_id=LI, worker_id="worker_00000001", due=TODAY)
    assert follows(*HOME_OF_LI, scheduled, RECOGNISED) == [Cancel(f"rhythm-{HOME}")]


def test_what_was_called_off_falls_due_again():
    fell_due = VisitFellDue(visit_id="visit_00000002", person_id=LI, due=TODAY, household_id=HOME)
    off = VisitCancelled(visit_id="visit_00000002", person_id=LI, why="x")
    assert follows(*HOME_OF_LI, RECOGNISED, fell_due, off) == [owed(date(2026, 12, 1), "visit_00000002")]


def test_when_hardship_is_cleared_nothing_is_due_any_more():
    fell_due = VisitFellDue(visit_id="visit_00000002", person_id=LI, due=TODAY, household_id=HOME)
    cancel, *visits = follows(*HOME_OF_LI, RECOGNISED, fell_due, CLEARED)
    assert cancel == Cancel(f"rhythm-{HOME}")
    assert [type(one) for one in visits] == [CancelVisit]
    scheduled = VisitScheduled(visit_id="visit_00000002", person_id=LI, worker_id="worker_00000001", due=TODAY)
    assert follows(*HOME_OF_LI, RECOGNISED, fell_due, scheduled, CLEARED) == [Cancel(f"rhythm-{HOME}")]


def test_the_visit_is_to_a_member_who_does_not_refuse_visits():
    refuses = ConsentWithdrawn(person_id=LI, purpose=Purpose.VISITS)
    both = (*HOME_OF_LI, registered(WANG), joined(WANG), refuses)
    assert follows(*both, RECOGNISED) == [owed(date(2026, 12, 1), person_id=WANG)]
    assert follows(*HOME_OF_LI, refuses, RECOGNISED) == [Cancel(f"rhythm-{HOME}")]
    agrees = ConsentGiven(person_id=LI, purpose=Purpose.VISITS)
    assert follows(*HOME_OF_LI, refuses, RECOGNISED, agrees) == [owed(date(2026, 12, 1))]


@pytest.mark.parametrize("event", [completed(), VisitCancelled(visit_id="visit_00000001", person_id=LI, why="x")])
def test_who_is_in_no_household_has_no_rhythm(event: Event):
    left = MemberLeft(household_id=HOME, member_id=LI, why=MemberLeftWhy.MOVED_OUT)
    assert follows(registered(LI), event) == []
    assert follows(*HOME_OF_LI, RECOGNISED, left, event) == []


def test_the_facts_are_none_for_nobody():
    assert visit_in_rhythm.consequences(RECOGNISED, META, None) == []
    nobody = Visited(HOME, HERE, frozenset(Hardship), None)
    assert visit_in_rhythm.consequences(RECOGNISED, META, nobody) == [Cancel(f"rhythm-{HOME}")]


DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@given(st.sets(st.sampled_from(Hardship), min_size=1), st.none() | DAYS, DAYS)
def test_a_visit_is_never_due_before_a_visitor_can_be_found_nor_later_than_the_rhythm(
    kinds: set[Hardship], last: date | None, today: date
):
    due = next_due(kinds, last, today)
    assert due >= today + timedelta(days=FALLS_DUE_DAYS)
    if last is not None and last <= today:
        rhythm = min(VISIT_EVERY_DAYS[kind] for kind in kinds)
        assert due <= max(today + timedelta(days=FALLS_DUE_DAYS), last + timedelta(days=rhythm))
