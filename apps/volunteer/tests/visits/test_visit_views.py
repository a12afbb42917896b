"""What the view comes to, and how little of it is told before a visit's day."""

from datetime import UTC, date, datetime

from sqlmodel import Session, create_engine

from canlian_chassis.projection import fold_all
from canlian_events.assistance.visit import (
    VisitCancelled,
    VisitCompleted,
    VisitMissed,
    VisitReassigned,
    VisitScheduled,
    VisitTransferred,
)
from canlian_events.meta import Meta
from canlian_events.registry.community import CommunityOpened
from canlian_events.registry.person import AccessNeedsRecorded, PersonCorrected, PersonRegistered
from canlian_events.terms import AccessFeature, DisabilityClass, Sex, Tie
from canlian_volunteer.views import views
from canlian_volunteer.visits.queries import Door, agenda, own_visit
from canlian_volunteer.visits.views import PersonRow, State, VisitRow, VolunteerRow

VISIT, PERSON, ME, OTHER = "visit_00000001", "person_00000001", "worker_00000001", "worker_00000002"
HERE, THERE = "429999001001", "429999001002"
DUE = date(2026, 11, 24)
BEFORE, LATER = date(2026, 11, 23), date(2026, 11, 27)
AT = datetime(2026, 11, 20, 4, tzinfo=UTC)

OPENED = CommunityOpened(community=HERE, name="新华社区")
REGISTERED = PersonRegistered(
    person_id=PERSON,
    community=HERE,
    name="欧阳秀兰",
    citizen_id="x",
    phone="13800000001",
    address="和平路3号",
    birth_year=1961,
    sex=Sex.FEMALE,
    disability=DisabilityClass.HEARING,
)
NEEDS = AccessNeedsRecorded(person_id=PERSON, features=frozenset({AccessFeature.SIGN_LANGUAGE}))
SCHEDULED = VisitScheduled(visit_id=VISIT, person_id=PERSON, worker_id=ME, due=DUE, look_for="药")
COMPLETED = VisitCompleted(visit_id=VISIT, person_id=PERSON, worker_id=ME, tie=Tie.HEART, findings="很好")


def rows(*events):
    meta = Meta("event", 1, AT, AT, "social_worker:x", HERE, "command")
    return fold_all(views.projections, [(event, meta) for event in events])


def asked(query, *args, events):
    """The query's answer on a view of these events."""
    engine = create_engine("sqlite://")
    VolunteerRow.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as db:
        for table in rows(*events).values():
            db.add_all(table.values())
        db.flush()
        return query(db, *args)


def stop(today, *more):
    return asked(own_visit, VISIT, ME, today, events=[OPENED, REGISTERED, NEEDS, SCHEDULED, *more])


def test_of_a_person_only_what_is_needed_at_the_door_is_kept():
    assert rows(REGISTERED)[PersonRow][PERSON].model_dump() == {
        "person_id": PERSON,
        "surname": "欧阳",
        "sex": Sex.FEMALE,
        "address": "和平路3号",
        "features": [],
        "merged_into": None,
    }


def test_a_correction_changes_what_it_names_and_nothing_else():
    row = rows(REGISTERED, PersonCorrected(person_id=PERSON, address="新路1号"))[PersonRow][PERSON]
    assert (row.surname, row.address) == ("欧阳", "新路1号")


def test_on_its_day_the_visitor_sees_whom_where_and_what_to_look_for():
    today = stop(DUE)
    assert today.door == Door("欧阳", Sex.FEMALE, "和平路3号")
    assert (today.look_for, today.days_late, today.community) == ("药", 0, "新华社区")


def test_overdue_it_is_still_seen_with_the_days_it_is_late():
    assert stop(LATER).door is not None
    assert stop(LATER).days_late == 3


def test_before_its_day_neither_whom_nor_where_nor_what_to_look_for_is_told():
    early = stop(BEFORE)
    assert (early.door, early.look_for) == (None, None)
    assert early.features == (AccessFeature.SIGN_LANGUAGE,)


def test_once_it_is_over_the_address_is_not_told_any_more():
    over = stop(DUE, COMPLETED)
    assert (over.state, over.door, over.look_for) == (State.DONE, None, None)


def test_nobody_else_is_told_of_it():
    events = [OPENED, REGISTERED, SCHEDULED]
    assert asked(own_visit, VISIT, OTHER, DUE, events=events) is None
    assert asked(agenda, OTHER, DUE, events=events).ids == []


def test_a_visit_passes_to_whom_it_is_reassigned():
    given_away = VisitReassigned(visit_id=VISIT, worker_id=OTHER)
    events = [OPENED, REGISTERED, SCHEDULED, given_away]
    assert asked(own_visit, VISIT, ME, DUE, events=events) is None
    assert asked(agenda, OTHER, DUE, events=events).ids == [VISIT]


def test_when_the_person_moves_the_visit_is_nobodys():
    moved = VisitTransferred(visit_id=VISIT, person_id=PERSON, from_community=HERE, to_community=THERE, due=DUE)
    row = rows(SCHEDULED, moved)[VisitRow][VISIT]
    assert (row.worker_id, row.look_for, row.community) == (None, None, THERE)


def test_what_is_over_is_not_on_the_list():
    for over in (
        COMPLETED,
        VisitMissed(visit_id=VISIT, person_id=PERSON, why="没人"),
        VisitCancelled(visit_id=VISIT, person_id=PERSON, why="搬走"),
    ):
        assert asked(agenda, ME, DUE, events=[SCHEDULED, over]).ids == []


def test_the_list_is_todays_then_the_overdue_oldest_first_then_those_to_come():
    def on(number, day):
        return SCHEDULED.model_copy(update={"visit_id": f"visit_0000000{number}", "due": day})

    events = [on(1, date(2026, 11, 30)), on(2, BEFORE), on(3, DUE), on(4, date(2026, 11, 1))]
    found = asked(agenda, ME, DUE, events=events)
    assert [visit_id[-1] for visit_id in found.ids] == ["3", "4", "2", "1"]
    assert [len(part) for part in (found.today, found.late, found.later)] == [1, 2, 1]
