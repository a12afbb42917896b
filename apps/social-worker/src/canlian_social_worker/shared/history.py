"""Who did what when, one row an event: the history of each need, referral and visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, or_
from sqlmodel import Field, Session, col, select

from canlian_chassis.views.columns import moment
from canlian_events.assistance.assessment import AssessmentCompleted
from canlian_events.assistance.need import NeedAssessed, NeedEvent, NeedRaised, NeedReferralEnded, NeedReferred
from canlian_events.assistance.visit import VisitEvent
from canlian_events.catalog.referral import ReferralEvent
from canlian_events.core import Event
from canlian_events.evaluation.feedback import FeedbackGiven
from canlian_events.meta import Meta
from canlian_events.terms import Role
from canlian_person_file.case_history import history_columns, history_projection
from canlian_social_worker.shared.columns import SocialWorkerRow

NOTED = ("channel", "domain", "urgency", "worker_id", "reason", "service_id", "outcome", "on", "due", "score", "level")
"""The fields of an event that its line in the history mentions, in this order."""
_TEXTS = ("why", "words", "note", "findings", "look_for")


class HistoryRow(SocialWorkerRow, table=True):
    """`kind` is the event's type, `facts` its codes and ids, `text` what somebody wrote."""

    __tablename__ = "history"

    event_id: str = Field(primary_key=True)
    position: int
    at: datetime = moment()
    actor: str
    kind: str
    need_id: str | None = Field(default=None, index=True)
    referral_id: str | None = Field(default=None, index=True)
    visit_id: str | None = Field(default=None, index=True)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    text: str | None = None


def note(
    _: HistoryRow | None,
    event: NeedEvent | ReferralEvent | VisitEvent | AssessmentCompleted | FeedbackGiven,
    meta: Meta,
) -> HistoryRow | None:
    if _told_by_another(event, meta):
        return None
    return HistoryRow(
        need_id=getattr(event, "need_id", None),
        referral_id=getattr(event, "referral_id", None),
        visit_id=getattr(event, "visit_id", None),
        **history_columns(event, meta, NOTED, () if isinstance(event, NeedRaised) else _TEXTS),
    )


def _told_by_another(event: Event, meta: Meta) -> bool:
    """What the system notes on the need after a referral or an assessment is told by that event itself."""
    by_system = meta.actor.startswith(f"{Role.POLICY.value}:")
    return isinstance(event, NeedReferred | NeedReferralEnded) or (isinstance(event, NeedAssessed) and by_system)


history = history_projection(HistoryRow, note)


def history_of_need(db: Session, need_id: str, referrals: Sequence[str]) -> Sequence[HistoryRow]:
    """The need's and its referrals', in the order in which it happened."""
    ours = or_(col(HistoryRow.need_id) == need_id, col(HistoryRow.referral_id).in_(referrals))
    return db.exec(select(HistoryRow).where(ours).order_by(col(HistoryRow.position))).all()


def history_of_referral(db: Session, referral_id: str) -> Sequence[HistoryRow]:
    query = select(HistoryRow).where(HistoryRow.referral_id == referral_id)
    return db.exec(query.order_by(col(HistoryRow.position))).all()


def history_of_visit(db: Session, visit_id: str) -> Sequence[HistoryRow]:
    query = select(HistoryRow).where(HistoryRow.visit_id == visit_id)
    return db.exec(query.order_by(col(HistoryRow.position))).all()
