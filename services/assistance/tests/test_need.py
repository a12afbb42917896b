"""The rules of a need, as sentences."""

from datetime import date
from typing import Any

import pytest

from canlian_assistance.facts import Known, KnownPerson
from canlian_assistance.need.decider import need
from canlian_chassis.testing.deciders import given
from canlian_events.assistance.need import (
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
from canlian_events.core import decode, encode
from canlian_events.meta import Actor
from canlian_events.terms import Channel, Domain, NeedCloseReason, Role, Urgency

ID, PERSON, ASKER = "need_00000001", "person_00000001", "asker_00000001"
WORKER, REFERRAL, ASSESSMENT = "worker_00000009", "referral_00000001", "assessment_00000001"
HERE, THERE = "429999001001", "429999001002"

SOCIAL_WORKER = Actor("worker_00000003", frozenset({Role.SOCIAL_WORKER}), (HERE,))
RESIDENT = Actor(PERSON, frozenset({Role.RESIDENT}))
NEIGHBOUR = Actor("person_00000002", frozenset({Role.RESIDENT}))
ANONYMOUS = Actor("anonymous", frozenset({Role.ANONYMOUS}))
POLICY = Actor("policy:assistance", frozenset({Role.POLICY}))

KNOWN = Known("open", KnownPerson(1960))
NOBODY = Known("open")

RAISE = RaiseNeed(
    need_id=ID,
    person_id=PERSON,
    community=HERE,
    channel=Channel.NEIGHBOURS,
    domain=Domain.DAY_CARE,
    words="白天没人照看",
)
ASK = RAISE.model_copy(update={"person_id": ASKER, "contact": "13900000000"})
RAISED, ASKED = NeedRaised.from_(RAISE), NeedRaised.from_(ASK)
ASSIGNED = NeedAssigned(need_id=ID, worker_id=WORKER)
REFERRED = NeedReferred(need_id=ID, referral_id=REFERRAL)
REFERRAL_ENDED = NeedReferralEnded(need_id=ID, referral_id=REFERRAL)
MET, MEET = NeedMet(need_id=ID), CloseNeed(need_id=ID, reason=NeedCloseReason.MET)
CLOSED = NeedClosed(need_id=ID, reason=NeedCloseReason.NOT_OURS)
REOPEN = ReopenNeed(need_id=ID, why="还是没人来")
REOPENED = NeedReopened(need_id=ID, person_id=PERSON, why="还是没人来")


def raising(**changes: Any) -> RaiseNeed:
    return RAISE.model_copy(update=changes)


@pytest.mark.parametrize("who", [RESIDENT, SOCIAL_WORKER, POLICY])
def test_a_need_is_raised_in_words_or_by_a_domain(who: Actor):
    given(need).when(RAISE, by=who, facts=KNOWN).then(RAISED)
    in_words, by_domain = raising(domain=None), raising(words=None)
    given(need).when(in_words, by=who, facts=KNOWN).then(NeedRaised.from_(in_words))
    given(need).when(by_domain, by=who, facts=KNOWN).then(NeedRaised.from_(by_domain))


@pytest.mark.parametrize("words", [None, ""])
def test_a_need_says_something(words: str | None):
    given(need).when(raising(domain=None, words=words), by=RESIDENT, facts=KNOWN).refused("need.nothing_said")


def test_somebody_who_is_not_signed_in_asks_as_an_asker():
    given(need).when(ASK, by=ANONYMOUS, facts=NOBODY).then(ASKED)
    given(need).when(RAISE, by=ANONYMOUS, facts=KNOWN).refused("need.not_yours")


def test_a_resident_asks_only_for_themselves():
    given(need).when(RAISE, by=NEIGHBOUR, facts=KNOWN).refused("need.not_yours")
    given(need).when(ASK, by=NEIGHBOUR, facts=NOBODY).refused("need.not_yours")


@pytest.mark.parametrize("who", [ANONYMOUS, RESIDENT])
def test_whoever_is_no_worker_asks_through_the_neighbourhood_platform(who: Actor):
    by_hotline = raising(channel=Channel.HOTLINE)
    given(need).when(by_hotline, by=who, facts=KNOWN).refused("need.channel_not_yours", channel=Channel.HOTLINE)
    given(need).when(by_hotline, by=SOCIAL_WORKER, facts=KNOWN).then(NeedRaised.from_(by_hotline))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (Known(None, KnownPerson(1960)), "community.unknown"),
        (Known("closed", KnownPerson(1960)), "community.closed"),
        (NOBODY, "person.unknown"),
    ],
)
def test_a_need_is_somebodys_in_a_community_that_works(facts: Known, code: str):
    given(need).when(RAISE, by=SOCIAL_WORKER, facts=facts).refused(code)


