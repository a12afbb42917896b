"""Referrals (转介): a person sent to a service, followed to the end whatever the end is."""

from __future__ import annotations

from datetime import date

from canlian_events.catalog.matching import Reason
from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import CommunityCode, NeedId, PersonId, ProviderId, ReferralId, ServiceId
from canlian_events.personal import Personal
from canlian_events.terms import DeclineReason, Domain, Outcome, Role

REFERRAL = aggregate("catalog.referral")
SILENT_AFTER_DAYS = 7
"""A referral without an answer for this many days is shown as unanswered, and may be let lapse."""
LAPSES_AFTER_DAYS = 14
"""After this many days without an answer it lapses by itself."""
_REFERRERS = {Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.STAFF}
_PROVIDERS = {Role.PROVIDER, Role.STAFF}


class ReferPerson(Command, to=REFERRAL, by=_REFERRERS):
    """`reasons` are those the match was chosen for; they stay with the referral. `note` goes to the provider."""

    referral_id: ReferralId
    person_id: PersonId
    community: CommunityCode
    service_id: ServiceId
    need_id: NeedId | None = None
    reasons: tuple[Reason, ...] = ()
    note: str | None = None


class AcceptReferral(Command, to=REFERRAL, by=_PROVIDERS):
    """Takes a place; refused where none is free (waitlist instead)."""

    referral_id: ReferralId


class DeclineReferral(Command, to=REFERRAL, by=_PROVIDERS):
    referral_id: ReferralId
    reason: DeclineReason
    words: str | None = None


class WaitlistReferral(Command, to=REFERRAL, by=_PROVIDERS):
    referral_id: ReferralId


class OfferFreedPlace(Command, to=REFERRAL, by={Role.POLICY}):
    """A place became free and this one has waited longest."""

    referral_id: ReferralId


class WithdrawReferral(Command, to=REFERRAL, by=_REFERRERS | {Role.RESIDENT, Role.POLICY}):
    referral_id: ReferralId
    why: str


class LapseReferral(Command, to=REFERRAL, by=_REFERRERS | {Role.POLICY}):
    """Nobody answered in time, or the service was withdrawn before anybody was taken."""

    referral_id: ReferralId


class LapseUnanswered(Command, to=REFERRAL, by={Role.POLICY}):
    """Nobody has answered for `LAPSES_AFTER_DAYS`, since it was sent or, with `offered`, since a place was offered."""

    referral_id: ReferralId
    offered: bool = False


class StartService(Command, to=REFERRAL, by=_PROVIDERS):
    referral_id: ReferralId
    on: date


class RecordSession(Command, to=REFERRAL, by=_PROVIDERS):
    """One session on one day, attended or missed; a second record for the same day is refused."""

    referral_id: ReferralId
    on: date
    attended: bool
    note: str | None = None


class CompleteService(Command, to=REFERRAL, by=_PROVIDERS):
    """Frees the place. Refused before any session was attended, unless the outcome is `not_met`."""

    referral_id: ReferralId
    outcome: Outcome
    note: str | None = None


class ProposeNextMatch(Command, to=REFERRAL, by={Role.POLICY}):
    """After a decline or a lapse: the next best service for the same need; None says that there is none."""

    referral_id: ReferralId
    service_id: ServiceId | None = None
    reasons: tuple[Reason, ...] = ()


class TransferReferral(Command, to=REFERRAL, by={Role.POLICY}):
    """The person moved: the referral passes to the new community's workers."""

    referral_id: ReferralId
    community: CommunityCode


class ServiceReferred(Event, type="catalog.referral.referred", about="person_id"):
    referral_id: ReferralId
    person_id: PersonId
    service_id: ServiceId
    provider_id: ProviderId
    domain: Domain
    need_id: NeedId | None = None
    reasons: tuple[Reason, ...] = ()
    note: Personal[str] | None = None


class ReferralAccepted(Event, type="catalog.referral.accepted"):
    referral_id: ReferralId


class ReferralDeclined(Event, type="catalog.referral.declined", about="person_id"):
    referral_id: ReferralId
    person_id: PersonId
    service_id: ServiceId
    reason: DeclineReason
    words: Personal[str] | None = None
    need_id: NeedId | None = None


class ReferralWaitlisted(Event, type="catalog.referral.waitlisted"):
    referral_id: ReferralId
    service_id: ServiceId


class FreedPlaceOffered(Event, type="catalog.referral.freed-place-offered"):
    referral_id: ReferralId
    service_id: ServiceId


class ReferralLapsed(Event, type="catalog.referral.lapsed"):
    referral_id: ReferralId
    person_id: PersonId
    service_id: ServiceId
    need_id: NeedId | None = None


class ReferralWithdrawn(Event, type="catalog.referral.withdrawn", about="person_id"):
    referral_id: ReferralId
    person_id: PersonId
    service_id: ServiceId
    why: Personal[str]
    need_id: NeedId | None = None


class ServiceStarted(Event, type="catalog.referral.service-started"):
    referral_id: ReferralId
    on: date


class SessionAttended(Event, type="catalog.referral.session-attended", about="person_id"):
    referral_id: ReferralId
    person_id: PersonId
    on: date
    note: Personal[str] | None = None


class SessionMissed(Event, type="catalog.referral.session-missed", about="person_id"):
    referral_id: ReferralId
    person_id: PersonId
    on: date
    note: Personal[str] | None = None


class ServiceCompleted(Event, type="catalog.referral.service-completed", about="person_id"):
    """`sessions` counts those attended."""

    referral_id: ReferralId
    person_id: PersonId
    service_id: ServiceId
    outcome: Outcome
    sessions: int
    note: Personal[str] | None = None
    need_id: NeedId | None = None


class NextMatchProposed(Event, type="catalog.referral.next-match-proposed"):
    referral_id: ReferralId
    need_id: NeedId | None = None
    service_id: ServiceId | None = None
    reasons: tuple[Reason, ...] = ()


class ReferralTransferred(Event, type="catalog.referral.transferred"):
    referral_id: ReferralId
    person_id: PersonId
    from_community: CommunityCode
    to_community: CommunityCode


ReferralCommand = (
    ReferPerson
    | AcceptReferral
    | DeclineReferral
    | WaitlistReferral
    | OfferFreedPlace
    | WithdrawReferral
    | LapseReferral
    | LapseUnanswered
    | StartService
    | RecordSession
    | CompleteService
    | ProposeNextMatch
    | TransferReferral
)
ReferralEvent = (
    ServiceReferred
    | ReferralAccepted
    | ReferralDeclined
    | ReferralWaitlisted
    | FreedPlaceOffered
    | ReferralLapsed
    | ReferralWithdrawn
    | ServiceStarted
    | SessionAttended
    | SessionMissed
    | ServiceCompleted
    | NextMatchProposed
    | ReferralTransferred
)
