"""Referrals to a provider, and where each stands. What was written about the person is forgotten at the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded, moment
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    ReferralAccepted,
    ReferralDeclined,
    ReferralLapsed,
    ReferralTransferred,
    ReferralWaitlisted,
    ReferralWithdrawn,
    ServiceCompleted,
    ServiceReferred,
    ServiceStarted,
    SessionAttended,
    SessionMissed,
)
from canlian_events.meta import Meta
from canlian_events.terms import DeclineReason, Domain, Outcome, Term
from canlian_person_file.referral_folds import (
    days_since,
    number_attended,
    referred_columns,
    too_long_unanswered,
    with_session,
)
from canlian_provider.shared.columns import DeskRow
from canlian_web.language.formats import local


class ReferralStatus(Term):
    REQUESTED = "requested", "等待答复"
    OFFERED = "offered", "有空位，待答复"
    WAITLISTED = "waitlisted", "候补中"
    ACCEPTED = "accepted", "已接收，未开始"
    UNDER_WAY = "under_way", "服务中"
    COMPLETED = "completed", "已办结"
    DECLINED = "declined", "已婉拒"
    LAPSED = "lapsed", "无人答复，已失效"
    WITHDRAWN = "withdrawn", "已撤回"


UNANSWERED = (ReferralStatus.REQUESTED, ReferralStatus.OFFERED)
SERVED = (ReferralStatus.ACCEPTED, ReferralStatus.UNDER_WAY)
OPEN = (*UNANSWERED, ReferralStatus.WAITLISTED, *SERVED)


class ReferralRow(DeskRow, table=True):
    """`asked_at` is since when an answer is owed; `sessions` are dicts of on, attended and note.

    `note` and the sessions' notes are about the person, and are kept only while the referral is open.
    """

    __tablename__ = "referral"

    referral_id: str = Field(primary_key=True)
    provider_id: str = Field(index=True)
    service_id: str
    person_id: str = Field(index=True)
    community: str
    domain: Domain = coded(Domain)
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    note: str | None = None
    status: ReferralStatus = coded(ReferralStatus, index=True)
    referred_at: datetime = moment()
    asked_at: datetime = moment()
    waiting_since: datetime | None = moment(default=None, nullable=True)
    started_on: date | None = None
    sessions: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    ended_at: datetime | None = moment(default=None, nullable=True)
    outcome: Outcome | None = coded(Outcome, default=None, nullable=True)
    decline_reason: DeclineReason | None = coded(DeclineReason, default=None, nullable=True)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def unanswered(self) -> bool:
        return self.status in UNANSWERED

    @property
    def served(self) -> bool:
        return self.status in SERVED

    @property
    def attended(self) -> int:
        return number_attended(self.sessions)

    @property
    def missed(self) -> int:
        return len(self.sessions) - self.attended

    def days(self, today: date) -> int:
        """How long the person has waited for an answer, or on the waiting list."""
        since = self.waiting_since if self.status is ReferralStatus.WAITLISTED and self.waiting_since else self.asked_at
        return days_since(since, today)

    def silent(self, today: date) -> bool:
        return self.unanswered and too_long_unanswered(self.asked_at, today)

    def recorded_on(self, day: date) -> bool:
        return any(session["on"] == day.isoformat() for session in self.sessions)

    def ended_in_month_of(self, day: date) -> bool:
        ended = local(self.ended_at).date() if self.ended_at else None
        return ended is not None and (ended.year, ended.month) == (day.year, day.month)


Answer = ReferralAccepted | ReferralWaitlisted | FreedPlaceOffered
Providing = ServiceStarted | SessionAttended | SessionMissed
End = ServiceCompleted | ReferralDeclined | ReferralLapsed | ReferralWithdrawn


@projection(ReferralRow, key=lambda event: event.referral_id)
def referrals(
    row: ReferralRow | None, event: ServiceReferred | Answer | Providing | End | ReferralTransferred, meta: Meta
) -> ReferralRow | None:
    if isinstance(event, ServiceReferred):
        return ReferralRow(**referred_columns(event, meta), status=ReferralStatus.REQUESTED)
    if row is None:
        return None
    match event:
        case ReferralAccepted():
            return row.with_(status=ReferralStatus.ACCEPTED)
        case ReferralWaitlisted():
            return row.with_(status=ReferralStatus.WAITLISTED, waiting_since=meta.said_at)
        case FreedPlaceOffered():
            return row.with_(status=ReferralStatus.OFFERED, asked_at=meta.said_at)
        case ServiceStarted():
            return row.with_(status=ReferralStatus.UNDER_WAY, started_on=event.on)
        case SessionAttended() | SessionMissed():
            return row.with_(sessions=with_session(row.sessions, event))
        case ServiceCompleted():
            return _ended(row, ReferralStatus.COMPLETED, meta).with_(outcome=event.outcome)
        case ReferralDeclined():
            return _ended(row, ReferralStatus.DECLINED, meta).with_(decline_reason=event.reason)
        case ReferralLapsed():
            return _ended(row, ReferralStatus.LAPSED, meta)
        case ReferralWithdrawn():
            return _ended(row, ReferralStatus.WITHDRAWN, meta)
        case ReferralTransferred():
            return row.with_(community=event.to_community)


def _ended(row: ReferralRow, status: ReferralStatus, meta: Meta) -> ReferralRow:
    sessions = [session | {"note": None} for session in row.sessions]
    return row.with_(status=status, ended_at=meta.said_at, note=None, sessions=sessions)


def referral(db: Session, referral_id: str) -> ReferralRow | None:
    return db.get(ReferralRow, referral_id)


class ReferralList(StrEnum):
    """The lists of referrals, each with a figure on the first page."""

    WAITING = "waiting"
    OFFERED = "offered"
    TODAY = "today"
    SERVED = "served"
    WAITLIST = "waitlist"
    FINISHED = "finished"
    ALL = "all"


def belongs(row: ReferralRow, which: ReferralList, today: date) -> bool:
    match which:
        case ReferralList.WAITING:
            return row.status is ReferralStatus.REQUESTED
        case ReferralList.OFFERED:
            return row.status is ReferralStatus.OFFERED
        case ReferralList.TODAY:
            return row.served and not row.recorded_on(today)
        case ReferralList.SERVED:
            return row.served
        case ReferralList.WAITLIST:
            return row.status is ReferralStatus.WAITLISTED
        case ReferralList.FINISHED:
            return row.status is ReferralStatus.COMPLETED and row.ended_in_month_of(today)
        case ReferralList.ALL:
            return True


def referrals_to(db: Session, provider_id: str, scopes: Sequence[str]) -> Sequence[ReferralRow]:
    """All there ever were from these communities, who has waited longest first."""
    query = select(ReferralRow).where(ReferralRow.provider_id == provider_id).order_by(col(ReferralRow.asked_at))
    found = [row for row in db.exec(query).all() if row.community.startswith(tuple(scopes))]
    # the order in which a place that frees is offered
    return sorted(found, key=lambda row: (row.waiting_since or row.asked_at, row.referral_id))
