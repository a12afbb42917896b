"""Where a referral can stand, and how events move it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never

from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    NextMatchProposed,
    ReferralAccepted,
    ReferralDeclined,
    ReferralEvent,
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


@dataclass(frozen=True, slots=True)
class Sent:
    """Who was sent where, and for which need: the same to the end."""

    person_id: str
    service_id: str
    provider_id: str
    need_id: str | None


@dataclass(frozen=True, slots=True)
class Requested:
    """The provider's answer is waited for. `offered`: from the waiting list, because a place became free."""

    sent: Sent
    offered: bool = False


@dataclass(frozen=True, slots=True)
class Waitlisted:
    sent: Sent


@dataclass(frozen=True, slots=True)
class Accepted:
    """Has a place; not begun."""

    sent: Sent


@dataclass(frozen=True, slots=True)
class UnderWay:
    sent: Sent
    since: date
    attended: frozenset[date] = frozenset()
    missed: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Over:
    """`next_proposed`: what may follow a decline or a lapse was looked for."""

    sent: Sent
    how: Literal["declined", "lapsed", "withdrawn", "completed"]
    next_proposed: bool = False


Unanswered = Requested | Waitlisted
Placed = Accepted | UnderWay
Referral = Requested | Waitlisted | Accepted | UnderWay | Over | None


def evolve(referral: Referral, event: ReferralEvent) -> Referral:
    if isinstance(event, ServiceReferred):
        return Requested(Sent(event.person_id, event.service_id, event.provider_id, event.need_id))
    assert referral is not None
    match event:
        case ReferralAccepted():
            return Accepted(referral.sent)
        case ReferralDeclined():
            return Over(referral.sent, "declined")
        case ReferralWaitlisted():
            return Waitlisted(referral.sent)
        case FreedPlaceOffered():
            return Requested(referral.sent, offered=True)
        case ReferralLapsed():
            return Over(referral.sent, "lapsed")
        case ReferralWithdrawn():
            return Over(referral.sent, "withdrawn")
        case ServiceStarted():
            return UnderWay(referral.sent, event.on)
        case SessionAttended():
            assert isinstance(referral, UnderWay)
            return replace(referral, attended=referral.attended | {event.on})
        case SessionMissed():
            assert isinstance(referral, UnderWay)
            return replace(referral, missed=referral.missed | {event.on})
        case ServiceCompleted():
            return Over(referral.sent, "completed")
        case NextMatchProposed():
            assert isinstance(referral, Over)
            return replace(referral, next_proposed=True)
        case ReferralTransferred():
            return referral
        case _:
            assert_never(event)
