"""Who did what when with a referral, one row an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import Projection, events_named
from canlian_events.catalog.referral import ServiceReferred
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_provider.referrals.views import Answer, End, Providing
from canlian_provider.shared.columns import DeskRow, moment

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
    body = event.model_dump(mode="json", include=set(NOTED))
    written = () if isinstance(event, ServiceReferred) else _TEXTS
    return HistoryRow(
        event_id=meta.id,
        position=meta.position,
        referral_id=event.referral_id,
        at=meta.said_at,
        actor=meta.actor,
        kind=event.type,
        facts={name: body[name] for name in NOTED if body.get(name) is not None},
        text=next((text for name in written if (text := opened(getattr(event, name, None)))), None),
    )


history = Projection("history", HistoryRow, events_named(note), lambda _: None, note, by=lambda meta: meta.id)


def history_of(db: Session, referral_id: str) -> Sequence[HistoryRow]:
    query = select(HistoryRow).where(HistoryRow.referral_id == referral_id)
    return db.exec(query.order_by(col(HistoryRow.position))).all()
