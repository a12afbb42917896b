"""The rules of a referral, from the first word to whatever end.

What holds a place is decided with the service beside it: a place is taken or freed in one batch with the referral's own
event, so that never more are in a service than it has places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import assert_never, get_args

from canlian_catalog.provider.decider import Registered
from canlian_catalog.referral.sending import find_facts, send
from canlian_catalog.referral.states import (
    Accepted,
    Over,
    Placed,
    Referral,
    Requested,
    Sent,
    UnderWay,
    Waitlisted,
    evolve,
)
from canlian_catalog.service.decider import Listed
from canlian_chassis.decider import Claim, Decider, Given, Ref, Rejected
from canlian_events.calendar import day_of
from canlian_events.catalog.provider import PROVIDER
from canlian_events.catalog.referral import (
    REFERRAL,
    AcceptReferral,
    CompleteService,
    DeclineReferral,
    FreedPlaceOffered,
    LapseReferral,
    LapseUnanswered,
    NextMatchProposed,
    OfferFreedPlace,
    ProposeNextMatch,
    RecordSession,
    ReferPerson,
    ReferralAccepted,
    ReferralCommand,
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
    StartService,
    TransferReferral,
    WaitlistReferral,
    WithdrawReferral,
)
from canlian_events.catalog.service import SERVICE, ServicePlaceFreed, ServicePlaceTaken
from canlian_events.core import Event
from canlian_events.personal import unsaid
from canlian_events.terms import Outcome, Role

Decided = ReferralEvent | ServicePlaceTaken | ServicePlaceFreed


def decide(command: ReferralCommand, referral: Referral, given: Given) -> Sequence[Decided]:
    erased = given.facts is not None and given.facts.erased
    if erased and not isinstance(command, WithdrawReferral | LapseReferral):
        # what is open for somebody erased ends, and nothing else happens to it
        raise Rejected("person.erased")
    if given.facts is not None and given.facts.died_on and isinstance(command, _FOR_THE_LIVING):
        raise Rejected("person.dead", died_on=given.facts.died_on)
    if referral is None:
        if isinstance(command, ReferPerson):
            return send(command, given)
        raise Rejected("referral.unknown")
    sent = referral.sent
    match command:
        case ReferPerson():
            raise Rejected("referral.already_sent")
        case AcceptReferral() | DeclineReferral() | WaitlistReferral():
            _only_the_provider(sent, given)
            return _answer(command, referral, given)
        case StartService() | RecordSession() | CompleteService():
            _only_the_provider(sent, given)
            return _provide(command, referral, given)
        case OfferFreedPlace():
            return _offer(command, referral)
        case WithdrawReferral():
            _only_their_own(sent, given)
            return _withdraw(command, referral, erased)
        case LapseReferral():
            if not isinstance(referral, Requested | Waitlisted):
                raise _out_of_turn(referral)
            return [ReferralLapsed.from_(command, **_named(sent))]
        case LapseUnanswered(offered=offered):
            # a timer: what was answered meanwhile, or asked anew, is not its business
            silent = isinstance(referral, Requested) and referral.offered == offered
            return [ReferralLapsed.from_(command, **_named(sent))] if silent else []
        case ProposeNextMatch():
            return _propose_next(command, referral)
        case TransferReferral():
            return _transfer(command, referral, given)
        case _:
            assert_never(command)


_FOR_THE_LIVING = (ReferPerson, AcceptReferral, WaitlistReferral, OfferFreedPlace, StartService)


def _answer(
    command: AcceptReferral | DeclineReferral | WaitlistReferral, referral: Referral, given: Given
) -> Sequence[Decided]:
    """The answer already given, given again, changes nothing."""
    match command, referral:
        case (AcceptReferral(), Accepted()) | (WaitlistReferral(), Waitlisted()):
            return []
        case AcceptReferral(), Requested(sent=sent) | Waitlisted(sent=sent):
            _open_for_more(sent, given)
            return _take_a_place(command, sent, given)
        case WaitlistReferral(), Requested(sent=sent):
            _open_for_more(sent, given)
            return [ReferralWaitlisted.from_(command, service_id=sent.service_id)]
        case DeclineReferral(), Requested(sent=sent) | Waitlisted(sent=sent):
            return [ReferralDeclined.from_(command, **_named(sent))]
        case _:
            raise _out_of_turn(referral)


def _open_for_more(sent: Sent, given: Given) -> None:
    service, provider = given.beside[Ref(SERVICE, sent.service_id)], given.beside[Ref(PROVIDER, sent.provider_id)]
    assert isinstance(service, Listed)
    if service.withdrawn:
        raise Rejected("referral.service_withdrawn", service=service.details.name)
    if isinstance(provider, Registered) and provider.suspended:
        raise Rejected("referral.provider_suspended", service=service.details.name)


def _take_a_place(command: AcceptReferral, sent: Sent, given: Given) -> Sequence[Decided]:
    service: Listed = given.beside[Ref(SERVICE, sent.service_id)]
    if service.full:
        raise Rejected("referral.no_place", service=service.details.name, places=service.places)
    taken = ServicePlaceTaken(service_id=sent.service_id, referral_id=command.referral_id)
    return [taken, ReferralAccepted.from_(command)]


def _provide(
    command: StartService | RecordSession | CompleteService, referral: Referral, given: Given
) -> Sequence[Decided]:
    if isinstance(command, StartService | RecordSession):
        _not_in_the_future(command.on, given)
    match command, referral:
        case StartService(), Accepted():
            return [ServiceStarted.from_(command)]
        case StartService(on=on), UnderWay(since=since) if on == since:
            return []
        case RecordSession(on=on), Accepted(sent=sent):
            # the first session is the start: nobody at a front desk records the same day twice
            return [ServiceStarted(referral_id=command.referral_id, on=on), _session(command, sent)]
        case RecordSession(), UnderWay():
            return _record(command, referral)
        case CompleteService(), Accepted(sent=sent):
            return _complete(command, sent, attended=0)
        case CompleteService(), UnderWay(sent=sent, attended=attended):
            return _complete(command, sent, len(attended))
        case _:
            raise _out_of_turn(referral)


def _not_in_the_future(on: date, given: Given) -> None:
    today = day_of(given.at)
    if on > today:
        raise Rejected("referral.in_future", on=on, today=today)


def _record(command: RecordSession, referral: UnderWay) -> Sequence[ReferralEvent]:
    if command.on < referral.since:
        raise Rejected("referral.before_start", on=command.on, since=referral.since)
    if command.on in referral.attended | referral.missed:
        raise Rejected("referral.session_recorded", on=command.on)
    return [_session(command, referral.sent)]


def _session(command: RecordSession, sent: Sent) -> SessionAttended | SessionMissed:
    kind = SessionAttended if command.attended else SessionMissed
    return kind.from_(command, person_id=sent.person_id)


def _complete(command: CompleteService, sent: Sent, attended: int) -> Sequence[Decided]:
    if not attended and command.outcome != Outcome.NOT_MET:
        raise Rejected("referral.nothing_attended", outcome=command.outcome)
    return [
        _freed(command.referral_id, sent),
        ServiceCompleted.from_(command, **_named(sent), sessions=attended),
    ]


def _freed(referral_id: str, sent: Sent) -> ServicePlaceFreed:
    return ServicePlaceFreed(service_id=sent.service_id, referral_id=referral_id)


def _offer(command: OfferFreedPlace, referral: Referral) -> Sequence[Decided]:
    match referral:
        case Waitlisted(sent=sent):
            return [FreedPlaceOffered.from_(command, service_id=sent.service_id)]
        case Requested(offered=True):
            return []
        case _:
            raise _out_of_turn(referral)


def _withdraw(command: WithdrawReferral, referral: Referral, erased: bool) -> Sequence[Decided]:
    if referral is None or isinstance(referral, Over):
        raise _out_of_turn(referral)
    sent = referral.sent
    why = unsaid(sent.person_id) if erased else command.why
    withdrawn = ReferralWithdrawn.from_(command, **_named(sent), why=why)
    return [_freed(command.referral_id, sent), withdrawn] if isinstance(referral, Placed) else [withdrawn]


def _propose_next(command: ProposeNextMatch, referral: Referral) -> Sequence[Decided]:
    match referral:
        case Over(how="declined" | "lapsed", next_proposed=True):
            return []
        case Over(how="declined" | "lapsed", sent=sent):
            return [NextMatchProposed.from_(command, need_id=sent.need_id)]
        case _:
            raise _out_of_turn(referral)


def _transfer(command: TransferReferral, referral: Referral, given: Given) -> Sequence[Decided]:
    if referral is None or isinstance(referral, Over):
        raise _out_of_turn(referral)
    if given.before is None or given.before == command.community:
        return []
    return [
        ReferralTransferred(
            referral_id=command.referral_id,
            person_id=referral.sent.person_id,
            from_community=given.before,
            to_community=command.community,
        )
    ]


def _out_of_turn(referral: Referral) -> Rejected:
    """Where the referral stands instead, one code for each."""
    match referral:
        case None:
            return Rejected("referral.unknown")
        case Requested():
            return Rejected("referral.not_accepted")
        case Waitlisted():
            return Rejected("referral.waitlisted")
        case Accepted():
            return Rejected("referral.already_accepted")
        case UnderWay(since=since):
            return Rejected("referral.under_way", since=since)
        case Over(how=how):
            return Rejected(f"referral.{how}")
        case _:
            assert_never(referral)


def _only_the_provider(sent: Sent, given: Given) -> None:
    """A provider's front desk answers for its own services; staff may write down what it said."""
    if not given.by.holds(Role.STAFF) and given.by.provider_id != sent.provider_id:
        raise Rejected("referral.not_yours")


