"""Visits (访视) to a person's household: what may be asked, and what can happen."""

from __future__ import annotations

from datetime import date

from canlian_events.core import Command, Event, Message, aggregate
from canlian_events.ids import CommunityCode, HouseholdId, PersonId, VisitId, WorkerId
from canlian_events.personal import Personal
from canlian_events.terms import Domain, Help, Role, Tie, Urgency, VisitOccasion

VISIT = aggregate("assistance.visit")
FALLS_DUE_DAYS = 7
"""So many days before its day a visit falls due, so that a visitor can be found for it."""
BEREAVEMENT_DAYS = 7
"""Within so many days after a death the household is visited. Ours, not a law's."""
_PLANNERS = {Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.DIRECTOR, Role.STAFF}
_VISITORS = {Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.VOLUNTEER, Role.STAFF}


class RaisedNeed(Message):
    """A need found on a visit."""

    domain: Domain
    words: Personal[str] | None = None
    urgency: Urgency = Urgency.NORMAL


class LetVisitFallDue(Command, to=VISIT, by={Role.POLICY}):
    """A next visit is owed by `due`, though nobody is named for it yet. With a household it is owed in its rhythm."""

    visit_id: VisitId
    person_id: PersonId
    community: CommunityCode
    due: date
    occasion: VisitOccasion | None = None
    household_id: HouseholdId | None = None


class ScheduleVisit(Command, to=VISIT, by=_PLANNERS):
    """For a visit that fell due, or a new one. `look_for` tells the visitor what to look for, without naming anyone."""

    visit_id: VisitId
    person_id: PersonId
    community: CommunityCode
    worker_id: WorkerId
    due: date
    look_for: str | None = None


class ReassignVisit(Command, to=VISIT, by=_PLANNERS):
    visit_id: VisitId
    worker_id: WorkerId


class CompleteVisit(Command, to=VISIT, by=_VISITORS):
    """By the visitor it is assigned to, on its day or later."""

    visit_id: VisitId
    tie: Tie
    helps: frozenset[Help] = frozenset()
    findings: str | None = None
    needs: tuple[RaisedNeed, ...] = ()
    next_due: date | None = None


class MissVisit(Command, to=VISIT, by=_VISITORS):
    """Nobody was at home, or the visit could not be made."""

    visit_id: VisitId
    why: str


class CancelVisit(Command, to=VISIT, by=_PLANNERS | {Role.POLICY}):
    visit_id: VisitId
    why: str


class TransferVisit(Command, to=VISIT, by={Role.POLICY}):
    """The person moved: the visit passes to the new community, where it waits for a visitor."""

    visit_id: VisitId
    community: CommunityCode


class VisitFellDue(Event, type="assistance.visit.fell-due"):
    """`household_id` says that it is owed because of a hardship of that household."""

    visit_id: VisitId
    person_id: PersonId
    due: date
    occasion: VisitOccasion | None = None
    household_id: HouseholdId | None = None


class VisitScheduled(Event, type="assistance.visit.scheduled", about="person_id"):
    visit_id: VisitId
    person_id: PersonId
    worker_id: WorkerId
    due: date
    look_for: Personal[str] | None = None
    occasion: VisitOccasion | None = None
    """What it fell due for."""


class VisitReassigned(Event, type="assistance.visit.reassigned"):
    visit_id: VisitId
    worker_id: WorkerId


class VisitCompleted(Event, type="assistance.visit.completed", about="person_id"):
    visit_id: VisitId
    person_id: PersonId
    worker_id: WorkerId
    tie: Tie
    helps: frozenset[Help] = frozenset()
    findings: Personal[str] | None = None
    needs: tuple[RaisedNeed, ...] = ()
    next_due: date | None = None


class VisitMissed(Event, type="assistance.visit.missed", about="person_id"):
    visit_id: VisitId
    person_id: PersonId
    why: Personal[str]


class VisitCancelled(Event, type="assistance.visit.cancelled", about="person_id"):
    visit_id: VisitId
    person_id: PersonId
    why: Personal[str]


class VisitTransferred(Event, type="assistance.visit.transferred"):
    visit_id: VisitId
    person_id: PersonId
    from_community: CommunityCode
    to_community: CommunityCode
    due: date


VisitCommand = LetVisitFallDue | ScheduleVisit | ReassignVisit | CompleteVisit | MissVisit | CancelVisit | TransferVisit
VisitEvent = (
    VisitFellDue | VisitScheduled | VisitReassigned | VisitCompleted | VisitMissed | VisitCancelled | VisitTransferred
)
