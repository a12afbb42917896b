"""How a person is classified, and how they dispute it (重新评定)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from canlian_chassis.decider import Given, Rejected
from canlian_events.calendar import day_of
from canlian_events.registry.person import (
    REASSESSMENT_WORKING_DAYS,
    AskReassessment,
    DisabilityReclassified,
    PersonEvent,
    ReassessmentAsked,
    ReclassifyDisability,
)
from canlian_registry.person.file import File
from canlian_registry.person.working_days import working_days_after


def reassessment_until(known: date) -> date:
    """The last day to dispute a result that the person has known since then."""
    return working_days_after(known, REASSESSMENT_WORKING_DAYS)


def reclassify(command: ReclassifyDisability, person: File, given: Given) -> Sequence[PersonEvent]:
    """The same again changes nothing, unless it answers a re-assessment that was asked for."""
    same = (command.disability, command.grade) == (person.disability, person.grade)
    if same and not person.reassessment_asked:
        return []
    until = reassessment_until(day_of(given.at))
    return [DisabilityReclassified.from_(command, reassessment_until=until)]


def ask_reassessment(command: AskReassessment, person: File, given: Given) -> Sequence[PersonEvent]:
    if person.reassessment_asked:
        return []
    if person.reassessment_until is None:
        raise Rejected("person.nothing_to_reassess")
    if day_of(given.at) > person.reassessment_until:
        raise Rejected("person.reassessment_too_late", until=person.reassessment_until, days=REASSESSMENT_WORKING_DAYS)
    return [ReassessmentAsked.from_(command)]
