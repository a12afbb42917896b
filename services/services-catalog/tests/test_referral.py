"""The rules of a referral, as sentences: sent, answered, waited for."""

from dataclasses import replace
from datetime import date

import pytest

from canlian_catalog.matching.facts import PersonFacts
from canlian_catalog.provider.decider import provider
from canlian_catalog.referral.decider import beside, claims, referral
from canlian_catalog.referral.sending import SendingFacts
from canlian_catalog.service.decider import service
from canlian_chassis.decider import Ref
from canlian_chassis.testing.deciders import Scene, given
from canlian_events.catalog.matching import Reason
from canlian_events.catalog.provider import PROVIDER, ProviderRegistered, ProviderSuspended, ProviderVetted
from canlian_events.catalog.referral import (
    AcceptReferral,
    DeclineReferral,
    FreedPlaceOffered,
    LapseReferral,
    LapseUnanswered,
    NextMatchProposed,
    OfferFreedPlace,
    ProposeNextMatch,
    ReferPerson,
    ReferralAccepted,
    ReferralDeclined,
    ReferralLapsed,
    ReferralTransferred,
    ReferralWaitlisted,
    ReferralWithdrawn,
    ServiceCompleted,
    ServiceReferred,
    ServiceStarted,
    TransferReferral,
    WaitlistReferral,
    WithdrawReferral,
)
from canlian_events.catalog.service import (
    SERVICE,
    Eligibility,
    ServiceDetails,
    ServiceListed,
    ServicePlaceFreed,
    ServicePlaceTaken,
    ServiceWithdrawn,
)
from canlian_events.meta import Actor
from canlian_events.personal import unsaid
from canlian_events.terms import DeclineReason, DisabilityClass, Domain, Grade, Layer, Outcome, ProviderKind, Role

ID, PERSON, NEED = "referral_00000001", "person_00000001", "need_00000001"
SERVICE_ID, PROVIDER_ID = "service_00000001", "provider_00000001"
HERE, THERE = "429999001001", "429999001002"
SOCIAL_WORKER = Actor("worker_00000003", frozenset({Role.SOCIAL_WORKER}), (HERE,))
STAFF = Actor("worker_00000004", frozenset({Role.STAFF}), ("429999001",))
DESK = Actor("account_desk", frozenset({Role.PROVIDER}), provider_id=PROVIDER_ID)
OTHER_DESK = Actor("account_other", frozenset({Role.PROVIDER}), provider_id="provider_00000002")
POLICY = Actor("policy:catalog", frozenset({Role.POLICY}))

REGISTERED = ProviderRegistered(provider_id=PROVIDER_ID, number="1", name="阳光", kind=ProviderKind.MEDICAL)
SUSPENDED = ProviderSuspended(provider_id=PROVIDER_ID, why="资质过期")
DETAILS = ServiceDetails(
    name="康复训练",
    domain=Domain.REHABILITATION,
    layer=Layer.COMMUNITY,
    communities=frozenset({HERE}),
    eligibility=Eligibility(
        classes=frozenset({DisabilityClass.PHYSICAL, DisabilityClass.VISUAL}),
        mildest_grade=Grade.TWO,
        age_from=18,
        age_to=60,
    ),
)
LISTED = ServiceListed(service_id=SERVICE_ID, provider_id=PROVIDER_ID, details=DETAILS, places=1)
WITHDRAWN_SERVICE = ServiceWithdrawn(service_id=SERVICE_ID, why="不再提供")
SOMEBODY_ELSES = ServicePlaceTaken(service_id=SERVICE_ID, referral_id="referral_00000009")
TAKEN = ServicePlaceTaken(service_id=SERVICE_ID, referral_id=ID)
FREED = ServicePlaceFreed(service_id=SERVICE_ID, referral_id=ID)

WANG = PersonFacts(PERSON, HERE, DisabilityClass.PHYSICAL, birth_year=1980, grade=Grade.TWO, shares=True)
FACTS = SendingFacts(WANG)
NEAR = Reason(code="near", counts="for")

