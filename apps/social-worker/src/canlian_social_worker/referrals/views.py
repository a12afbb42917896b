"""Referrals: where each stands, since when it is unanswered, and what was proposed after a no."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded, moment
from canlian_chassis.views.merged_ids import meaning
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    NextMatchProposed,
    ReferralAccepted,
    ReferralDeclined,
    ReferralEvent,
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
from canlian_events.personal import opened
from canlian_events.terms import DeclineReason, Domain, Outcome, Term
from canlian_person_file.referral_folds import (
    number_attended,
    reasons_as_json,
    referred_columns,
    too_long_unanswered,
    with_session,
)
from canlian_social_worker.needs.views import NeedRow, NeedStatus
from canlian_social_worker.persons.views import PersonRow, ids_of
from canlian_social_worker.shared.columns import SocialWorkerRow, within
from canlian_web.language.formats import local


class ReferralStatus(Term):
    REQUESTED = "requested", "等待答复"
    WAITLISTED = "waitlisted", "候补中"
    ACCEPTED = "accepted", "已接受"
    UNDER_WAY = "under_way", "服务中"
    COMPLETED = "completed", "已完成"
    DECLINED = "declined", "已谢绝"
    LAPSED = "lapsed", "无人答复，已失效"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN = (ReferralStatus.REQUESTED, ReferralStatus.WAITLISTED, ReferralStatus.ACCEPTED, ReferralStatus.UNDER_WAY)
UNANSWERED = (ReferralStatus.REQUESTED, ReferralStatus.WAITLISTED)
UNSUCCESSFUL = (ReferralStatus.DECLINED, ReferralStatus.LAPSED)


class ReferralRow(SocialWorkerRow, table=True):
    """`asked_at` is since when the provider owes an answer; `sessions` are dicts of on, attended and note."""

    __tablename__ = "referral"

    referral_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    community: str = Field(index=True)
    service_id: str
    provider_id: str
    domain: Domain = coded(Domain)
    need_id: str | None = Field(default=None, index=True)
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    note: str | None = None
    status: ReferralStatus = coded(ReferralStatus, index=True)
    referred_at: datetime = moment()
    asked_at: datetime = moment()
    answered_at: datetime | None = moment(default=None, nullable=True)
    offered: bool = False
    decline_reason: DeclineReason | None = coded(DeclineReason, default=None, nullable=True)
    words: str | None = None
    """What the provider said on declining or at the end, or why it was withdrawn."""
    started_on: date | None = None
    sessions: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    outcome: Outcome | None = coded(Outcome, default=None, nullable=True)
    next_known: bool = False
    """Whether a next match was looked for after a no."""
    next_service_id: str | None = None
    next_reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def asked_on(self) -> date:
        return local(self.asked_at).date()

    def silent(self, today: date) -> bool:
        """Whether the provider has said nothing for too long."""
        return self.status is ReferralStatus.REQUESTED and too_long_unanswered(self.asked_at, today)

    @property
    def attended(self) -> int:
        return number_attended(self.sessions)


@projection(ReferralRow, key=lambda event: event.referral_id)
def referrals(row: ReferralRow | None, event: ReferralEvent, meta: Meta) -> ReferralRow | None:
    if isinstance(event, ServiceReferred):
        columns = referred_columns(event, meta)
        return ReferralRow(**columns, need_id=event.need_id, status=ReferralStatus.REQUESTED)
    if row is None:
        return None
    match event:
        case ReferralAccepted():
            return row.with_(status=ReferralStatus.ACCEPTED, answered_at=meta.said_at)
        case ReferralWaitlisted():
            return row.with_(status=ReferralStatus.WAITLISTED, answered_at=meta.said_at, offered=False)
        case FreedPlaceOffered():
            return row.with_(status=ReferralStatus.REQUESTED, asked_at=meta.said_at, offered=True)
        case ReferralDeclined():
            told = {"decline_reason": event.reason, "words": opened(event.words), "answered_at": meta.said_at}
            return row.with_(status=ReferralStatus.DECLINED, **told)
        case ReferralLapsed():
            return row.with_(status=ReferralStatus.LAPSED)
        case ReferralWithdrawn():
            return row.with_(status=ReferralStatus.WITHDRAWN, words=opened(event.why))
        case ServiceStarted():
            return row.with_(status=ReferralStatus.UNDER_WAY, started_on=event.on)
        case SessionAttended() | SessionMissed():
            return row.with_(sessions=with_session(row.sessions, event))
        case ServiceCompleted():
            return row.with_(status=ReferralStatus.COMPLETED, outcome=event.outcome, words=opened(event.note))
        case NextMatchProposed():
            reasons = reasons_as_json(event.reasons)
            return row.with_(next_known=True, next_service_id=event.service_id, next_reasons=reasons)
        case ReferralTransferred():
            return row.with_(community=event.to_community)


def referral(db: Session, referral_id: str) -> ReferralRow | None:
    return db.get(ReferralRow, referral_id)


def referrals_of_person(db: Session, person_id: str) -> Sequence[ReferralRow]:
    query = select(ReferralRow).where(col(ReferralRow.person_id).in_(ids_of(db, person_id)))
    return db.exec(query.order_by(col(ReferralRow.referred_at).desc())).all()


def referrals_of_need(db: Session, need_id: str) -> Sequence[ReferralRow]:
    query = select(ReferralRow).where(ReferralRow.need_id == need_id)
    return db.exec(query.order_by(col(ReferralRow.referred_at).desc())).all()


class ReferralList(StrEnum):
    """The lists of referrals, each with a figure on the day's page."""

    SILENT = "silent"
    WAITING = "waiting"
    NEXT = "next"
    """Declined or lapsed, and nobody has gone on since."""
    WAITLISTED = "waitlisted"
    GOING = "going"
    ALL = "all"


def listed_referrals(db: Session, scopes: Sequence[str], which: ReferralList, today: date) -> Sequence[ReferralRow]:
    """Oldest first."""
    query = select(ReferralRow).where(within(ReferralRow.community, scopes), *_where(which))
    found = db.exec(query.order_by(col(ReferralRow.asked_at))).all()
    return [row for row in found if row.silent(today)] if which is ReferralList.SILENT else found


def _where(which: ReferralList) -> list[ColumnElement[bool]]:
    status = col(ReferralRow.status)
    match which:
        case ReferralList.SILENT | ReferralList.WAITING:
            return [status == ReferralStatus.REQUESTED]
        case ReferralList.WAITLISTED:
            return [status == ReferralStatus.WAITLISTED]
        case ReferralList.GOING:
            return [status.in_((ReferralStatus.ACCEPTED, ReferralStatus.UNDER_WAY))]
        case ReferralList.NEXT:
            return [status.in_(UNSUCCESSFUL), _nobody_went_on()]
        case ReferralList.ALL:
            return []


def _nobody_went_on() -> ColumnElement[bool]:
    """No later referral of the person in the same domain, and the need it was for, if any, is still open."""
    later: Any = aliased(ReferralRow)
    went_on = exists().where(
        meaning(PersonRow, later.person_id) == meaning(PersonRow, ReferralRow.person_id),
        later.domain == ReferralRow.domain,
        later.referred_at > ReferralRow.referred_at,
    )
    need_open = exists().where(
        and_(col(NeedRow.need_id) == col(ReferralRow.need_id), col(NeedRow.status) == NeedStatus.OPEN)
    )
    return and_(~went_on, or_(col(ReferralRow.need_id).is_(None), need_open))
