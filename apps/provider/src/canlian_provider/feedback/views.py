"""Feedback on services: the score and the words, not who gave it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded, moment
from canlian_events.evaluation.feedback import FeedbackGiven, FeedbackReplied
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.terms import RaterKind
from canlian_provider.services.views import ServiceRow
from canlian_provider.shared.columns import DeskRow


class FeedbackRow(DeskRow, table=True):
    """`reply` may be None though `replied_at` is set: it can no longer be read."""

    __tablename__ = "feedback"

    feedback_id: str = Field(primary_key=True)
    service_id: str = Field(index=True)
    community: str
    score: int
    rater: RaterKind = coded(RaterKind)
    words: str | None = None
    given_at: datetime = moment()
    reply: str | None = None
    replied_at: datetime | None = moment(default=None, nullable=True)


@projection(FeedbackRow, key=lambda event: event.feedback_id)
def feedback(row: FeedbackRow | None, event: FeedbackGiven | FeedbackReplied, meta: Meta) -> FeedbackRow | None:
    match event, row:
        case FeedbackGiven(service_id=str() as service_id), _:
            return FeedbackRow(
                feedback_id=event.feedback_id,
                service_id=service_id,
                community=meta.community,
                score=event.score,
                rater=event.rater,
                words=opened(event.words),
                given_at=meta.said_at,
            )
        case FeedbackReplied(), FeedbackRow():
            return row.with_(reply=opened(event.words), replied_at=meta.said_at)
        case _:
            return row


def one_feedback(db: Session, feedback_id: str) -> FeedbackRow | None:
    return db.get(FeedbackRow, feedback_id)


def feedback_on(db: Session, provider_id: str, scopes: Sequence[str]) -> Sequence[FeedbackRow]:
    """On all services of a provider, the newest first."""
    ours = select(ServiceRow.service_id).where(ServiceRow.provider_id == provider_id)
    query = select(FeedbackRow).where(col(FeedbackRow.service_id).in_(ours)).order_by(col(FeedbackRow.given_at).desc())
    return [row for row in db.exec(query).all() if row.community.startswith(tuple(scopes))]