def test_the_same_words_again_change_nothing_and_others_under_the_same_id_are_refused():
    stored = decode(RAISED.type, RAISED.version, encode(RAISED))
    given(need, stored).when(RAISE, by=RESIDENT, facts=KNOWN).unchanged()
    given(need, stored, MET).when(RAISE, by=RESIDENT, facts=KNOWN).unchanged()
    given(need, stored).when(raising(words="别的事"), by=RESIDENT, facts=KNOWN).refused("need.already_raised")


def test_a_worker_finds_out_who_had_asked():
    identify = IdentifyAsker(need_id=ID, person_id=PERSON)
    identified = AskerIdentified(need_id=ID, asker_id=ASKER, person_id=PERSON)
    given(need, ASKED).when(identify, by=SOCIAL_WORKER, facts=KNOWN).then(identified)
    given(need, ASKED, identified).when(identify, by=SOCIAL_WORKER, facts=KNOWN).unchanged()
    given(need, ASKED).when(identify, by=SOCIAL_WORKER, facts=NOBODY).refused("person.unknown")


def test_nobody_is_taken_for_another():
    identify = IdentifyAsker(need_id=ID, person_id="person_00000002")
    given(need, RAISED).when(identify, by=SOCIAL_WORKER, facts=KNOWN).refused("need.already_identified")


def test_a_need_is_assigned_and_not_twice_to_the_same():
    assign = AssignNeed(need_id=ID, worker_id=WORKER)
    given(need, RAISED).when(assign, by=SOCIAL_WORKER).then(ASSIGNED)
    given(need, RAISED, ASSIGNED).when(assign, by=SOCIAL_WORKER).unchanged()


def test_words_are_put_under_a_domain():
    classify = ClassifyNeed(need_id=ID, domain=Domain.RIGHTS, urgency=Urgency.URGENT)
    classified = NeedClassified(need_id=ID, domain=Domain.RIGHTS, urgency=Urgency.URGENT)
    given(need, RAISED).when(classify, by=SOCIAL_WORKER).then(classified)
    given(need, RAISED, classified).when(classify, by=SOCIAL_WORKER).unchanged()
    as_raised = ClassifyNeed(need_id=ID, domain=Domain.DAY_CARE)
    given(need, RAISED).when(as_raised, by=SOCIAL_WORKER).unchanged()


def test_an_assessment_is_linked_once():
    link = LinkAssessment(need_id=ID, assessment_id=ASSESSMENT)
    linked = NeedAssessed(need_id=ID, assessment_id=ASSESSMENT)
    given(need, RAISED).when(link, by=POLICY).then(linked)
    given(need, RAISED, linked).when(link, by=POLICY).unchanged()


def test_a_referral_is_noted_once_even_after_it_is_over():
    note = NoteReferral(need_id=ID, referral_id=REFERRAL)
    given(need, RAISED).when(note, by=POLICY).then(REFERRED)
    given(need, RAISED, REFERRED).when(note, by=POLICY).unchanged()
    given(need, RAISED, REFERRED, REFERRAL_ENDED).when(note, by=POLICY).unchanged()


def test_a_referral_ends_once_and_only_if_it_was_noted():
    end = NoteReferralEnd(need_id=ID, referral_id=REFERRAL)
    given(need, RAISED, REFERRED).when(end, by=POLICY).then(REFERRAL_ENDED)
    given(need, RAISED, REFERRED, REFERRAL_ENDED).when(end, by=POLICY).unchanged()
    given(need, RAISED).when(end, by=POLICY).unchanged()
    given(need, RAISED, MET).when(end, by=POLICY).unchanged()


