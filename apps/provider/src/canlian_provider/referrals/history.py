"""Who did what when with a referral, one row an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from canlian_chassis.views.columns import moment
from canlian_events.catalog.referral import ServiceReferred
from canlian_events.meta import Meta
from canlian_person_file.case_history import history_columns, history_projection
from canlian_provider.referrals.views import Answer, End, Providing
from canlian_provider.shared.columns import DeskRow

NOTED = ("reason", "outcome", "on")
_TEXTS = ("note", "words", "why")


class HistoryRow(DeskRow, table=True):
    """`kind` is the event's type, `facts` its codes, `text` what somebody wrote."""

    __tablename__ = "history"

    event_id: str = Field(primary_key=True)
    position: int
    referral_id: str = Field(index=True)
    at: datetime = moment()
    actor: str
    kind: str
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    text: str | None = None


def note(_: HistoryRow | None, event: ServiceReferred | Answer | Providing | End, meta: Meta) -> HistoryRow | None:
    texts = () if isinstance(event, ServiceReferred) else _TEXTS
    return HistoryRow(referral_id=event.referral_id, **history_columns(event, meta, NOTED, texts))


history = history_projection(HistoryRow, note)


def history_of(db: Session, referral_id: str) -> Sequence[HistoryRow]:
    query = select(HistoryRow).where(HistoryRow.referral_id == referral_id)
    return db.exec(query.order_by(col(HistoryRow.position))).all()
