"""The rows of the volunteer's view and their folds: of a person only what whoever stands at the door needs.

It opens personal values: a visitor has to know whom to visit and where.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import JSON, MetaData
from sqlmodel import Field

from canlian_chassis.projection import projection
from canlian_chassis.row import Row
from canlian_events.assistance.visit import (
    VisitCancelled,
    VisitCompleted,
    VisitMissed,
    VisitReassigned,
    VisitScheduled,
    VisitTransferred,
)
from canlian_events.meta import Meta
from canlian_events.personal import now_known, opened
from canlian_events.registry.community import CommunityOpened, CommunityRenamed
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    PersonCorrected,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_events.terms import Sex
from canlian_volunteer.visits.form_of_address import surname


class VolunteerRow(Row):
    metadata = MetaData()


class State(StrEnum):
    TO_DO = "to_do"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


class VisitRow(VolunteerRow, table=True):
    """`worker_id` is None while nobody is named for it. What to look for is forgotten once the visit is over."""

    __tablename__ = "visit"

    visit_id: str = Field(primary_key=True)
    person_id: str
    community: str
    worker_id: str | None = Field(default=None, index=True)
    due: date
    look_for: str | None = None
    occasion: str | None = None
    state: State = State.TO_DO


class PersonRow(VolunteerRow, table=True):
    __tablename__ = "person"

    person_id: str = Field(primary_key=True)
    surname: str
    sex: Sex
    address: str | None = None
    features: list[str] = Field(default_factory=list, sa_type=JSON)
    merged_into: str | None = Field(default=None, index=True)
    """The file this one is another name of."""


class CommunityRow(VolunteerRow, table=True):
    __tablename__ = "community"

    community: str = Field(primary_key=True)
    name: str


Happened = VisitScheduled | VisitReassigned | VisitTransferred | VisitCompleted | VisitMissed | VisitCancelled
_OVER = {VisitCompleted: State.DONE, VisitMissed: State.MISSED, VisitCancelled: State.CANCELLED}


@projection(VisitRow, key=lambda event: event.visit_id)
def visits(row: VisitRow | None, event: Happened, meta: Meta) -> VisitRow | None:
    if isinstance(event, VisitScheduled):
        return VisitRow(
            visit_id=event.visit_id,
            person_id=event.person_id,
            community=meta.community,
            worker_id=event.worker_id,
            due=event.due,
            look_for=opened(event.look_for),
            occasion=event.occasion,
        )
    if row is None:
        return None
    match event:
        case VisitReassigned():
            return row.with_(worker_id=event.worker_id)
        case VisitTransferred():
            return row.with_(community=event.to_community, worker_id=None, look_for=None)
        case VisitCompleted() | VisitMissed() | VisitCancelled():
            return row.with_(state=_OVER[type(event)], look_for=None)


@projection(PersonRow, key=lambda event: event.person_id)
def persons(
    row: PersonRow | None,
    event: PersonRegistered
    | PersonCorrected
    | PersonMoved
    | AccessNeedsRecorded
    | MergedInto
    | MergedIntoUndone
    | RegistrationWithdrawn
    | PersonErased,
    meta: Meta,
) -> PersonRow | None:
    if isinstance(event, PersonRegistered):
        name = opened(event.name) or ""
        return PersonRow(person_id=event.person_id, surname=surname(name), sex=event.sex, address=opened(event.address))
    if row is None:
        return None
    match event:
        case RegistrationWithdrawn() | PersonErased():
            return None
        case MergedInto():
            return row.with_(merged_into=event.into)
        case MergedIntoUndone():
            return row.with_(merged_into=None)
        case AccessNeedsRecorded():
            return row.with_(features=sorted(event.features))
        case PersonCorrected() | PersonMoved():
            named, lives = opened(event.name), now_known(event.address, row.address)
            return row.with_(surname=surname(named) if named else row.surname, address=lives)


@projection(CommunityRow, key=lambda event: event.community)
def communities(row: CommunityRow | None, event: CommunityOpened | CommunityRenamed, meta: Meta) -> CommunityRow:
    return CommunityRow(community=event.community, name=event.name)
