"""What a decision on feedback needs to know beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from canlian_chassis.views.merged_ids import meant, same
from canlian_evaluation.views import OVERVIEW
from canlian_events.core import Command


@dataclass(frozen=True, slots=True)
class Known:
    """`provider_id` is who provides the service the feedback is on; None where it is on none."""

    person: bool = False
    erased: bool = False
    died_on: date | None = None
    provider_id: str | None = None
    ids: frozenset[str] = frozenset()
    """All ids the person's file goes by."""


def known(session: Session, command: Command, state: object) -> Known:
    """Reads who is or was asked, and whose service the feedback is on."""
    person_id = str(getattr(command, "person_id", None) or getattr(state, "person_id", ""))
    feedback_id = command.aggregate_id
    person = meant(session, OVERVIEW.tables.person, person_id)
    feedback = session.get(OVERVIEW.tables.feedback, feedback_id)
    service = session.get(OVERVIEW.tables.service, feedback.service_id) if feedback and feedback.service_id else None
    return Known(
        person is not None,
        bool(person and person.erased_on),
        person.died_on if person else None,
        service.provider_id if service else None,
        frozenset(same(session, OVERVIEW.tables.person, person_id)),
    )
