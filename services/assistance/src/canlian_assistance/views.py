"""The service's own view of what others did: communities, persons, and what is open for each of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlmodel import Field

from canlian_assistance.households import HOUSEHOLDS
from canlian_assistance.rows import AssistanceRow
from canlian_chassis.projection import projection
from canlian_chassis.views.runner import Views
from canlian_events.assistance.need import (
    AskerIdentified,
    NeedClassified,
    NeedClosed,
    NeedMet,
    NeedRaised,
    NeedReopened,
)
from canlian_events.assistance.visit import (
    VisitCancelled,
    VisitCompleted,
    VisitFellDue,
    VisitMissed,
    VisitScheduled,
)
from canlian_events.registry.community import CommunityClosed, CommunityOpened
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.person import (
    ConsentGiven,
    ConsentWithdrawn,
    DeathWithdrawn,
    PersonDied,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_events.terms import Purpose


class CommunityRow(AssistanceRow, table=True):
    __tablename__ = "community"

    community: str = Field(primary_key=True)
    is_open: bool = True


class PersonRow(AssistanceRow, table=True):
    __tablename__ = "person"

    person_id: str = Field(primary_key=True)
    community: str
    birth_year: int
    refuses_visits: bool = False
    """Consent to visits was given and taken back, or refused."""
    erased: bool = False
    died_on: date | None = None
    merged_into: str | None = Field(default=None, index=True)


class NeedRow(AssistanceRow, table=True):
    __tablename__ = "need"

    need_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    domain: str | None = None
    is_open: bool = True
    by_asker: bool = False
    """Was asked for without an account."""


class VisitRow(AssistanceRow, table=True):
    """A visit that is still owed; `in_rhythm` where a household's hardship is why, and nobody is named for it yet."""

    __tablename__ = "visit"

    visit_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    in_rhythm: bool = False


@projection(CommunityRow, key=lambda event: event.community)
def communities(row: CommunityRow | None, event: CommunityOpened | CommunityClosed, _: Any) -> CommunityRow:
    return CommunityRow(community=event.community, is_open=isinstance(event, CommunityOpened))


@projection(PersonRow, key=lambda event: event.person_id)
def persons(
    row: PersonRow | None,
    event: PersonRegistered
    | PersonMoved
    | ConsentGiven
    | ConsentWithdrawn
    | PersonDied
    | DeathWithdrawn
    | RegistrationWithdrawn
    | PersonErased
    | MergedInto
    | MergedIntoUndone,
    _: Any,
) -> PersonRow | None:
    match event, row:
        case PersonRegistered(), _:
            return PersonRow(person_id=event.person_id, community=event.community, birth_year=event.birth_year)
        case PersonMoved(), PersonRow():
            return row.with_(community=event.to_community)
        case ConsentGiven(purpose=Purpose.VISITS), PersonRow():
            return row.with_(refuses_visits=False)
        case ConsentWithdrawn(purpose=Purpose.VISITS), PersonRow():
            return row.with_(refuses_visits=True)
        case PersonDied(), PersonRow():
            return row.with_(died_on=event.on)
        case DeathWithdrawn(), PersonRow():
            return row.with_(died_on=None)
        case RegistrationWithdrawn(), _:
            return None
        case PersonErased(), PersonRow():
            return row.with_(erased=True)
        case MergedInto(), PersonRow():
            return row.with_(merged_into=event.into)
        case MergedIntoUndone(), PersonRow():
            return row.with_(merged_into=None)
        case _:
            return row


@projection(NeedRow, key=lambda event: event.need_id)
def needs(
    row: NeedRow | None,
    event: NeedRaised | AskerIdentified | NeedClassified | NeedMet | NeedClosed | NeedReopened,
    _: Any,
) -> NeedRow | None:
    match event, row:
        case NeedRaised(), _:
            return NeedRow(need_id=event.need_id, person_id=event.person_id, domain=event.domain)
        case AskerIdentified(), NeedRow():
            return row.with_(person_id=event.person_id, by_asker=True)
        case NeedClassified(), NeedRow():
            return row.with_(domain=event.domain)
        case NeedMet() | NeedClosed(), NeedRow():
            return row.with_(is_open=False)
        case NeedReopened(), NeedRow():
            return row.with_(is_open=True)
        case _:
            return row


@projection(VisitRow, key=lambda event: event.visit_id)
def visits(
    row: VisitRow | None, event: VisitFellDue | VisitScheduled | VisitCompleted | VisitMissed | VisitCancelled, _: Any
) -> VisitRow | None:
    match event:
        case VisitFellDue():
            in_rhythm = event.household_id is not None
            return VisitRow(visit_id=event.visit_id, person_id=event.person_id, in_rhythm=in_rhythm)
        case VisitScheduled():
            return VisitRow(visit_id=event.visit_id, person_id=event.person_id)
        case VisitCompleted() | VisitMissed() | VisitCancelled():
            return None


views = Views(
    "assistance",
    version=6,
    rows=AssistanceRow,
    projections=[
        communities,
        persons,
        needs,
        visits,
        *HOUSEHOLDS,
    ],
)
