"""What the service keeps of its own and others' events, to decide and to match by. Nothing here names a person."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, MetaData
from sqlmodel import Field

from canlian_chassis.row import Row


class CatalogRow(Row):
    metadata = MetaData()


class PersonRow(CatalogRow, table=True):
    __tablename__ = "person"

    person_id: str = Field(primary_key=True)
    community: str
    disability: int
    grade: int | None = None
    birth_year: int
    low_income: bool | None = None
    access: list[str] = Field(default_factory=list, sa_type=JSON)
    shares: bool = False
    erased: bool = False
    died_on: date | None = None
    merged_into: str | None = Field(default=None, index=True)


class ProviderRow(CatalogRow, table=True):
    __tablename__ = "provider"

    provider_id: str = Field(primary_key=True)
    name: str
    demonstration: bool = False
    suspended: bool = False


class ServiceRow(CatalogRow, table=True):
    __tablename__ = "service"

    service_id: str = Field(primary_key=True)
    provider_id: str = Field(index=True)
    domain: str = Field(index=True)
    details: dict[str, Any] = Field(sa_type=JSON)
    places: int
    in_use: int = 0
    withdrawn: bool = False


class Stage(StrEnum):
    """Where a referral stands, as far as matching and offering need to know."""

    REQUESTED = "requested"
    WAITLISTED = "waitlisted"
    PLACED = "placed"
    OVER = "over"


class ReferralRow(CatalogRow, table=True):
    """`waiting_since` is when it was first put on the list: a place offered in vain does not cost the turn."""

    __tablename__ = "referral"

    referral_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    service_id: str = Field(index=True)
    need_id: str | None = Field(default=None, index=True)
    domain: str
    community: str
    stage: str = Stage.REQUESTED
    offered: bool = False
    waiting_since: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class RatingRow(CatalogRow, table=True):
    """`scores` is the sum of `rated` scores of 1 to 5."""

    __tablename__ = "rating"

    service_id: str = Field(primary_key=True)
    scores: int = 0
    rated: int = 0
