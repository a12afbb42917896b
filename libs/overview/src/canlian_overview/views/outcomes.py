"""How events become the rows of referrals, participation and feedback: what was done, and how it was found."""

from __future__ import annotations

from canlian_chassis.projection import Projection, projection
from canlian_events.calendar import day_of
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    ReferralAccepted,
    ReferralDeclined,
    ReferralLapsed,
    ReferralTransferred,
    ReferralWaitlisted,
    ReferralWithdrawn,
    ServiceCompleted,
    ServiceReferred,
    ServiceStarted,
    SessionAttended,
    SessionMissed,
)
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackGiven, FeedbackReplied
from canlian_events.meta import Meta
from canlian_events.registry.association import ActivityHeld
from canlian_overview.rows import ActivityRow, FeedbackRow, ParticipationRow, ReferralRow

ReferralSeen = (
    ServiceReferred
    | ReferralAccepted
    | ReferralWaitlisted
    | FreedPlaceOffered
    | ReferralDeclined
    | ReferralLapsed
    | ReferralWithdrawn
    | ServiceStarted
    | SessionAttended
    | SessionMissed
    | ServiceCompleted
    | ReferralTransferred
)


def referrals(table: type[ReferralRow]) -> Projection:
    @projection(table, key=lambda event: event.referral_id)
    def overview_referrals(row: ReferralRow | None, event: ReferralSeen, meta: Meta) -> ReferralRow | None:
        if isinstance(event, ServiceReferred):
            return _referred(table, event, meta)
        if row is None:
            return None
        return _referral_after(row, event, meta).with_(event_id=meta.id, position=meta.position)

    return overview_referrals


def _referred(table: type[ReferralRow], event: ServiceReferred, meta: Meta) -> ReferralRow:
    return table(
        referral_id=event.referral_id,
        person_id=event.person_id,
        community=meta.community,
        service_id=event.service_id,
        provider_id=event.provider_id,
        domain=event.domain,
        need_id=event.need_id,
        referred_on=day_of(meta.said_at),
        event_id=meta.id,
        position=meta.position,
    )


def _referral_after(row: ReferralRow, event: ReferralSeen, meta: Meta) -> ReferralRow:
    today = day_of(meta.said_at)
    match event:
        case ReferralAccepted():
            return row.with_(status="accepted", answered_on=today)
        case ReferralWaitlisted():
            return row.with_(status="waitlisted", answered_on=today)
        case FreedPlaceOffered():
            return row.with_(status="offered")
        case ReferralDeclined():
            return row.with_(status="declined", answered_on=today, ended_on=today, decline_reason=event.reason)
        case ReferralLapsed():
            return row.with_(status="lapsed", ended_on=today)
        case ReferralWithdrawn():
            return row.with_(status="withdrawn", ended_on=today)
        case ServiceStarted():
            return row.with_(status="started", started_on=event.on)
        case SessionAttended():
            return row.with_(sessions=row.sessions + 1)
        case SessionMissed():
            return row.with_(missed=row.missed + 1)
        case ServiceCompleted():
            return row.with_(status="completed", ended_on=today, outcome=event.outcome)
        case ReferralTransferred():
            return row.with_(community=event.to_community)
        case _:
            return row


def participations(table: type[ParticipationRow]) -> Projection:
    @projection(table, key=lambda event: (SERVICE, event.referral_id, event.person_id))
    def overview_participations(
        row: ParticipationRow | None, event: ServiceCompleted, meta: Meta
    ) -> ParticipationRow | None:
        return table(
            kind=SERVICE,
            occasion_id=event.referral_id,
            person_id=event.person_id,
            community=meta.community,
            service_id=event.service_id,
            on=day_of(meta.said_at),
            event_id=meta.id,
            position=meta.position,
        )

    return overview_participations


def activities(table: type[ActivityRow]) -> Projection:
    @projection(table, key=lambda event: event.activity_id)
    def overview_activities(_row: ActivityRow | None, event: ActivityHeld, meta: Meta) -> ActivityRow:
        return table(
            activity_id=event.activity_id,
            association_id=event.association_id,
            community=meta.community,
            on=event.on,
            attendees=sorted(event.attendees),
            event_id=meta.id,
            position=meta.position,
        )

    return overview_activities


SERVICE = "service"
"""The kind of participation that a completed service is."""


def feedback(table: type[FeedbackRow]) -> Projection:
    @projection(table, key=lambda event: event.feedback_id)
    def overview_feedback(
        row: FeedbackRow | None, event: FeedbackAsked | FeedbackGiven | FeedbackReplied, meta: Meta
    ) -> FeedbackRow | None:
        if isinstance(event, FeedbackAsked):
            return table(
                feedback_id=event.feedback_id,
                person_id=event.person_id,
                community=meta.community,
                occasion=event.occasion,
                occasion_id=event.occasion_id,
                service_id=event.service_id,
                need_id=event.need_id,
                asked_on=day_of(meta.said_at),
                event_id=meta.id,
                position=meta.position,
            )
        if row is None:
            return None
        match event:
            case FeedbackGiven():
                given = row.with_(score=event.score, rater=event.rater, given_on=day_of(meta.said_at))
                return given.with_(event_id=meta.id, position=meta.position)
            case FeedbackReplied():
                return row.with_(replied_on=day_of(meta.said_at))

    return overview_feedback
