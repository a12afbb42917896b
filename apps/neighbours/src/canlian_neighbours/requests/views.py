"""Needs as their askers follow them, with their referrals and everything that happened on the way."""

from __future__ import annotations

from canlian_chassis.projection import Projection, events_named, projection
from canlian_events.assistance.ask_number import ask_number
from canlian_events.assistance.assessment import AssessmentStarted
from canlian_events.assistance.need import (
    AskerIdentified,
    NeedAssessed,
    NeedAssigned,
    NeedClassified,
    NeedClosed,
    NeedMet,
    NeedRaised,
    NeedReferred,
    NeedReopened,
    NeedTransferred,
)
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    ReferralAccepted,
    ReferralDeclined,
    ReferralLapsed,
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
from canlian_events.terms import NeedCloseReason, Urgency
from canlian_neighbours.shared.rows import NeedRow, ReferralRow, StepRow

Told = (
    NeedRaised
    | AskerIdentified
    | NeedAssigned
    | NeedClassified
    | AssessmentStarted
    | NeedAssessed
    | NeedReferred
    | NeedMet
    | NeedClosed
    | NeedReopened
    | NeedTransferred
)
Answered = ReferralAccepted | ReferralWaitlisted | FreedPlaceOffered | ServiceStarted
Ended = ReferralDeclined | ReferralLapsed | ReferralWithdrawn | ServiceCompleted


@projection(NeedRow, key=lambda event: event.need_id)
def needs(row: NeedRow | None, event: Told, meta: Meta) -> NeedRow | None:
    if isinstance(event, NeedRaised):
        return _raised(event, meta)
    if row is None:
        return None
    match event:
        case AskerIdentified():
            return row.with_(person_id=event.person_id)
        case NeedAssigned():
            return row.with_(worker_id=event.worker_id)
        case NeedClassified():
            return row.with_(domain=event.domain, is_urgent=event.urgency is Urgency.URGENT)
        case AssessmentStarted():
            return row.with_(is_assessing=True)
        case NeedAssessed():
            return row.with_(is_assessing=False, is_assessed=True)
        case NeedReferred():
            return row.with_(referral_id=event.referral_id, is_reopened=False)
        case NeedMet():
            return row.with_(over=NeedCloseReason.MET)
        case NeedClosed():
            return row.with_(over=event.reason)
        case NeedReopened():
            return row.with_(over=None, is_reopened=True, is_assessing=False)
        case NeedTransferred():
            return row.with_(community=event.to_community, worker_id=None)


def _raised(event: NeedRaised, meta: Meta) -> NeedRow:
    registered = event.person_id.startswith("person_")
    return NeedRow(
        need_id=event.need_id,
        number=ask_number(event.need_id),
        person_id=event.person_id,
        community=meta.community,
        raised_at=meta.said_at,
        domain=event.domain,
        words=opened(event.words) if registered else None,
        left_phone=event.contact is not None,
        is_urgent=event.urgency is Urgency.URGENT,
    )


@projection(ReferralRow, key=lambda event: event.referral_id)
def referrals(row: ReferralRow | None, event: ServiceReferred | Answered | Ended, meta: Meta) -> ReferralRow | None:
    if isinstance(event, ServiceReferred):
        return ReferralRow(referral_id=event.referral_id, need_id=event.need_id, service_id=event.service_id)
    return row and row.with_(stage=_STAGES[type(event)])


_STAGES: dict[type[Answered | Ended], str] = {
    ReferralAccepted: "accepted",
    ReferralWaitlisted: "waitlisted",
    FreedPlaceOffered: "offered",
    ServiceStarted: "running",
    ReferralDeclined: "declined",
    ReferralLapsed: "lapsed",
    ReferralWithdrawn: "withdrawn",
    ServiceCompleted: "completed",
}

Step = (
    NeedRaised
    | NeedAssigned
    | AssessmentStarted
    | NeedAssessed
    | NeedMet
    | NeedClosed
    | NeedReopened
    | NeedTransferred
    | ServiceReferred
    | Answered
    | Ended
    | SessionAttended
    | SessionMissed
)


def step(row: StepRow | None, event: Step, meta: Meta) -> StepRow | None:
    """One for each event, but none for an assessment that belongs to no need."""
    if isinstance(event, AssessmentStarted) and event.need_id is None:
        return None
    return StepRow(
        event_id=meta.id,
        position=meta.position,
        at=meta.said_at,
        need_id=getattr(event, "need_id", None),
        referral_id=getattr(event, "referral_id", None),
        what=type(event).__name__,
        code=_code(event),
        day=event.on if isinstance(event, ServiceStarted | SessionAttended | SessionMissed) else None,
        service_id=getattr(event, "service_id", None),
    )


def _code(event: Step) -> str | None:
    match event:
        case NeedRaised():
            return event.channel
        case NeedClosed() | ReferralDeclined():
            return event.reason
        case ServiceCompleted():
            return event.outcome
        case _:
            return None


steps = Projection("steps", StepRow, events_named(step), lambda _: None, step, by=lambda meta: meta.id)
