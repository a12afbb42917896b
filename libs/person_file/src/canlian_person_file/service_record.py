"""What was done for a person and said about them, one row an event, with every word of it: for their own copy.

    RECORD = record_of(NeighboursRow)
    Views("neighbours", …, projections=[…, RECORD.projection])

What comes with a roster by the hundred thousand (registered, certified, circumstances) is in the file's facts instead.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

from sqlalchemy import JSON, DateTime
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import Projection
from canlian_chassis.row import Row
from canlian_events.assistance.assessment import AssessmentCompleted
from canlian_events.assistance.need import AskerIdentified, NeedRaised, NeedReopened
from canlian_events.assistance.visit import VisitCancelled, VisitCompleted, VisitFellDue, VisitMissed, VisitScheduled
from canlian_events.catalog.referral import (
    ReferralDeclined,
    ReferralLapsed,
    ReferralWithdrawn,
    ServiceCompleted,
    ServiceReferred,
    SessionAttended,
    SessionMissed,
)
from canlian_events.core import Event
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackGiven, FeedbackReplied
from canlian_events.meta import Meta
from canlian_events.personal import Sealed, map_personal
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    CertificateExpired,
    CertificateRenewed,
    ConsentGiven,
    ConsentWithdrawn,
    CorrectionRequested,
    CorrectionSettled,
    DeathWithdrawn,
    DisabilityReclassified,
    ErasureDeclined,
    ErasureRequested,
    ErasureRequestWithdrawn,
    PersonCorrected,
    PersonDied,
    PersonMoved,
    ReassessmentAsked,
)

Recorded = (
    PersonCorrected
    | PersonMoved
    | CertificateRenewed
    | CertificateExpired
    | DisabilityReclassified
    | ReassessmentAsked
    | AccessNeedsRecorded
    | ConsentGiven
    | ConsentWithdrawn
    | PersonDied
    | DeathWithdrawn
    | CorrectionRequested
    | CorrectionSettled
    | ErasureRequested
    | ErasureRequestWithdrawn
    | ErasureDeclined
    | NeedRaised
    | NeedReopened
    | AskerIdentified
    | AssessmentCompleted
    | VisitFellDue
    | VisitScheduled
    | VisitCompleted
    | VisitMissed
    | VisitCancelled
    | ServiceReferred
    | ReferralDeclined
    | ReferralLapsed
    | ReferralWithdrawn
    | SessionAttended
    | SessionMissed
    | ServiceCompleted
    | FeedbackAsked
    | FeedbackGiven
    | FeedbackReplied
)
_NAMED_ELSEWHERE = ("name", "phone", "address", "number", "replaces")
"""What the file's facts hold as it is now."""


class RecordShape(Row):
    """`texts` is everything in words that the event holds."""

    event_id: str = Field(primary_key=True)
    position: int
    at: datetime = Field(sa_type=DateTime(timezone=True))
    person_id: str = Field(index=True)
    kind: str
    actor: str
    texts: list[str] = Field(default_factory=list, sa_type=JSON)
    asker_id: str | None = None
    """Under which the person was known until then."""


@dataclass(frozen=True, slots=True)
class Record:
    row: type[RecordShape]
    projection: Projection

    def of(self, db: Session, *person_ids: str) -> Sequence[RecordShape]:
        """In the order in which it happened; with what they asked for before anybody knew who it was.

        Several ids are those of one person's merged files.
        """
        asker, whose = col(self.row.asker_id), col(self.row.person_id)
        ids = {*person_ids, *db.exec(select(self.row.asker_id).where(whose.in_(person_ids), asker.is_not(None)))}
        query = (
            select(self.row).where(col(self.row.person_id).in_(ids)).order_by(col(self.row.at), col(self.row.position))
        )
        return db.exec(query).all()


def record_of(base: type[Row]) -> Record:
    """A tool's own table of it, and the projection that fills it."""
    names = {"__module__": base.__module__, "__tablename__": "record"}
    made = types.new_class("RecordRow", (RecordShape, base), {"table": True}, lambda space: space.update(names))
    row = cast("type[RecordShape]", made)

    def note(_: RecordShape | None, event: Event, meta: Meta) -> RecordShape | None:
        person_id: str | None = getattr(event, "person_id", None)
        if person_id is None:
            return None
        return row(
            event_id=meta.id,
            position=meta.position,
            at=meta.said_at,
            person_id=person_id,
            kind=event.type,
            actor=meta.actor,
            texts=_texts(event),
            asker_id=event.asker_id if isinstance(event, AskerIdentified) else None,
        )

    kinds = frozenset(get_args(Recorded))
    return Record(row, Projection("record", row, kinds, lambda _: None, note, by=lambda meta: meta.id))


def _texts(event: Event) -> list[str]:
    found: list[str] = []

    def collect(path: str, value: Any) -> Any:
        if not isinstance(value, Sealed) and value and path not in _NAMED_ELSEWHERE:
            found.append(str(value))
        return value

    map_personal(event, collect)
    return found