def test_a_need_is_met_or_closed_for_another_reason():
    close = CloseNeed(need_id=ID, reason=NeedCloseReason.NOT_OURS)
    given(need, RAISED).when(MEET, by=SOCIAL_WORKER).then(MET)
    given(need, RAISED).when(close, by=SOCIAL_WORKER).then(CLOSED)
    given(need, RAISED, CLOSED).when(close, by=SOCIAL_WORKER).unchanged()
    given(need, RAISED, MET).when(close, by=SOCIAL_WORKER).refused("need.over", reason=NeedCloseReason.MET)


def test_a_need_with_an_open_referral_is_not_closed():
    given(need, RAISED, REFERRED).when(MEET, by=SOCIAL_WORKER).refused("need.referral_open", referrals=[REFERRAL])
    other = NeedReferred(need_id=ID, referral_id="referral_00000002")
    history = [RAISED, REFERRED, other, REFERRAL_ENDED]
    given(need, *history).when(MEET, by=SOCIAL_WORKER).refused("need.referral_open", referrals=["referral_00000002"])
    given(need, RAISED, REFERRED, REFERRAL_ENDED).when(MEET, by=SOCIAL_WORKER).then(MET)


def test_a_resident_closes_and_reopens_only_their_own():
    given(need, RAISED).when(MEET, by=RESIDENT).then(MET)
    given(need, RAISED).when(MEET, by=NEIGHBOUR).refused("need.not_yours")
    given(need, RAISED, MET).when(REOPEN, by=RESIDENT).then(REOPENED)
    given(need, RAISED, MET).when(REOPEN, by=NEIGHBOUR).refused("need.not_yours")


@pytest.mark.parametrize("end", [MET, CLOSED])
def test_a_need_that_is_over_is_reopened_as_it_was(end: NeedMet | NeedClosed):
    given(need, RAISED, ASSIGNED, end).when(REOPEN, by=SOCIAL_WORKER).then(REOPENED)
    assign = AssignNeed(need_id=ID, worker_id=WORKER)
    given(need, RAISED, ASSIGNED, end, REOPENED).when(assign, by=SOCIAL_WORKER).unchanged()


def test_only_a_need_that_is_over_is_reopened():
    given(need, RAISED).when(REOPEN, by=SOCIAL_WORKER).refused("need.not_over")
    given(need, RAISED, MET, REOPENED).when(REOPEN, by=SOCIAL_WORKER).refused("need.not_over")


@pytest.mark.parametrize(
    "command",
    [
        AssignNeed(need_id=ID, worker_id=WORKER),
        ClassifyNeed(need_id=ID, domain=Domain.RIGHTS),
        LinkAssessment(need_id=ID, assessment_id=ASSESSMENT),
        NoteReferral(need_id=ID, referral_id=REFERRAL),
        IdentifyAsker(need_id=ID, person_id=PERSON),
    ],
)
def test_nothing_more_is_done_with_a_need_that_is_over(command: NeedCommand):
    given(need, RAISED, MET).when(command, by=SOCIAL_WORKER, facts=KNOWN).refused("need.over")


@pytest.mark.parametrize("command", [MEET, REOPEN, AssignNeed(need_id=ID, worker_id=WORKER)])
def test_a_need_nobody_knows_is_refused(command: NeedCommand):
    given(need).when(command, by=SOCIAL_WORKER).refused("need.unknown")


def test_an_open_need_goes_with_the_person_and_waits_for_a_worker_there():
    transfer = TransferNeed(need_id=ID, community=THERE)
    transferred = NeedTransferred(need_id=ID, person_id=PERSON, from_community=HERE, to_community=THERE)
    given(need, RAISED, ASSIGNED).when(transfer, by=POLICY, community=THERE, before=HERE).then(transferred)
    history = [RAISED, ASSIGNED, transferred]
    given(need, *history).when(transfer, by=POLICY, community=THERE, before=THERE).unchanged()
    given(need, *history).when(AssignNeed(need_id=ID, worker_id=WORKER), by=SOCIAL_WORKER).then(ASSIGNED)


def test_a_need_that_is_over_stays_where_it_was():
    transfer = TransferNeed(need_id=ID, community=THERE)
    given(need, RAISED, MET).when(transfer, by=POLICY, community=THERE, before=HERE).unchanged()


ERASED = Known("open", KnownPerson(1960, erased=True))
CLOSE_ERASED = CloseNeed(need_id=ID, reason=NeedCloseReason.ERASED)
ENDED = NeedClosed(need_id=ID, reason=NeedCloseReason.ERASED)
ERASE_ASKER = EraseAsker(need_id=ID)
ASKER_ERASED = AskerErased(need_id=ID, asker_id=ASKER)


