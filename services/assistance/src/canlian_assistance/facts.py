"""What a decision or a policy needs to know beyond its own aggregate or event, read from the service's own view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from canlian_assistance.views import CommunityRow, NeedRow, PersonRow, VisitRow
from canlian_chassis.decider import Rejected
from canlian_events.assistance.assessment import AssessmentCompleted
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.registry.person import ConsentWithdrawn, PersonMoved
from canlian_events.terms import Domain


@dataclass(frozen=True, slots=True)
class KnownPerson:
    birth_year: int
    refuses_visits: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the community and the person a command names; None where it names none or nobody knows them."""

    community: Literal["open", "closed"] | None = None
    person: KnownPerson | None = None

    def must_be_open(self) -> None:
        """Raises Rejected unless the community is there and works."""
        if self.community is None:
            raise Rejected("community.unknown")
        if self.community == "closed":
            raise Rejected("community.closed")

    def registered(self) -> KnownPerson:
        """The person. Raises Rejected where the registry has none."""
        if self.person is None:
            raise Rejected("person.unknown")
        return self.person


def known(session: Session, command: Command, _state: object) -> Known:
    """The facts for any command of this service."""
    community = session.get(CommunityRow, getattr(command, "community", ""))
    person = session.get(PersonRow, getattr(command, "person_id", ""))
    return Known(
        None if community is None else "open" if community.is_open else "closed",
        KnownPerson(person.birth_year, person.refuses_visits) if person else None,
    )


class InHand(NamedTuple):
    """Ids of what is open for a person."""

    needs: Sequence[str] = ()
    visits: Sequence[str] = ()


def in_hand(session: Session, event: PersonMoved | ConsentWithdrawn, _meta: Meta) -> InHand:
    """What is open for the person the event is about."""
    needs = select(NeedRow.need_id).where(NeedRow.person_id == event.person_id, col(NeedRow.is_open))
    visits = select(VisitRow.visit_id).where(VisitRow.person_id == event.person_id)
    return InHand(
        session.exec(needs.order_by(NeedRow.need_id)).all(), session.exec(visits.order_by(VisitRow.visit_id)).all()
    )


def domains_in_hand(session: Session, event: AssessmentCompleted, _meta: Meta) -> frozenset[Domain]:
    """The domains in which the person has an open need, and that of the need the assessment was made for."""
    open_ones = and_(col(NeedRow.person_id) == event.person_id, col(NeedRow.is_open))
    query = select(NeedRow.domain).where(or_(col(NeedRow.need_id) == event.need_id, open_ones))
    return frozenset(Domain(domain) for domain in session.exec(query) if domain)
