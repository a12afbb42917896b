"""What the views of referrals fold alike, whether for who referred somebody or for whoever serves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from canlian_events.catalog.matching import Reason
from canlian_events.catalog.referral import SILENT_AFTER_DAYS, ServiceReferred, SessionAttended, SessionMissed
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_web.language.formats import local

Session = dict[str, Any]
"""A session as a column holds it: on, attended and note."""


def referred_columns(event: ServiceReferred, meta: Meta) -> dict[str, Any]:
    """What every view of referrals keeps of the event that begins one; an answer is owed from then on."""
    return {
        "referral_id": event.referral_id,
        "person_id": event.person_id,
        "community": meta.community,
        "service_id": event.service_id,
        "provider_id": event.provider_id,
        "domain": event.domain,
        "reasons": reasons_as_json(event.reasons),
        "note": opened(event.note),
        "referred_at": meta.said_at,
        "asked_at": meta.said_at,
    }


def reasons_as_json(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    """Reasons as a column or a hidden field holds them."""
    return [reason.model_dump(mode="json") for reason in reasons]


def with_session(sessions: Sequence[Session], event: SessionAttended | SessionMissed) -> list[Session]:
    """The sessions by day, with this one."""
    attended = isinstance(event, SessionAttended)
    one = {"on": event.on.isoformat(), "attended": attended, "note": opened(event.note)}
    return sorted([*sessions, one], key=lambda session: session["on"])


def number_attended(sessions: Sequence[Session]) -> int:
    return sum(bool(session["attended"]) for session in sessions)


def days_since(at: datetime, today: date) -> int:
    return (today - local(at).date()).days


def too_long_unanswered(asked_at: datetime, today: date) -> bool:
    """Whether a provider who still owes an answer has said nothing for too long."""
    return days_since(asked_at, today) >= SILENT_AFTER_DAYS