def test_the_need_of_an_erased_person_ends_even_with_a_referral_open():
    referred = NeedReferred(need_id=ID, referral_id=REFERRAL)
    given(need, RAISED, referred).when(CLOSE_ERASED, by=POLICY, facts=ERASED).then(ENDED)
    given(need, RAISED, referred, ENDED).when(CLOSE_ERASED, by=POLICY, facts=ERASED).unchanged()
    end = NoteReferralEnd(need_id=ID, referral_id=REFERRAL)
    given(need, RAISED, referred, ENDED).when(end, by=POLICY, facts=ERASED).unchanged()


def test_nobodys_need_is_closed_as_erased_who_was_not():
    given(need, RAISED).when(CLOSE_ERASED, by=SOCIAL_WORKER, facts=KNOWN).refused("need.not_erased")


@pytest.mark.parametrize("history", [(RAISED,), (RAISED, NeedMet(need_id=ID)), (RAISED, ENDED)])
@pytest.mark.parametrize(
    "command",
    [RAISE, AssignNeed(need_id=ID, worker_id=WORKER), ReopenNeed(need_id=ID, why="x")],
    ids=lambda c: type(c).__name__,
)
def test_nothing_else_may_happen_to_the_need_of_an_erased_person(command: NeedCommand, history: tuple[Any, ...]):
    given(need, *history).when(command, by=SOCIAL_WORKER, facts=ERASED).refused("person.erased")


def test_what_a_person_asked_before_anybody_knew_them_is_erased_with_them():
    identified = AskerIdentified(need_id=ID, asker_id=ASKER, person_id=PERSON)
    given(need, ASKED, identified).when(ERASE_ASKER, by=POLICY, facts=ERASED).then(ASKER_ERASED)
    given(need, ASKED, identified, ENDED).when(ERASE_ASKER, by=POLICY, facts=ERASED).then(ASKER_ERASED)
    given(need, ASKED, identified, ENDED, ASKER_ERASED).when(ERASE_ASKER, by=POLICY, facts=ERASED).unchanged()


def test_an_asker_nobody_knows_may_be_erased_too_and_the_need_ends():
    given(need, ASKED).when(ERASE_ASKER, by=POLICY, facts=NOBODY).then(ASKER_ERASED, ENDED)
    reopen = ReopenNeed(need_id=ID, why="x")
    given(need, ASKED, ASKER_ERASED, ENDED).when(reopen, by=SOCIAL_WORKER, facts=NOBODY).refused("person.erased")


def test_a_registered_person_is_no_asker():
    given(need, RAISED).when(ERASE_ASKER, by=POLICY, facts=KNOWN).refused("need.not_an_askers")


DEAD = Known("open", KnownPerson(1960, died_on=date(2026, 11, 20)))
CLOSE_DEAD = CloseNeed(need_id=ID, reason=NeedCloseReason.DIED)
CLOSED_DEAD = NeedClosed(need_id=ID, reason=NeedCloseReason.DIED)


def test_the_need_of_somebody_who_died_ends_even_with_a_referral_open():
    given(need, RAISED, REFERRED).when(CLOSE_DEAD, by=POLICY, facts=DEAD).then(CLOSED_DEAD)
    given(need, RAISED, REFERRED, CLOSED_DEAD).when(CLOSE_DEAD, by=POLICY, facts=DEAD).unchanged()


def test_a_need_is_closed_by_a_death_only_once_that_is_recorded():
    given(need, RAISED).when(CLOSE_DEAD, by=SOCIAL_WORKER, facts=KNOWN).refused("need.not_dead")


def test_nothing_new_is_raised_or_reopened_for_the_dead():
    given(need).when(RAISE, by=SOCIAL_WORKER, facts=DEAD).refused("person.dead", died_on=date(2026, 11, 20))
    given(need, RAISED, CLOSED_DEAD).when(REOPEN, by=SOCIAL_WORKER, facts=DEAD).refused("person.dead")
    given(need, RAISED, CLOSED_DEAD).when(REOPEN, by=SOCIAL_WORKER, facts=KNOWN).then(REOPENED)
