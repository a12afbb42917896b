"""Visits: owed, planned, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, ColumnElement
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded, moment
from canlian_events.assistance.visit import (
    VisitCancelled,
    VisitCompleted,
    VisitEvent,
    VisitFellDue,
    VisitMissed,
    VisitReassigned,
    VisitScheduled,
    VisitTransferred,
)
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.terms import Help, Term, Tie, VisitOccasion
from canlian_social_worker.persons.views import ids_of
from canlian_social_worker.shared.columns import SocialWorkerRow, within


class VisitStatus(Term):
    DUE = "due", "待安排"
    SCHEDULED = "scheduled", "已安排"
    COMPLETED = "completed", "已完成"
    MISSED = "missed", "未访成"
    CANCELLED = "cancelled", "已取消"


OWED = (VisitStatus.DUE, VisitStatus.SCHEDULED)


class VisitRow(SocialWorkerRow, table=True):
    """`text` is what was found, or why it was missed or cancelled."""

    __tablename__ = "visit"

    visit_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    community: str = Field(index=True)
    status: VisitStatus = coded(VisitStatus, index=True)
    due: date = Field(index=True)
    worker_id: str | None = None
    look_for: str | None = None
    occasion: VisitOccasion | None = coded(VisitOccasion, default=None, nullable=True)
    tie: Tie | None = coded(Tie, default=None, nullable=True)
    helps: list[str] = Field(default_factory=list, sa_type=JSON)
    text: str | None = None
    next_due: date | None = None
    over_at: datetime | None = moment(default=None, nullable=True)

    @property
    def owed(self) -> bool:
        return self.status in OWED

    @property
    def helped(self) -> list[Help]:
        return [help_ for help_ in Help if help_ in self.helps]

    def overdue(self, today: date) -> bool:
        return self.owed and self.due < today


@projection(VisitRow, key=lambda event: event.visit_id)
def visits(row: VisitRow | None, event: VisitEvent, meta: Meta) -> VisitRow | None:
    match event, row:
        case VisitFellDue() | VisitScheduled(), _:
            return _owed(event, meta)
        case _, None:
            return None
        case VisitReassigned(), VisitRow():
            return row.with_(worker_id=event.worker_id)
        case VisitCompleted(), VisitRow():
            told = {"tie": event.tie, "helps": sorted(event.helps), "next_due": event.next_due}
            over = {"status": VisitStatus.COMPLETED, "over_at": meta.said_at}
            return row.with_(worker_id=event.worker_id, text=opened(event.findings), **told, **over)
        case VisitMissed(), VisitRow():
            return row.with_(status=VisitStatus.MISSED, text=opened(event.why), over_at=meta.said_at)
        case VisitCancelled(), VisitRow():
            return row.with_(status=VisitStatus.CANCELLED, text=opened(event.why), over_at=meta.said_at)
        case VisitTransferred(), VisitRow():
            return row.with_(status=VisitStatus.DUE, community=event.to_community, worker_id=None)
    return row


def _owed(event: VisitFellDue | VisitScheduled, meta: Meta) -> VisitRow:
    row = VisitRow(
        visit_id=event.visit_id,
        person_id=event.person_id,
        community=meta.community,
        status=VisitStatus.DUE,
        due=event.due,
        occasion=event.occasion,
    )
    if isinstance(event, VisitFellDue):
        return row
    return row.with_(status=VisitStatus.SCHEDULED, worker_id=event.worker_id, look_for=opened(event.look_for))


class VisitList(StrEnum):
    """The lists of visits, each with a figure on the day's page."""

    OVERDUE = "overdue"
    DUE = "due"
    """Owed, and nobody is named yet."""
    TODAY = "today"
    OWED = "owed"
    OVER = "over"


def visit(db: Session, visit_id: str) -> VisitRow | None:
    return db.get(VisitRow, visit_id)


def listed_visits(
    db: Session, scopes: Sequence[str], which: VisitList, today: date, *, holder: str = "", community: str = ""
) -> Sequence[VisitRow]:
    """By due day, the earliest first; those that are over, the latest first."""
    where = [within(VisitRow.community, scopes), *_where(which, today)]
    if holder:
        where.append(col(VisitRow.worker_id) == holder)
    if community:
        where.append(col(VisitRow.community) == community)
    order = col(VisitRow.over_at).desc() if which is VisitList.OVER else col(VisitRow.due)
    return db.exec(select(VisitRow).where(*where).order_by(order, VisitRow.visit_id)).all()


def _where(which: VisitList, today: date) -> list[ColumnElement[bool]]:
    status, due = col(VisitRow.status), col(VisitRow.due)
    match which:
        case VisitList.OVERDUE:
            return [status.in_(OWED), due < today]
        case VisitList.DUE:
            return [status == VisitStatus.DUE]
        case VisitList.TODAY:
            return [status == VisitStatus.SCHEDULED, due == today]
        case VisitList.OWED:
            return [status.in_(OWED)]
        case VisitList.OVER:
            return [status.not_in(OWED)]


def visits_of_person(db: Session, person_id: str) -> Sequence[VisitRow]:
    query = select(VisitRow).where(col(VisitRow.person_id).in_(ids_of(db, person_id)))
    return db.exec(query.order_by(col(VisitRow.due).desc())).all()
