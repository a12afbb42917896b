"""How events become the rows of needs and visits: what was asked for, and who was called on."""

from __future__ import annotations

from canlian_chassis.projection import Projection, projection
from canlian_events.assistance.need import (
    AskerIdentified,
    NeedAssessed,
    NeedAssigned,
    NeedClassified,
    NeedClosed,
    NeedMet,
    NeedRaised,
    NeedReferralEnded,
    NeedReferred,
    NeedReopened,
    NeedTransferred,
)
from canlian_events.assistance.visit import (
    VisitCancelled,
    VisitCompleted,
    VisitFellDue,
    VisitMissed,
    VisitReassigned,
    VisitScheduled,
    VisitTransferred,
)
from canlian_events.calendar import day_of
from canlian_events.meta import Meta
from canlian_events.terms import NeedCloseReason
from canlian_overview.rows import NeedRow, VisitRow

NeedSeen = (
    NeedRaised
    | AskerIdentified
    | NeedAssigned
    | NeedClassified
    | NeedAssessed
    | NeedReferred
    | NeedReferralEnded
    | NeedMet
    | NeedClosed
    | NeedReopened
    | NeedTransferred
)
VisitSeen = (
    VisitFellDue | VisitScheduled | VisitReassigned | VisitCompleted | VisitMissed | VisitCancelled | VisitTransferred
)


def needs(table: type[NeedRow]) -> Projection:
    @projection(table, key=lambda event: event.need_id)
    def overview_needs(row: NeedRow | None, event: NeedSeen, meta: Meta) -> NeedRow | None:
        if isinstance(event, NeedRaised):
            return _raised(table, event, meta)
        if row is None:
            return None
        return _need_after(row, event, meta).with_(event_id=meta.id, position=meta.position)

    return overview_needs


def _raised(table: type[NeedRow], event: NeedRaised, meta: Meta) -> NeedRow:
    return table(
        need_id=event.need_id,
        person_id=event.person_id,
        community=meta.community,
        channel=event.channel,
        domain=event.domain,
        urgency=event.urgency,
        raised_on=day_of(meta.said_at),
        raised_event_id=meta.id,
        raised_position=meta.position,
        raised_community=meta.community,
        event_id=meta.id,
        position=meta.position,
    )


def _need_after(row: NeedRow, event: NeedSeen, meta: Meta) -> NeedRow:
    match event:
        case AskerIdentified():
            return row.with_(person_id=event.person_id)
        case NeedAssigned():
            return row.with_(worker_id=event.worker_id)
        case NeedClassified():
            return row.with_(domain=event.domain, urgency=event.urgency)
        case NeedAssessed():
            return row.with_(assessed=True)
        case NeedReferred():
            open_ones = sorted({*row.referrals, event.referral_id})
            return row.with_(referrals=open_ones, status="referred", referred_on=day_of(meta.said_at))
        case NeedReferralEnded():
            open_ones = sorted({*row.referrals} - {event.referral_id})
            return row.with_(referrals=open_ones, status="referred" if open_ones else "open")
        case NeedMet():
            return row.with_(status="met", ended_on=day_of(meta.said_at), close_reason=NeedCloseReason.MET.value)
        case NeedClosed():
            return row.with_(status="closed", ended_on=day_of(meta.said_at), close_reason=event.reason)
        case NeedReopened():
            return row.with_(status="open", ended_on=None, close_reason=None, times_reopened=row.times_reopened + 1)
        case NeedTransferred():
            return row.with_(community=event.to_community, worker_id=None)
        case _:
            return row


def visits(table: type[VisitRow]) -> Projection:
    @projection(table, key=lambda event: event.visit_id)
    def overview_visits(row: VisitRow | None, event: VisitSeen, meta: Meta) -> VisitRow | None:
        if isinstance(event, VisitFellDue | VisitScheduled) and row is None:
            row = table(
                visit_id=event.visit_id,
                person_id=event.person_id,
                community=meta.community,
                status="due",
                due=event.due,
                event_id=meta.id,
                position=meta.position,
            )
        if row is None:
            return None
        return _visit_after(row, event, meta).with_(event_id=meta.id, position=meta.position)

    return overview_visits


def _visit_after(row: VisitRow, event: VisitSeen, meta: Meta) -> VisitRow:
    match event:
        case VisitFellDue():
            return row.with_(due=event.due)
        case VisitScheduled():
            return row.with_(status="scheduled", due=event.due, worker_id=event.worker_id)
        case VisitReassigned():
            return row.with_(worker_id=event.worker_id)
        case VisitCompleted():
            return row.with_(status="completed", done_on=day_of(meta.said_at))
        case VisitMissed():
            return row.with_(status="missed")
        case VisitCancelled():
            return row.with_(status="cancelled")
        case VisitTransferred():
            return row.with_(status="due", community=event.to_community, worker_id=None, due=event.due)
