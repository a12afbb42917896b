"""The rows of the volunteer's view: of a person only what whoever stands at the door needs."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import JSON, MetaData
from sqlmodel import Field

from canlian_chassis.row import Row
from canlian_events.terms import Sex


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