def _only_their_own(sent: Sent, given: Given) -> None:
    """A resident takes back only what was made for them; who refers in this community, any there."""
    refers = given.by.holds(Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.STAFF) and given.by.covers(given.community)
    own = given.by.id == sent.person_id or (given.facts is not None and given.by.id in given.facts.ids)
    if not (refers or given.by.holds(Role.POLICY) or own):
        raise Rejected("referral.not_yours")


def _named(sent: Sent) -> dict[str, str | None]:
    return {"person_id": sent.person_id, "service_id": sent.service_id, "need_id": sent.need_id}


def claims(event: Event) -> Iterable[Claim]:
    """One open referral of a person to a service, even if two workers send at the same moment."""
    match event:
        case ServiceReferred():
            yield _claim(event.person_id, event.service_id)
        case ReferralDeclined() | ReferralLapsed() | ReferralWithdrawn() | ServiceCompleted():
            yield _claim(event.person_id, event.service_id)._replace(release=True)
        case _:
            return


def _claim(person_id: str, service_id: str) -> Claim:
    return Claim("open-referral", f"{person_id}|{service_id}", taken="referral.already_open")


def beside(command: ReferralCommand, referral: Referral) -> Iterable[Ref]:
    """The service whose places count, and its provider where new people are taken."""
    match command, referral:
        case ReferPerson(service_id=service_id), None:
            yield Ref(SERVICE, service_id)
        case AcceptReferral() | WaitlistReferral(), Requested(sent=sent) | Waitlisted(sent=sent):
            yield Ref(SERVICE, sent.service_id)
            yield Ref(PROVIDER, sent.provider_id)
        case CompleteService() | WithdrawReferral(), Accepted(sent=sent) | UnderWay(sent=sent):
            yield Ref(SERVICE, sent.service_id)
        case _:
            return


referral: Decider[ReferralCommand, Referral, ReferralEvent] = Decider(
    REFERRAL,
    get_args(ReferralCommand),
    decide,
    evolve,
    initial=None,
    claims=claims,
    facts=find_facts,
    beside=beside,
)