REFER = ReferPerson(
    referral_id=ID, person_id=PERSON, community=HERE, service_id=SERVICE_ID, need_id=NEED, reasons=(NEAR,), note="轮椅"
)
REFERRED = ServiceReferred(
    referral_id=ID,
    person_id=PERSON,
    service_id=SERVICE_ID,
    provider_id=PROVIDER_ID,
    domain=Domain.REHABILITATION,
    need_id=NEED,
    reasons=(NEAR,),
    note="轮椅",
)
ACCEPT, WAITLIST = AcceptReferral(referral_id=ID), WaitlistReferral(referral_id=ID)
DECLINE = DeclineReferral(referral_id=ID, reason=DeclineReason.NO_STAFF, words="下月再来")
WITHDRAW, LAPSE = WithdrawReferral(referral_id=ID, why="本人不去了"), LapseReferral(referral_id=ID)
OFFER = OfferFreedPlace(referral_id=ID)
ACCEPTED = ReferralAccepted(referral_id=ID)
WAITLISTED = ReferralWaitlisted(referral_id=ID, service_id=SERVICE_ID)
OFFERED = FreedPlaceOffered(referral_id=ID, service_id=SERVICE_ID)
ABOUT = {"referral_id": ID, "person_id": PERSON, "service_id": SERVICE_ID, "need_id": NEED}
DECLINED = ReferralDeclined(**ABOUT, reason=DeclineReason.NO_STAFF, words="下月再来")
LAPSED = ReferralLapsed(**ABOUT)
WITHDRAWN = ReferralWithdrawn(**ABOUT, why="本人不去了")


def before(*events, at_service=(LISTED,), at_provider=(REGISTERED,)) -> Scene:
    return given(referral, *events).beside_of(service, *at_service).beside_of(provider, *at_provider)


def refused_person(code, **changes):
    facts = SendingFacts(replace(WANG, **changes))
    before().when(REFER, by=SOCIAL_WORKER, facts=facts).refused(code)


# sending


def test_a_person_is_referred_and_the_reasons_stay_with_the_referral():
    before().when(REFER, by=SOCIAL_WORKER, facts=FACTS).then(REFERRED)


def test_a_referral_needs_no_need():
    outcome = before().when(REFER.model_copy(update={"need_id": None}), by=SOCIAL_WORKER, facts=FACTS)
    outcome.then(REFERRED.model_copy(update={"need_id": None}))


def test_a_full_service_may_still_be_asked():
    before(at_service=(LISTED, SOMEBODY_ELSES)).when(REFER, by=SOCIAL_WORKER, facts=FACTS).then(REFERRED)


def test_somebody_who_is_not_registered_is_not_referred():
    before().when(REFER, by=SOCIAL_WORKER, facts=SendingFacts(None)).refused("referral.person_unknown")


def test_a_worker_does_not_refer_a_person_of_another_community():
    refused_person("referral.other_community", community=THERE)


def test_nobody_is_referred_without_consent_to_share():
    refused_person("referral.no_consent", shares=False)


@pytest.mark.parametrize(
    ("changes", "code", "facts"),
    [
        ({"disability": DisabilityClass.HEARING}, "match.wrong_class", {"disability_class": ("1", "4")}),
        ({"grade": Grade.THREE}, "match.too_mild", {"grade": "2", "own": 3}),
        ({"grade": None}, "match.grade_unknown", {"grade": "2"}),
        ({"birth_year": 2009}, "match.too_young", {"age": 17, "age_from": 18}),
        ({"birth_year": 1964}, "match.too_old", {"age": 62, "age_to": 60}),
    ],
)
def test_a_person_outside_the_eligibility_is_told_why(changes, code, facts):
    outcome = before().when(REFER, by=SOCIAL_WORKER, facts=SendingFacts(replace(WANG, **changes)))
    outcome.refused("referral.not_eligible", service="康复训练", reasons=[{"code": code, "facts": facts}])


def test_a_person_of_a_community_not_served_is_told_so():
    elsewhere = ServiceListed.from_(LISTED, details=DETAILS.model_copy(update={"communities": frozenset({THERE})}))
    outcome = before(at_service=(elsewhere,)).when(REFER, by=SOCIAL_WORKER, facts=FACTS)
    outcome.refused("referral.not_eligible", reasons=[{"code": "match.not_served", "facts": {"community": HERE}}])


def test_every_reason_is_named_at_once():
    facts = SendingFacts(replace(WANG, disability=DisabilityClass.HEARING, birth_year=2015))
    outcome = before().when(REFER, by=SOCIAL_WORKER, facts=facts)
    outcome.refused("referral.not_eligible")
    assert outcome.rejected is not None
    assert [reason["code"] for reason in outcome.rejected.facts["reasons"]] == ["match.wrong_class", "match.too_young"]


