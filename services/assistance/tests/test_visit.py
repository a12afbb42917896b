"""The rules of a visit, as sentences."""

from datetime import date

import pytest

from canlian_assistance.facts import Known, KnownPerson
from canlian_assistance.visit.decider import visit
from canlian_chassis.testing.deciders import given
from canlian_events.assistance.visit import (
    CancelVisit,
    CompleteVisit,
    LetVisitFallDue,
    MissVisit,
    RaisedNeed,
    ReassignVisit,
    ScheduleVisit,
    TransferVisit,
    VisitCancelled,
    VisitCompleted,
    VisitFellDue,
    VisitMissed,
    VisitReassigned,
    VisitScheduled,
    VisitTransferred,
)
from canlian_events.meta import Actor
from canlian_events.personal import unsaid
from canlian_events.terms import Domain, Help, Role, Tie, VisitOccasion

TODAY = date(2026, 11, 24)
TOMORROW = date(2026, 11, 25)
ID, PERSON = "visit_00000001", "person_00000001"
HERE, THERE = "429999001001", "429999001002"
VOLUNTEER = Actor("worker_00000001", frozenset({Role.VOLUNTEER}), (HERE,))
ANOTHER = Actor("worker_00000002", frozenset({Role.VOLUNTEER}), (HERE,))
SOCIAL_WORKER = Actor("worker_00000003", frozenset({Role.SOCIAL_WORKER}), (HERE,))
STAFF = Actor("worker_00000004", frozenset({Role.STAFF}), ("429999001",))

POLICY = Actor("policy:assistance", frozenset({Role.POLICY}))

KNOWN = Known("open", KnownPerson(1960))

SCHEDULE = ScheduleVisit(visit_id=ID, person_id=PERSON, community=HERE, worker_id=VOLUNTEER.id, due=TODAY)
FELL_DUE = VisitFellDue(visit_id=ID, person_id=PERSON, due=TODAY)
SCHEDULED = VisitScheduled(visit_id=ID, person_id=PERSON, worker_id=VOLUNTEER.id, due=TODAY)
COMPLETE = CompleteVisit(visit_id=ID, tie=Tie.FAMILY, helps=frozenset({Help.ILLNESS}))
COMPLETED = VisitCompleted.from_(COMPLETE, person_id=PERSON, worker_id=VOLUNTEER.id)


def test_a_visit_is_scheduled_for_a_visitor_and_a_day():
    given(visit).when(SCHEDULE, by=SOCIAL_WORKER, facts=KNOWN).then(SCHEDULED)


def test_a_visit_that_fell_due_is_scheduled():
    given(visit, FELL_DUE).when(SCHEDULE, by=SOCIAL_WORKER, facts=KNOWN).then(SCHEDULED)


def test_a_visit_owed_to_one_person_is_not_scheduled_for_another():
    other = SCHEDULE.model_copy(update={"person_id": "person_00000002"})
    given(visit, FELL_DUE).when(other, by=SOCIAL_WORKER, facts=KNOWN).refused("visit.other_person")


def test_a_visit_falls_due_once():
    falls_due = LetVisitFallDue(visit_id=ID, person_id=PERSON, community=HERE, due=TODAY)
    given(visit).when(falls_due, by=SOCIAL_WORKER, facts=KNOWN).then(FELL_DUE)
    given(visit, FELL_DUE).when(falls_due, by=SOCIAL_WORKER, facts=KNOWN).unchanged()


def test_the_assigned_visitor_completes_it():
    given(visit, SCHEDULED).when(COMPLETE, by=VOLUNTEER).then(COMPLETED)


def test_only_the_assigned_visitor_completes_it():
    given(visit, SCHEDULED).when(COMPLETE, by=ANOTHER).refused("visit.not_yours")


def test_staff_write_down_what_a_visitor_reported():
    given(visit, SCHEDULED).when(COMPLETE, by=STAFF).then(COMPLETED)


def test_it_is_not_completed_before_its_day():
    early = SCHEDULED.model_copy(update={"due": TOMORROW})
    given(visit, early).when(COMPLETE, by=VOLUNTEER).refused("visit.too_early", due=TOMORROW)


def test_the_next_visit_is_later_than_this_one():
    again = COMPLETE.model_copy(update={"next_due": TODAY})
    given(visit, SCHEDULED).when(again, by=VOLUNTEER).refused("visit.next_not_later")


def test_a_visit_nobody_is_named_for_cannot_be_completed():
    given(visit, FELL_DUE).when(COMPLETE, by=VOLUNTEER).refused("visit.not_scheduled")


def test_a_visit_is_not_completed_twice():
    given(visit, SCHEDULED, COMPLETED).when(COMPLETE, by=VOLUNTEER).refused("visit.over", how="completed")


def test_a_visit_nobody_knows_is_refused():
    given(visit).when(COMPLETE, by=VOLUNTEER).refused("visit.unknown")


def test_a_scheduled_visit_is_not_scheduled_again_but_reassigned():
    given(visit, SCHEDULED).when(SCHEDULE, by=SOCIAL_WORKER, facts=KNOWN).refused("visit.already_scheduled")
    reassign = ReassignVisit(visit_id=ID, worker_id=ANOTHER.id)
    reassigned = VisitReassigned(visit_id=ID, worker_id=ANOTHER.id)
    given(visit, SCHEDULED).when(reassign, by=SOCIAL_WORKER).then(reassigned)
    given(visit, SCHEDULED, reassigned).when(reassign, by=SOCIAL_WORKER).unchanged()
    given(visit, SCHEDULED, reassigned).when(COMPLETE, by=VOLUNTEER).refused("visit.not_yours")


