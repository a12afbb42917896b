"""The rules of a visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never, get_args

from canlian_assistance.facts import Known, known, not_erased
from canlian_chassis.decider import Decider, Given, Rejected
from canlian_events.assistance.visit import (
    VISIT,
    CancelVisit,
    CompleteVisit,
    LetVisitFallDue,
    MissVisit,
    ReassignVisit,
    ScheduleVisit,
    TransferVisit,
    VisitCancelled,
    VisitCommand,
    VisitCompleted,
    VisitEvent,
    VisitFellDue,
    VisitMissed,
    VisitReassigned,
    VisitScheduled,
    VisitTransferred,
)
from canlian_events.calendar import day_of
from canlian_events.personal import unsaid
from canlian_events.terms import Role, VisitOccasion


@dataclass(frozen=True, slots=True)
class Due:
    """Owed, and nobody named for it yet."""

    person_id: str
    due: date
    occasion: VisitOccasion | None = None


@dataclass(frozen=True, slots=True)
class Scheduled:
    person_id: str
    worker_id: str
    due: date
    occasion: VisitOccasion | None = None


@dataclass(frozen=True, slots=True)
class Over:
    how: Literal["completed", "missed", "cancelled"]


Visit = Due | Scheduled | Over | None


def decide(command: VisitCommand, visit: Visit, given: Given) -> Sequence[VisitEvent]:
    if not isinstance(command, CancelVisit | TransferVisit) and not isinstance(visit, Over):
        not_erased(given.facts)
    match command, visit:
        case LetVisitFallDue(), None:
            _may_be_visited(given.facts, command.occasion)
            return [VisitFellDue.from_(command)]
        case LetVisitFallDue(), _:
            return []
        case ScheduleVisit(), None:
            _may_be_visited(given.facts)
            return [VisitScheduled.from_(command)]
        case ScheduleVisit(), Due(person_id=person_id, occasion=occasion):
            if command.person_id != person_id:
                raise Rejected("visit.other_person")
            _may_be_visited(given.facts, occasion)
            return [VisitScheduled.from_(command, occasion=occasion)]
        case ReassignVisit(), Scheduled(worker_id=worker_id):
            return [] if command.worker_id == worker_id else [VisitReassigned.from_(command)]
        case CompleteVisit(), Scheduled():
            return _complete(command, visit, given)
        case MissVisit(), Scheduled(person_id=person_id):
            _only_the_visitor(visit, given)
            return [VisitMissed.from_(command, person_id=person_id)]
        case CancelVisit(), Scheduled(person_id=person_id) | Due(person_id=person_id):
            erased = given.facts is not None and given.facts.erased
            why = unsaid(person_id) if erased else command.why
            return [VisitCancelled.from_(command, person_id=person_id, why=why)]
        case TransferVisit(), Over():
            return []
        case TransferVisit(), Scheduled(person_id=person_id, due=due) | Due(person_id=person_id, due=due):
            return _transfer(command, person_id, due, given)
        case _, None:
            raise Rejected("visit.unknown")
        case _, Due():
            raise Rejected("visit.not_scheduled")
        case _, Over(how=how):
            raise Rejected("visit.over", how=how)
        case _, Scheduled():
            raise Rejected("visit.already_scheduled", worker_id=visit.worker_id, due=visit.due)
        case _:
            assert_never(visit)


def _may_be_visited(facts: Known, occasion: VisitOccasion | None = None) -> None:
    """A visit needs no consent of its own, but nobody is visited who has said that they don't want to be.

    For somebody who died only their household is, in their bereavement.
    """
    facts.must_be_open()
    person = facts.registered() if occasion is VisitOccasion.BEREAVEMENT else facts.living()
    if person.refuses_visits:
        raise Rejected("visit.consent_withdrawn")


def _complete(command: CompleteVisit, visit: Scheduled, given: Given) -> Sequence[VisitEvent]:
    _only_the_visitor(visit, given)
    today = day_of(given.at)
    if today < visit.due:
        raise Rejected("visit.too_early", due=visit.due)
    if command.next_due is not None and command.next_due <= today:
        raise Rejected("visit.next_not_later", next_due=command.next_due)
    if given.facts is not None and given.facts.dead and (command.needs or command.next_due):
        raise Rejected("visit.for_the_dead", died_on=given.facts.person.died_on)
    return [VisitCompleted.from_(command, person_id=visit.person_id, worker_id=visit.worker_id)]


def _only_the_visitor(visit: Scheduled, given: Given) -> None:
    """Staff may write down what the visitor reported; others only their own visits."""
    if given.by.id != visit.worker_id and not given.by.holds(Role.STAFF):
        raise Rejected("visit.not_yours")


def _transfer(command: TransferVisit, person_id: str, due: date, given: Given) -> Sequence[VisitEvent]:
    if given.before == command.community:
        return []
    return [
        VisitTransferred(
            visit_id=command.visit_id,
            person_id=person_id,
            from_community=given.before or command.community,
            to_community=command.community,
            due=due,
        )
    ]


def evolve(visit: Visit, event: VisitEvent) -> Visit:
    match event:
        case VisitFellDue():
            return Due(event.person_id, event.due, event.occasion)
        case VisitScheduled():
            return Scheduled(event.person_id, event.worker_id, event.due, event.occasion)
        case VisitReassigned():
            assert isinstance(visit, Scheduled)
            return replace(visit, worker_id=event.worker_id)
        case VisitCompleted():
            return Over("completed")
        case VisitMissed():
            return Over("missed")
        case VisitCancelled():
            return Over("cancelled")
        case VisitTransferred():
            return Due(event.person_id, event.due, None if visit is None or isinstance(visit, Over) else visit.occasion)
        case _:
            assert_never(event)


visit: Decider[VisitCommand, Visit, VisitEvent] = Decider(
    VISIT, get_args(VisitCommand), decide, evolve, initial=None, facts=known
)