@pytest.mark.parametrize("birth_year", [2008, 1966, 1965])
def test_a_birthday_still_to_come_this_year_turns_nobody_away(birth_year):
    before().when(REFER, by=SOCIAL_WORKER, facts=SendingFacts(replace(WANG, birth_year=birth_year))).then(REFERRED)


def test_nobody_is_sent_to_a_service_that_is_not_there():
    nowhere = Scene(referral, (), {Ref(SERVICE, SERVICE_ID): None})
    nowhere.when(REFER, by=SOCIAL_WORKER, facts=FACTS).refused("referral.service_unknown")
    withdrawn = before(at_service=(LISTED, WITHDRAWN_SERVICE))
    withdrawn.when(REFER, by=SOCIAL_WORKER, facts=FACTS).refused("referral.service_withdrawn")


def test_nobody_is_sent_to_a_suspended_provider():
    facts = replace(FACTS, provider_suspended=True)
    before().when(REFER, by=SOCIAL_WORKER, facts=facts).refused("referral.provider_suspended")


def test_a_second_open_referral_to_the_same_service_is_refused():
    facts = replace(FACTS, open_referral="referral_00000008")
    before().when(REFER, by=SOCIAL_WORKER, facts=facts).refused(
        "referral.already_open", referral_id="referral_00000008"
    )


def test_an_open_referral_is_claimed_and_its_end_releases_the_claim():
    [claim] = claims(REFERRED)
    assert (claim.taken, claim.release) == ("referral.already_open", False)
    for end in (DECLINED, LAPSED, WITHDRAWN, ServiceCompleted(**ABOUT, outcome=Outcome.MET, sessions=1)):
        assert list(claims(end)) == [claim._replace(release=True)]
    assert list(claims(ACCEPTED)) == []


def test_a_referral_is_sent_once():
    before(REFERRED).when(REFER, by=SOCIAL_WORKER, facts=FACTS).refused("referral.already_sent")
    before(REFERRED, DECLINED).when(REFER, by=SOCIAL_WORKER, facts=FACTS).refused("referral.already_sent")


# answering


def test_accepting_takes_a_place():
    before(REFERRED).when(ACCEPT, by=DESK).then(TAKEN, ACCEPTED)


def test_staff_write_down_what_a_provider_said():
    before(REFERRED).when(ACCEPT, by=STAFF).then(TAKEN, ACCEPTED)


def test_a_full_service_accepts_nobody():
    before(REFERRED, at_service=(LISTED, SOMEBODY_ELSES)).when(ACCEPT, by=DESK).refused(
        "referral.no_place", service="康复训练", places=1
    )


def test_somebody_on_the_waiting_list_is_accepted_when_there_is_a_place():
    before(REFERRED, WAITLISTED).when(ACCEPT, by=DESK).then(TAKEN, ACCEPTED)
    before(REFERRED, WAITLISTED, OFFERED).when(ACCEPT, by=DESK).then(TAKEN, ACCEPTED)
    full = before(REFERRED, WAITLISTED, at_service=(LISTED, SOMEBODY_ELSES))
    full.when(ACCEPT, by=DESK).refused("referral.no_place")


@pytest.mark.parametrize("command", [ACCEPT, WAITLIST, DECLINE], ids=lambda command: type(command).__name__)
def test_a_provider_answers_only_its_own(command):
    before(REFERRED).when(command, by=OTHER_DESK).refused("referral.not_yours")


@pytest.mark.parametrize("command", [ACCEPT, WAITLIST], ids=lambda command: type(command).__name__)
def test_a_suspended_provider_takes_nobody_until_vetted_again(command):
    suspended = before(REFERRED, at_provider=(REGISTERED, SUSPENDED))
    suspended.when(command, by=DESK).refused("referral.provider_suspended")
    restored = before(REFERRED, at_provider=(REGISTERED, SUSPENDED, ProviderVetted(provider_id=PROVIDER_ID)))
    assert restored.when(command, by=DESK).rejected is None


@pytest.mark.parametrize("command", [ACCEPT, WAITLIST], ids=lambda command: type(command).__name__)
def test_a_withdrawn_service_takes_nobody_new(command):
    gone = before(REFERRED, at_service=(LISTED, WITHDRAWN_SERVICE))
    gone.when(command, by=DESK).refused("referral.service_withdrawn")


def test_declining_gives_a_reason():
    before(REFERRED).when(DECLINE, by=DESK).then(DECLINED)
    before(REFERRED, WAITLISTED).when(DECLINE, by=DESK).then(DECLINED)


