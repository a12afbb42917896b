"""The rules of a need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never, get_args

from canlian_assistance.facts import Known, known, not_erased
from canlian_chassis.decider import Decider, Given, Rejected
from canlian_events.assistance.need import (
    NEED,
    AskerErased,
    AskerIdentified,
    AssignNeed,
    ClassifyNeed,
    CloseNeed,
    EraseAsker,
    IdentifyAsker,
    LinkAssessment,
    NeedAssessed,
    NeedAssigned,
    NeedClassified,
    NeedClosed,
    NeedCommand,
    NeedEvent,
    NeedMet,
    NeedRaised,
    NeedReferralEnded,
    NeedReferred,
    NeedReopened,
    NeedTransferred,
    NoteReferral,
    NoteReferralEnd,
    RaiseNeed,
    ReopenNeed,
    TransferNeed,
)
from canlian_events.terms import Channel, Domain, NeedCloseReason, Role, Urgency


@dataclass(frozen=True, slots=True)
class Open:
    """`raised` is how it came in; the rest is what is known by now. `ended` are referrals that are over."""

    raised: NeedRaised
    person_id: str
    domain: Domain | None
    urgency: Urgency
    worker_id: str | None = None
    assessments: frozenset[str] = frozenset()
    referrals: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()
    asker_erased: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """Met or closed, and what it will be again when reopened."""

    reason: NeedCloseReason
    was: Open

    @property
    def person_id(self) -> str:
        return self.was.person_id


Need = Open | Over | None


def decide(command: NeedCommand, need: Need, given: Given) -> Sequence[NeedEvent]:
    if not isinstance(command, _FOR_THE_ERASED):
        not_erased(given.facts)
    match need:
        case Open():
            return _while_open(command, need, given)
        case Over():
            return _when_over(command, need, given)
        case None if isinstance(command, RaiseNeed):
            return _raise(command, given)
        case None:
            raise Rejected("need.unknown")


_FOR_THE_ERASED = (CloseNeed, NoteReferralEnd, TransferNeed, EraseAsker)
"""What may still happen to the need of somebody who was erased: it ends, and what was sealed for the asker is lost."""


def _while_open(command: NeedCommand, need: Open, given: Given) -> Sequence[NeedEvent]:
    match command:
        case RaiseNeed():
            return _raise_again(command, need)
        case IdentifyAsker():
            return _identify(command, need, given.facts)
        case AssignNeed():
            return [] if command.worker_id == need.worker_id else [NeedAssigned.from_(command)]
        case ClassifyNeed():
            same = (command.domain, command.urgency) == (need.domain, need.urgency)
            return [] if same else [NeedClassified.from_(command)]
        case LinkAssessment():
            return [] if command.assessment_id in need.assessments else [NeedAssessed.from_(command)]
        case NoteReferral():
            return [] if command.referral_id in need.referrals | need.ended else [NeedReferred.from_(command)]
        case NoteReferralEnd():
            return [NeedReferralEnded.from_(command)] if command.referral_id in need.referrals else []
        case CloseNeed():
            return _close(command, need, given)
        case ReopenNeed():
            raise Rejected("need.not_over")
        case TransferNeed():
            return _transfer(command, need, given)
        case EraseAsker():
            closed = [NeedClosed(need_id=command.need_id, reason=NeedCloseReason.ERASED)]
            return [*_erase_asker(need), *(closed if _is_asker(need.person_id) else [])]
        case _:
            assert_never(command)


def _when_over(command: NeedCommand, need: Over, given: Given) -> Sequence[NeedEvent]:
    match command:
        case RaiseNeed():
            return _raise_again(command, need.was)
        case CloseNeed(reason=reason) if reason == need.reason:
            return []
        case ReopenNeed():
            _only_ones_own(need.was, given)
            if need.reason is NeedCloseReason.DIED and given.facts.dead:
                raise Rejected("person.dead", died_on=given.facts.person.died_on)
            if need.was.asker_erased and _is_asker(need.was.person_id):
                raise Rejected("person.erased")
            return [NeedReopened.from_(command, person_id=need.was.person_id)]
        case EraseAsker():
            return _erase_asker(need.was)
        case NoteReferralEnd() | TransferNeed():
            return []
        case _:
            raise Rejected("need.over", reason=need.reason)


def _raise(command: RaiseNeed, given: Given) -> Sequence[NeedEvent]:
    facts: Known = given.facts
    if given.by.roles <= {Role.ANONYMOUS, Role.RESIDENT}:
        _only_for_oneself(command, given)
    if not command.words and command.domain is None:
        raise Rejected("need.nothing_said")
    facts.must_be_open()
    if not _is_asker(command.person_id):
        facts.living()
    return [NeedRaised.from_(command)]


def _only_for_oneself(command: RaiseNeed, given: Given) -> None:
    """A resident asks for themselves; whoever is not signed in asks as an asker, whom a worker will identify."""
    if command.channel is not Channel.NEIGHBOURS:
        raise Rejected("need.channel_not_yours", channel=command.channel)
    own = command.person_id == given.by.id if given.by.holds(Role.RESIDENT) else _is_asker(command.person_id)
    if not own:
        raise Rejected("need.not_yours")


def _raise_again(command: RaiseNeed, need: Open) -> Sequence[NeedEvent]:
    """The same words again change nothing; other words under the same id would be lost, so they are refused."""
    if NeedRaised.from_(command) != need.raised:
        raise Rejected("need.already_raised")
    return []


def _identify(command: IdentifyAsker, need: Open, facts: Known) -> Sequence[NeedEvent]:
    if command.person_id == need.person_id:
        return []
    if not _is_asker(need.person_id):
        raise Rejected("need.already_identified")
    facts.registered()
    return [AskerIdentified.from_(command, asker_id=need.person_id)]


def _erase_asker(need: Open) -> list[NeedEvent]:
    if not _is_asker(need.raised.person_id):
        raise Rejected("need.not_an_askers")
    erased = AskerErased(need_id=need.raised.need_id, asker_id=need.raised.person_id)
    return [] if need.asker_erased else [erased]


def _close(command: CloseNeed, need: Open, given: Given) -> Sequence[NeedEvent]:
    _only_ones_own(need, given)
    if command.reason is NeedCloseReason.ERASED:
        if not given.facts.erased:
            raise Rejected("need.not_erased")
        # its referrals are withdrawn by the catalog for the same reason
        return [NeedClosed.from_(command)]
    not_erased(given.facts)
    if command.reason is NeedCloseReason.DIED:
        if not given.facts.dead:
            raise Rejected("need.not_dead")
        # its referrals are withdrawn by the catalog for the same reason
        return [NeedClosed.from_(command)]
    if need.referrals:
        raise Rejected("need.referral_open", referrals=sorted(need.referrals))
    if command.reason is NeedCloseReason.MET:
        return [NeedMet.from_(command)]
    return [NeedClosed.from_(command)]


def _only_ones_own(need: Open, given: Given) -> None:
    """A resident closes and reopens their own needs only; workers those of their communities."""
    facts: Known = given.facts or Known()
    if given.by.roles <= {Role.RESIDENT} and not facts.means(given.by.id, need.person_id):
        raise Rejected("need.not_yours")


def _transfer(command: TransferNeed, need: Open, given: Given) -> Sequence[NeedEvent]:
    if given.before == command.community:
        return []
    return [
        NeedTransferred(
            need_id=command.need_id,
            person_id=need.person_id,
            from_community=given.before or command.community,
            to_community=command.community,
        )
    ]


def _is_asker(person_id: str) -> bool:
    return person_id.startswith("asker_")


def evolve(need: Need, event: NeedEvent) -> Need:
    if isinstance(event, NeedRaised):
        return Open(event, event.person_id, event.domain, event.urgency)
    if isinstance(event, NeedReopened):
        assert isinstance(need, Over)
        return need.was
    if isinstance(event, AskerErased) and isinstance(need, Over):
        return replace(need, was=replace(need.was, asker_erased=True))
    assert isinstance(need, Open)
    match event:
        case AskerIdentified():
            return replace(need, person_id=event.person_id)
        case NeedAssigned():
            return replace(need, worker_id=event.worker_id)
        case NeedClassified():
            return replace(need, domain=event.domain, urgency=event.urgency)
        case NeedAssessed():
            return replace(need, assessments=need.assessments | {event.assessment_id})
        case NeedReferred():
            return replace(need, referrals=need.referrals | {event.referral_id})
        case NeedReferralEnded():
            ended = {event.referral_id}
            return replace(need, referrals=need.referrals - ended, ended=need.ended | ended)
        case NeedMet():
            return Over(NeedCloseReason.MET, need)
        case NeedClosed():
            return Over(event.reason, need)
        case NeedTransferred():
            return replace(need, worker_id=None)
        case AskerErased():
            return replace(need, asker_erased=True)
        case _:
            assert_never(event)


need: Decider[NeedCommand, Need, NeedEvent] = Decider(
    NEED, get_args(NeedCommand), decide, evolve, initial=None, facts=known
)
