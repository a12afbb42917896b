"""The rows of the neighbours' view. Personal values stand here only where their own person is shown them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, MetaData
from sqlmodel import Field

from canlian_chassis.row import Row
from canlian_events.terms import Domain, NeedCloseReason, Occasion, WorkerKind
from canlian_person_file.file_columns import FileFacts


class NeighboursRow(Row):
    metadata = MetaData()


class CommunityRow(NeighboursRow, table=True):
    __tablename__ = "community"

    community: str = Field(primary_key=True)
    name: str
    is_open: bool = True
    grid_worker_id: str | None = None


class WorkerRow(NeighboursRow, table=True):
    """Whom to call."""

    __tablename__ = "worker"

    worker_id: str = Field(primary_key=True)
    kind: WorkerKind
    name: str | None = None
    phone: str | None = None


class NeedRow(NeighboursRow, table=True):
    """`words` are kept for a registered person only, who reads their own; a number shows nobody's words."""

    __tablename__ = "need"

    need_id: str = Field(primary_key=True)
    number: str = Field(index=True)
    person_id: str = Field(index=True)
    community: str
    raised_at: datetime
    domain: Domain | None = None
    words: str | None = None
    left_phone: bool = False
    is_urgent: bool = False
    worker_id: str | None = None
    is_assessing: bool = False
    is_assessed: bool = False
    referral_id: str | None = None
    """The latest referral."""
    over: NeedCloseReason | None = None
    is_reopened: bool = False


class ReferralRow(NeighboursRow, table=True):
    __tablename__ = "referral"

    referral_id: str = Field(primary_key=True)
    need_id: str | None = Field(default=None, index=True)
    service_id: str
    stage: str = "waiting"
    """waiting, accepted, waitlisted, offered, running, completed, declined, lapsed or withdrawn."""


class ServiceRow(NeighboursRow, table=True):
    __tablename__ = "service"

    service_id: str = Field(primary_key=True)
    provider_id: str
    name: str
    phone: str | None = None
    address: str | None = None
    hours: str | None = None


class ProviderRow(NeighboursRow, table=True):
    __tablename__ = "provider"

    provider_id: str = Field(primary_key=True)
    name: str
    phone: str | None = None


class StepRow(NeighboursRow, table=True):
    """Something that happened to a need, or to a referral of it: one row an event."""

    __tablename__ = "step"

    event_id: str = Field(primary_key=True)
    position: int
    at: datetime
    need_id: str | None = Field(default=None, index=True)
    referral_id: str | None = Field(default=None, index=True)
    what: str
    """The event's name."""
    code: str | None = None
    """A code of the shared tables that belongs to it: a channel, a reason, an outcome."""
    day: date | None = None
    service_id: str | None = None


class FeedbackRow(NeighboursRow, table=True):
    __tablename__ = "feedback"

    feedback_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    occasion: Occasion
    asked_at: datetime
    service_id: str | None = None
    score: int | None = None
    words: str | None = None
    given_at: datetime | None = None
    reply: str | None = None
    replied_at: datetime | None = None


class PersonRow(FileFacts, NeighboursRow, table=True):
    """A resident's whole file, which they may read, correct and take with them."""

    __tablename__ = "person"

    person_id: str = Field(primary_key=True)
    community: str
    name: str | None = None
    citizen_id: str | None = None
    birth_year: int
    sex: str
    disability: int
    grade: int | None = None
    registered_on: date
    phone: str | None = None
    address: str | None = None
    features: list[str] = Field(default_factory=list, sa_type=JSON)
    merged_into: str | None = Field(default=None, index=True)
    """The file this one is another name of."""
    consents: list[str] = Field(default_factory=list, sa_type=JSON)
