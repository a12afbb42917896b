"""Feedback: asked, given, answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded, moment
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackEvent, FeedbackGiven, FeedbackReplied
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.terms import Occasion, RaterKind
from canlian_social_worker.persons.views import ids_of
from canlian_social_worker.shared.columns import SocialWorkerRow, within

LOW = 2
"""A score up to this one calls for a reply."""


class FeedbackRow(SocialWorkerRow, table=True):
    """`score` is None until it is given. `reply` is None where it was not given or cannot be read; see `replied_at`."""

    __tablename__ = "feedback"

    feedback_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    community: str = Field(index=True)
    occasion: Occasion = coded(Occasion)
    occasion_id: str
    service_id: str | None = None
    need_id: str | None = None
    asked_at: datetime = moment()
    score: int | None = None
    rater: RaterKind | None = coded(RaterKind, default=None, nullable=True)
    words: str | None = None
    given_at: datetime | None = moment(default=None, nullable=True)
    reply: str | None = None
    replied_at: datetime | None = moment(default=None, nullable=True)


@projection(FeedbackRow, key=lambda event: event.feedback_id)
def feedback(row: FeedbackRow | None, event: FeedbackEvent, meta: Meta) -> FeedbackRow | None:
    match event, row:
        case FeedbackAsked(), _:
            return FeedbackRow(
                feedback_id=event.feedback_id,
                person_id=event.person_id,
                community=meta.community,
                occasion=event.occasion,
                occasion_id=event.occasion_id,
                service_id=event.service_id,
                need_id=event.need_id,
                asked_at=meta.said_at,
            )
        case FeedbackGiven(), FeedbackRow():
            return row.with_(score=event.score, rater=event.rater, words=opened(event.words), given_at=meta.said_at)
        case FeedbackReplied(), FeedbackRow():
            return row.with_(reply=opened(event.words), replied_at=meta.said_at)
        case _:
            return row


class FeedbackList(StrEnum):
    """The lists of feedback; the first has a figure on the day's page."""

    TO_ANSWER = "to_answer"
    GIVEN = "given"
    ASKED = "asked"


def one_feedback(db: Session, feedback_id: str) -> FeedbackRow | None:
    return db.get(FeedbackRow, feedback_id)


def listed_feedback(db: Session, scopes: Sequence[str], which: FeedbackList) -> Sequence[FeedbackRow]:
    """What waits, oldest first; all that was given, newest first."""
    newest = which is FeedbackList.GIVEN
    order = col(FeedbackRow.given_at).desc() if newest else col(FeedbackRow.asked_at)
    query = select(FeedbackRow).where(within(FeedbackRow.community, scopes), *_where(which))
    return db.exec(query.order_by(order)).all()


def _where(which: FeedbackList) -> list[ColumnElement[bool]]:
    match which:
        case FeedbackList.TO_ANSWER:
            return [col(FeedbackRow.score) <= LOW, col(FeedbackRow.replied_at).is_(None)]
        case FeedbackList.GIVEN:
            return [col(FeedbackRow.score).is_not(None)]
        case FeedbackList.ASKED:
            return [col(FeedbackRow.score).is_(None)]


def feedback_of_person(db: Session, person_id: str) -> Sequence[FeedbackRow]:
    query = select(FeedbackRow).where(col(FeedbackRow.person_id).in_(ids_of(db, person_id)))
    return db.exec(query.order_by(col(FeedbackRow.asked_at).desc())).all()
