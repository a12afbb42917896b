"""Assessments: what was answered and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import moment
from canlian_events.assistance.assessment import AssessmentCompleted, AssessmentEvent, AssessmentStarted, ItemAnswered
from canlian_events.assistance.instruments import Instrument, Level, instrument
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_social_worker.persons.views import ids_of
from canlian_social_worker.shared.columns import SocialWorkerRow


class AssessmentRow(SocialWorkerRow, table=True):
    """`answers` maps an item to its answer, as far as it can be read; `level` is None until it is completed."""

    __tablename__ = "assessment"

    assessment_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    community: str
    instrument: str
    instrument_version: str
    need_id: str | None = None
    answers: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    score: int | None = None
    level: str | None = None
    explained: list[str] = Field(default_factory=list, sa_type=JSON)
    found: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """The needs it found: dicts of domain and urgency."""
    actor: str
    at: datetime = moment()

    @property
    def form(self) -> Instrument:
        """Versions that were used stay for ever, so there always is one."""
        form = instrument(self.instrument, self.instrument_version)
        assert form, f"no instrument {self.instrument} {self.instrument_version}"
        return form

    @property
    def result(self) -> Level | None:
        return self.form.level(self.level) if self.level else None


@projection(AssessmentRow, key=lambda event: event.assessment_id)
def assessments(row: AssessmentRow | None, event: AssessmentEvent, meta: Meta) -> AssessmentRow | None:
    match event, row:
        case AssessmentStarted(), _:
            return AssessmentRow(
                assessment_id=event.assessment_id,
                person_id=event.person_id,
                community=meta.community,
                instrument=event.instrument,
                instrument_version=event.instrument_version,
                need_id=event.need_id,
                actor=meta.actor,
                at=meta.said_at,
            )
        case ItemAnswered(), AssessmentRow():
            answer = opened(event.answer)
            return row if answer is None else row.with_(answers={**row.answers, event.item: answer})
        case AssessmentCompleted(), AssessmentRow():
            found = [need.model_dump(mode="json") for need in event.needs]
            told = {"score": event.score, "level": event.level, "explained": list(event.explained), "found": found}
            return row.with_(actor=meta.actor, at=meta.said_at, **told)
        case _:
            return row


def assessment(db: Session, assessment_id: str) -> AssessmentRow | None:
    return db.get(AssessmentRow, assessment_id)


def assessments_of_person(db: Session, person_id: str) -> Sequence[AssessmentRow]:
    query = select(AssessmentRow).where(col(AssessmentRow.person_id).in_(ids_of(db, person_id)))
    return db.exec(query.order_by(col(AssessmentRow.at).desc())).all()