def test_nobody_at_home_is_a_missed_visit():
    miss = MissVisit(visit_id=ID, why="没有人在家")
    given(visit, SCHEDULED).when(miss, by=VOLUNTEER).then(VisitMissed(visit_id=ID, person_id=PERSON, why="没有人在家"))
    given(visit, SCHEDULED).when(miss, by=ANOTHER).refused("visit.not_yours")


def test_a_visit_is_cancelled_with_a_reason():
    cancel = CancelVisit(visit_id=ID, why="本人住院")
    cancelled = VisitCancelled(visit_id=ID, person_id=PERSON, why="本人住院")
    given(visit, SCHEDULED).when(cancel, by=SOCIAL_WORKER).then(cancelled)
    given(visit, FELL_DUE).when(cancel, by=SOCIAL_WORKER).then(cancelled)


def test_a_visit_follows_a_person_who_moves_and_waits_for_a_visitor_there():
    transfer = TransferVisit(visit_id=ID, community=THERE)
    transferred = VisitTransferred(visit_id=ID, person_id=PERSON, from_community=HERE, to_community=THERE, due=TODAY)
    given(visit, SCHEDULED).when(transfer, by=SOCIAL_WORKER, community=THERE, before=HERE).then(transferred)
    given(visit, SCHEDULED, transferred).when(COMPLETE, by=VOLUNTEER).refused("visit.not_scheduled")
    there = [SCHEDULED, transferred]
    given(visit, *there).when(transfer, by=SOCIAL_WORKER, community=THERE, before=THERE).unchanged()
    given(visit, SCHEDULED, COMPLETED).when(transfer, by=SOCIAL_WORKER, community=THERE, before=HERE).unchanged()


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (Known("open", KnownPerson(1960, refuses_visits=True)), "visit.consent_withdrawn"),
        (Known("open"), "person.unknown"),
        (Known(None, KnownPerson(1960)), "community.unknown"),
        (Known("closed", KnownPerson(1960)), "community.closed"),
    ],
)
def test_nobody_is_visited_who_does_not_want_it_or_whom_nobody_knows(facts: Known, code: str):
    falls_due = LetVisitFallDue(visit_id=ID, person_id=PERSON, community=HERE, due=TODAY)
    given(visit).when(SCHEDULE, by=SOCIAL_WORKER, facts=facts).refused(code)
    given(visit, FELL_DUE).when(SCHEDULE, by=SOCIAL_WORKER, facts=facts).refused(code)
    given(visit).when(falls_due, by=SOCIAL_WORKER, facts=facts).refused(code)


ERASED = Known("open", KnownPerson(1960, erased=True))


def test_the_visit_of_an_erased_person_is_cancelled_without_a_word_about_them():
    cancelled = VisitCancelled(visit_id=ID, person_id=PERSON, why=unsaid(PERSON))
    cancel = CancelVisit(visit_id=ID, why="删除")
    given(visit, SCHEDULED).when(cancel, by=SOCIAL_WORKER, facts=ERASED).then(cancelled)


def test_an_erased_person_is_not_visited():
    given(visit).when(SCHEDULE, by=SOCIAL_WORKER, facts=ERASED).refused("person.erased")
    given(visit, SCHEDULED).when(COMPLETE, by=VOLUNTEER, facts=ERASED).refused("person.erased")


DEAD = Known("open", KnownPerson(1960, died_on=date(2026, 11, 20)))
OWED = LetVisitFallDue(visit_id=ID, person_id=PERSON, community=HERE, due=TODAY, occasion=VisitOccasion.BEREAVEMENT)
BEREAVED = VisitFellDue.from_(OWED)


def test_the_household_of_somebody_who_died_is_visited_and_nobody_else_for_them():
    given(visit).when(OWED, by=POLICY, facts=DEAD).then(BEREAVED)
    planned = VisitScheduled.from_(SCHEDULED, occasion=VisitOccasion.BEREAVEMENT)
    given(visit, BEREAVED).when(SCHEDULE, by=SOCIAL_WORKER, facts=DEAD).then(planned)
    given(visit, BEREAVED, planned).when(COMPLETE, by=VOLUNTEER, facts=DEAD).then(COMPLETED)
    given(visit).when(SCHEDULE, by=SOCIAL_WORKER, facts=DEAD).refused("person.dead")
    given(visit, FELL_DUE).when(SCHEDULE, by=SOCIAL_WORKER, facts=DEAD).refused("person.dead")


def test_a_household_that_refused_visits_is_left_alone_in_its_bereavement_too():
    refuses = Known("open", KnownPerson(1960, refuses_visits=True, died_on=date(2026, 11, 20)))
    given(visit).when(OWED, by=POLICY, facts=refuses).refused("visit.consent_withdrawn")


def test_no_need_and_no_next_visit_is_recorded_for_the_dead():
    again = COMPLETE.model_copy(update={"next_due": date(2027, 1, 1)})
    need = COMPLETE.model_copy(update={"needs": (RaisedNeed(domain=Domain.RIGHTS),)})
    for command in (again, need):
        given(visit, SCHEDULED).when(command, by=VOLUNTEER, facts=DEAD).refused("visit.for_the_dead")


def test_a_visit_passed_on_keeps_what_it_is_for():
    passed = VisitTransferred(visit_id=ID, person_id=PERSON, from_community=HERE, to_community=THERE, due=TODAY)
    planned = VisitScheduled.from_(SCHEDULED, occasion=VisitOccasion.BEREAVEMENT)
    given(visit, BEREAVED, passed).when(SCHEDULE, by=SOCIAL_WORKER, facts=DEAD).then(planned)
