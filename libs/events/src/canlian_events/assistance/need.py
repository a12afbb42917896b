"""Needs (需求): what somebody asks for or is found to lack, from the first word to met or closed."""

from __future__ import annotations

from typing import Any

from canlian_events.core import Command, Event, aggregate, upcast
from canlian_events.ids import AssessmentId, CommunityCode, NeedId, PersonId, PersonOrAskerId, ReferralId, WorkerId
from canlian_events.personal import Personal
from canlian_events.terms import Channel, Domain, NeedCloseReason, Role, Urgency

NEED = aggregate("assistance.need")
_WORKERS = {Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.DIRECTOR, Role.STAFF}


class RaiseNeed(
    Command,
    to=NEED,
    by=_WORKERS | {Role.ANONYMOUS, Role.RESIDENT, Role.VOLUNTEER, Role.POLICY, Role.OPERATOR, Role.PROGRAM},
):
    """In the asker's words, or by the picture of a domain, or both. Without an account the id is an `asker_` one."""

    need_id: NeedId
    person_id: PersonOrAskerId
    community: CommunityCode
    channel: Channel
    domain: Domain | None = None
    words: str | None = None
    contact: str | None = None
    urgency: Urgency = Urgency.NORMAL


class IdentifyAsker(Command, to=NEED, by=_WORKERS):
    """The worker found out which registered person had asked."""

    need_id: NeedId
    person_id: PersonId


class AssignNeed(Command, to=NEED, by=_WORKERS | {Role.POLICY}):
    need_id: NeedId
    worker_id: WorkerId


class ClassifyNeed(Command, to=NEED, by=_WORKERS):
    """Words put under a service domain by a worker."""

    need_id: NeedId
    domain: Domain
    urgency: Urgency = Urgency.NORMAL


class LinkAssessment(Command, to=NEED, by=_WORKERS | {Role.POLICY}):
    need_id: NeedId
    assessment_id: AssessmentId


class NoteReferral(Command, to=NEED, by={Role.POLICY}):
    """A referral for this need was made: the need now waits for its answer."""

    need_id: NeedId
    referral_id: ReferralId


class NoteReferralEnd(Command, to=NEED, by={Role.POLICY}):
    """A referral for this need is over, by whatever end."""

    need_id: NeedId
    referral_id: ReferralId


class CloseNeed(Command, to=NEED, by=_WORKERS | {Role.POLICY, Role.RESIDENT}):
    """Refused while a referral is open. With reason `met` the need is met."""

    need_id: NeedId
    reason: NeedCloseReason


class ReopenNeed(Command, to=NEED, by=_WORKERS | {Role.POLICY, Role.RESIDENT}):
    need_id: NeedId
    why: str


class TransferNeed(Command, to=NEED, by={Role.POLICY}):
    """The person moved: the need passes to the new community's workers."""

    need_id: NeedId
    community: CommunityCode


class EraseAsker(Command, to=NEED, by={Role.POLICY, Role.STAFF}):
    """What was asked without an account is destroyed, because the asker turned out to be a person who is erased, or by
    the asker's own wish; then the need is closed too."""

    need_id: NeedId


class NeedRaised(Event, type="assistance.need.raised", about="person_id"):
    need_id: NeedId
    person_id: PersonOrAskerId
    channel: Channel
    domain: Domain | None = None
    words: Personal[str] | None = None
    contact: Personal[str] | None = None
    urgency: Urgency = Urgency.NORMAL


class AskerIdentified(Event, type="assistance.need.asker-identified"):
    need_id: NeedId
    asker_id: PersonOrAskerId
    person_id: PersonId


class AskerErased(Event, type="assistance.need.asker-erased", about="asker_id", erases=True):
    need_id: NeedId
    asker_id: PersonOrAskerId


class NeedAssigned(Event, type="assistance.need.assigned"):
    need_id: NeedId
    worker_id: WorkerId


class NeedClassified(Event, type="assistance.need.classified"):
    need_id: NeedId
    domain: Domain
    urgency: Urgency


class NeedAssessed(Event, type="assistance.need.assessed"):
    need_id: NeedId
    assessment_id: AssessmentId


class NeedReferred(Event, type="assistance.need.referred"):
    need_id: NeedId
    referral_id: ReferralId


class NeedReferralEnded(Event, type="assistance.need.referral-ended"):
    need_id: NeedId
    referral_id: ReferralId


class NeedMet(Event, type="assistance.need.met"):
    need_id: NeedId


class NeedClosed(Event, type="assistance.need.closed"):
    need_id: NeedId
    reason: NeedCloseReason


class NeedReopened(Event, type="assistance.need.reopened", version=2, about="person_id"):
    """Before version 2 it did not say whose need it was, and the reason was not sealed."""

    need_id: NeedId
    person_id: PersonOrAskerId | None = None
    why: Personal[str]


@upcast(NeedReopened, since=1)
def not_sealed_before(body: dict[str, Any]) -> dict[str, Any]:
    return body


class NeedTransferred(Event, type="assistance.need.transferred"):
    """Happens in the new community. The worker of the old one no longer holds it."""

    need_id: NeedId
    person_id: PersonOrAskerId
    from_community: CommunityCode
    to_community: CommunityCode


NeedCommand = (
    RaiseNeed
    | IdentifyAsker
    | AssignNeed
    | ClassifyNeed
    | LinkAssessment
    | NoteReferral
    | NoteReferralEnd
    | CloseNeed
    | ReopenNeed
    | TransferNeed
    | EraseAsker
)
NeedEvent = (
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
    | AskerErased
)
