"""What a decision or a policy needs to know beyond its own aggregate or event, read from the service's own view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from canlian_assistance.households import HouseholdRow, MemberRow, Visited, VisitedRow
from canlian_assistance.views import CommunityRow, NeedRow, PersonRow, VisitRow
from canlian_chassis.decider import Rejected
from canlian_chassis.views.merged_ids import meant, same
from canlian_events.assistance.assessment import AssessmentCompleted
from canlian_events.assistance.visit import VisitCancelled, VisitCompleted, VisitFellDue, VisitMissed
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.registry.household import HardshipCleared, HardshipRecognised
from canlian_events.registry.person import ConsentGiven, ConsentWithdrawn, PersonDied, PersonErased, PersonMoved
from canlian_events.terms import Domain, Hardship, Role


@dataclass(frozen=True, slots=True)
class KnownPerson:
    birth_year: int
    refuses_visits: bool = False
    erased: bool = False
    died_on: date | None = None
    ids: frozenset[str] = frozenset()
    """All ids this person's file goes by."""


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
        not_erased(self)
        if self.person is None:
            raise Rejected("person.unknown")
        return self.person

    def living(self) -> KnownPerson:
        """The person. Raises Rejected where the registry has none, or they died."""
        person = self.registered()
        if person.died_on is not None:
            raise Rejected("person.dead", died_on=person.died_on)
        return person

    def means(self, one: str, other: str) -> bool:
        """Whether both ids are the person's, of whom the facts are."""
        return one == other or (self.person is not None and {one, other} <= self.person.ids)

    @property
    def erased(self) -> bool:
        return self.person is not None and self.person.erased

    @property
    def dead(self) -> bool:
        return self.person is not None and self.person.died_on is not None


def not_erased(facts: Known | None) -> None:
    """Raises Rejected where the person was erased: nothing may happen to them any more."""
    if facts is not None and facts.erased:
        raise Rejected("person.erased")


def known(session: Session, command: Command, state: object) -> Known:
    """The facts for any command of this service: about the person it names, or else the one it happens to."""
    community = session.get(CommunityRow, getattr(command, "community", ""))
    about = str(getattr(command, "person_id", None) or getattr(state, "person_id", ""))
    person = meant(session, PersonRow, about)
    # only a resident's authority hangs on whose id it is
    ids = frozenset(same(session, PersonRow, about) if Role.RESIDENT in type(command).by else ())
    return Known(
        None if community is None else "open" if community.is_open else "closed",
        KnownPerson(person.birth_year, person.refuses_visits, person.erased, person.died_on, ids) if person else None,
    )


VisitEnded = VisitCompleted | VisitMissed | VisitCancelled


class InHand(NamedTuple):
    """Ids of what is open for a person."""

    needs: Sequence[str] = ()
    visits: Sequence[str] = ()
    asked_unknown: Sequence[str] = ()
    """Needs, open or over, that the person asked for before anybody knew who it was."""


def in_hand(session: Session, event: PersonMoved | ConsentWithdrawn | PersonDied | PersonErased, _meta: Meta) -> InHand:
    """What is open for the person the event is about."""
    ids = same(session, PersonRow, event.person_id)
    needs = select(NeedRow.need_id).where(col(NeedRow.person_id).in_(ids), col(NeedRow.is_open))
    visits = select(VisitRow.visit_id).where(col(VisitRow.person_id).in_(ids))
    asked = select(NeedRow.need_id).where(col(NeedRow.person_id).in_(ids), col(NeedRow.by_asker))
    return InHand(
        session.exec(needs.order_by(NeedRow.need_id)).all(),
        session.exec(visits.order_by(VisitRow.visit_id)).all(),
        session.exec(asked.order_by(NeedRow.need_id)).all(),
    )


def home_of(session: Session, event: VisitFellDue, _meta: Meta) -> str | None:
    """The community the person lives in now."""
    person = meant(session, PersonRow, event.person_id)
    return person.community if person else None


def domains_in_hand(session: Session, event: AssessmentCompleted, _meta: Meta) -> frozenset[Domain]:
    """The domains in which the person has an open need, and that of the need the assessment was made for."""
    open_ones = and_(col(NeedRow.person_id).in_(same(session, PersonRow, event.person_id)), col(NeedRow.is_open))
    query = select(NeedRow.domain).where(or_(col(NeedRow.need_id) == event.need_id, open_ones))
    return frozenset(Domain(domain) for domain in session.exec(query) if domain)


def household_visits(
    session: Session, event: HardshipRecognised | HardshipCleared | VisitEnded | ConsentGiven, _meta: Meta
) -> Visited | None:
    """The household the event is about; None for a person who is in none."""
    if isinstance(event, HardshipRecognised | HardshipCleared):
        household_id = event.household_id
    else:
        member = select(MemberRow).where(col(MemberRow.member_id).in_(same(session, PersonRow, event.person_id)))
        found = session.exec(member.order_by(MemberRow.member_id)).first()
        if found is None:
            return None
        household_id = found.household_id
    home = session.get(HouseholdRow, household_id)
    if home is None:
        return None
    members = session.exec(select(MemberRow.member_id).where(MemberRow.household_id == household_id)).all()
    names = sorted({id_ for member in members for id_ in same(session, PersonRow, member)})
    persons = session.exec(select(PersonRow).where(col(PersonRow.person_id).in_(members))).all()
    open_visits = session.exec(select(VisitRow).where(col(VisitRow.person_id).in_(names))).all()
    ended = session.exec(select(VisitedRow).where(col(VisitedRow.person_id).in_(names))).all()
    latest = max(ended, key=lambda row: row.ended_at, default=None)
    return Visited(
        household_id,
        home.community,
        frozenset(map(Hardship, home.kinds)),
        min((one.person_id for one in persons if _may_be_visited(one)), default=None),
        max((row.visited_on for row in ended if row.visited_on), default=None),
        latest.ended if latest else "",
        bool(open_visits),
        sorted(row.visit_id for row in open_visits if row.in_rhythm),
    )


def _may_be_visited(person: PersonRow) -> bool:
    return not (person.refuses_visits or person.erased or person.died_on or person.merged_into)