def test_a_suspended_provider_still_declines():
    before(REFERRED, at_provider=(REGISTERED, SUSPENDED)).when(DECLINE, by=DESK).then(DECLINED)


def test_a_person_is_put_on_the_waiting_list_again_after_an_offer_that_did_not_suit():
    before(REFERRED).when(WAITLIST, by=DESK).then(WAITLISTED)
    before(REFERRED, WAITLISTED, OFFERED).when(WAITLIST, by=DESK).then(WAITLISTED)


def test_the_answer_given_again_changes_nothing():
    before(REFERRED, ACCEPTED, at_service=(LISTED, TAKEN)).when(ACCEPT, by=DESK).unchanged()
    before(REFERRED, WAITLISTED).when(WAITLIST, by=DESK).unchanged()
    before(REFERRED, DECLINED).when(DECLINE, by=DESK).refused("referral.declined")


# waiting, and ends without a service


def test_a_freed_place_is_offered_to_who_waits():
    before(REFERRED, WAITLISTED).when(OFFER, by=POLICY).then(OFFERED)
    before(REFERRED, WAITLISTED, OFFERED).when(OFFER, by=POLICY).unchanged()
    before(REFERRED).when(OFFER, by=POLICY).refused("referral.not_accepted")


def test_silence_lapses_a_referral():
    before(REFERRED).when(LAPSE, by=SOCIAL_WORKER).then(LAPSED)
    before(REFERRED, WAITLISTED).when(LAPSE, by=POLICY).then(LAPSED)
    before(REFERRED, LAPSED).when(LAPSE, by=POLICY).refused("referral.lapsed")


def test_the_timer_of_a_referral_lapses_it_only_while_the_same_answer_is_waited_for():
    timer, of_offer = LapseUnanswered(referral_id=ID), LapseUnanswered(referral_id=ID, offered=True)
    before(REFERRED).when(timer, by=POLICY).then(LAPSED)
    before(REFERRED, WAITLISTED, OFFERED).when(of_offer, by=POLICY).then(LAPSED)
    before(REFERRED, WAITLISTED, OFFERED).when(timer, by=POLICY).unchanged()
    for answer in (WAITLISTED, ACCEPTED, DECLINED, LAPSED):
        before(REFERRED, answer).when(timer, by=POLICY).unchanged()


def test_a_referral_is_withdrawn():
    before(REFERRED).when(WITHDRAW, by=SOCIAL_WORKER).then(WITHDRAWN)
    before(REFERRED, WAITLISTED).when(WITHDRAW, by=SOCIAL_WORKER).then(WITHDRAWN)
    before(REFERRED, WITHDRAWN).when(WITHDRAW, by=SOCIAL_WORKER).refused("referral.withdrawn")


def test_withdrawing_gives_a_held_place_back():
    before(REFERRED, ACCEPTED, at_service=(LISTED, TAKEN)).when(WITHDRAW, by=SOCIAL_WORKER).then(FREED, WITHDRAWN)


def test_a_resident_withdraws_their_own_referral_and_no_other():
    wang = Actor(PERSON, frozenset({Role.RESIDENT}))
    neighbour = Actor("person_00000002", frozenset({Role.RESIDENT}))
    worker_elsewhere = Actor("person_00000003", frozenset({Role.RESIDENT, Role.SOCIAL_WORKER}), (THERE,))
    before(REFERRED).when(WITHDRAW, by=wang).then(WITHDRAWN)
    before(REFERRED).when(WITHDRAW, by=neighbour).refused("referral.not_yours")
    before(REFERRED).when(WITHDRAW, by=worker_elsewhere).refused("referral.not_yours")


def test_after_a_decline_or_a_lapse_the_next_match_is_proposed_once():
    propose = ProposeNextMatch(referral_id=ID, service_id="service_00000002", reasons=(NEAR,))
    proposed = NextMatchProposed(referral_id=ID, need_id=NEED, service_id="service_00000002", reasons=(NEAR,))
    for end in (DECLINED, LAPSED):
        before(REFERRED, end).when(propose, by=POLICY).then(proposed)
        before(REFERRED, end, proposed).when(propose, by=POLICY).unchanged()
    before(REFERRED, WITHDRAWN).when(propose, by=POLICY).refused("referral.withdrawn")
    before(REFERRED).when(propose, by=POLICY).refused("referral.not_accepted")


def test_that_there_is_no_next_match_is_said_too():
    none = ProposeNextMatch(referral_id=ID, service_id=None)
    before(REFERRED, DECLINED).when(none, by=POLICY).then(NextMatchProposed(referral_id=ID, need_id=NEED))


@pytest.mark.parametrize("events", [(REFERRED,), (REFERRED, WAITLISTED), (REFERRED, ACCEPTED)])
def test_an_open_referral_follows_the_person_who_moves(events):
    move = TransferReferral(referral_id=ID, community=THERE)
    moved = ReferralTransferred(referral_id=ID, person_id=PERSON, from_community=HERE, to_community=THERE)
    before(*events).when(move, by=POLICY, community=THERE, before=HERE).then(moved)
    before(*events, moved).when(move, by=POLICY, community=THERE, before=THERE).unchanged()


def test_what_is_over_stays_where_it_was():
    move = TransferReferral(referral_id=ID, community=THERE)
    before(REFERRED, DECLINED).when(move, by=POLICY, before=HERE).refused("referral.declined")


# out of turn


EVERY = [ACCEPT, DECLINE, WAITLIST, OFFER, WITHDRAW, LAPSE, ProposeNextMatch(referral_id=ID, service_id=None)]


@pytest.mark.parametrize("command", EVERY, ids=lambda command: type(command).__name__)
def test_a_referral_nobody_knows_is_refused(command):
    before().when(command, by=STAFF).refused("referral.unknown")


@pytest.mark.parametrize("command", [DECLINE, WAITLIST, OFFER, LAPSE], ids=lambda command: type(command).__name__)
def test_an_accepted_referral_is_not_answered_otherwise(command):
    before(REFERRED, ACCEPTED).when(command, by=STAFF).refused("referral.already_accepted")
    started = ServiceStarted(referral_id=ID, on="2026-11-20")
    before(REFERRED, ACCEPTED, started).when(command, by=STAFF).refused("referral.under_way")


@pytest.mark.parametrize("command", [ACCEPT, DECLINE, WAITLIST, OFFER, WITHDRAW, LAPSE])
@pytest.mark.parametrize("end", [DECLINED, LAPSED, WITHDRAWN, ServiceCompleted(**ABOUT, outcome="met", sessions=1)])
def test_what_is_over_is_over(command, end):
    code = f"referral.{end.type.rpartition('.')[2].removeprefix('service-')}"
    before(REFERRED, end).when(command, by=STAFF).refused(code)


def test_a_decision_sees_the_places_and_the_provider_only_where_they_matter():
    requested = referral.fold([REFERRED])
    assert list(beside(REFER, None)) == [Ref(SERVICE, SERVICE_ID)]
    assert list(beside(ACCEPT, requested)) == [Ref(SERVICE, SERVICE_ID), Ref(PROVIDER, PROVIDER_ID)]
    assert list(beside(WITHDRAW, requested)) == []
    assert list(beside(WITHDRAW, referral.fold([REFERRED, ACCEPTED]))) == [Ref(SERVICE, SERVICE_ID)]


def test_an_erased_person_is_sent_nowhere_and_what_is_open_is_withdrawn_without_a_word_about_them():
    erased = SendingFacts(replace(WANG, erased=True))
    before().when(REFER, by=SOCIAL_WORKER, facts=erased).refused("person.erased")
    withdraw = WithdrawReferral(referral_id=ID, why="删除")
    withdrawn = ReferralWithdrawn(
        referral_id=ID, person_id=PERSON, service_id=SERVICE_ID, need_id=NEED, why=unsaid(PERSON)
    )
    before(REFERRED).when(AcceptReferral(referral_id=ID), by=DESK, facts=erased).refused("person.erased")
    before(REFERRED).when(withdraw, by=POLICY, facts=erased).then(withdrawn)
    accepted = ReferralAccepted(referral_id=ID)
    before(REFERRED, accepted).when(withdraw, by=POLICY, facts=erased).then(FREED, withdrawn)


def test_who_died_is_sent_nowhere_and_what_is_open_is_withdrawn():
    dead = SendingFacts(replace(WANG, died_on=date(2026, 11, 20)))
    before().when(REFER, by=SOCIAL_WORKER, facts=dead).refused("person.dead", died_on=date(2026, 11, 20))
    before(REFERRED).when(AcceptReferral(referral_id=ID), by=DESK, facts=dead).refused("person.dead")
    withdraw = WithdrawReferral(referral_id=ID, why="本人去世")
    withdrawn = ReferralWithdrawn.from_(REFERRED, why="本人去世")
    before(REFERRED).when(withdraw, by=POLICY, facts=dead).then(withdrawn)
