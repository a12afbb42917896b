"""What follows from what in the catalog: the facts each policy reads, and the commands it gives."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, create_engine

from canlian_catalog.app import POLICIES
from canlian_catalog.policies.silence import let_silence_lapse
from canlian_catalog.questions import find_matches
from canlian_catalog.views import queries
from canlian_catalog.views.folds import service, views
from canlian_catalog.views.rows import ReferralRow, ServiceRow
from canlian_chassis.decider import Rejected
from canlian_chassis.policy import Cancel, Consequence, Later
from canlian_chassis.projection import fold_all
from canlian_events.catalog.matching import FindMatches, Match, Matches
from canlian_events.catalog.provider import DemonstrationAwarded, ProviderRegistered, ProviderSuspended, ProviderVetted
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    LapseReferral,
    LapseUnanswered,
    OfferFreedPlace,
    ProposeNextMatch,
    ReferralAccepted,
    ReferralDeclined,
    ReferralLapsed,
    ReferralTransferred,
    ReferralWaitlisted,
    ReferralWithdrawn,
    ServiceReferred,
    TransferReferral,
)
from canlian_events.catalog.service import (
    CapacitySet,
    Eligibility,
    ServiceChanged,
    ServiceDetails,
    ServiceListed,
    ServicePlaceFreed,
    ServicePlaceTaken,
    ServiceWithdrawn,
)
from canlian_events.core import Command, Event
from canlian_events.evaluation.feedback import FeedbackGiven
from canlian_events.meta import Actor, Meta
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    Circumstances,
    CircumstancesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    DisabilityReclassified,
    PersonDied,
    PersonMoved,
    PersonRegistered,
)
from canlian_events.terms import (
    AccessFeature,
    DeclineReason,
    DisabilityClass,
    Domain,
    Grade,
    Layer,
    Occasion,
    ProviderKind,
    Purpose,
    RaterKind,
    Role,
    Sex,
)

HERE, THERE = "429999001001", "429999001002"
BEGIN = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
NEED, OTHER_NEED = "need_00000001", "need_00000002"
PROVIDER = "provider_00000001"
A, B, C = "service_0000000a", "service_0000000b", "service_0000000c"
WANG, LI, ZHAO = "person_00000001", "person_00000002", "person_00000003"
SOCIAL_WORKER = Actor("worker_00000003", frozenset({Role.SOCIAL_WORKER}), (HERE,))


def registered(person: str, birth_year: int = 1980) -> PersonRegistered:
    return PersonRegistered(
        person_id=person,
        community=HERE,
        name="某人",
        citizen_id="x",
        birth_year=birth_year,
        sex=Sex.MALE,
        disability=DisabilityClass.PHYSICAL,
        grade=Grade.TWO,
    )


def listed(service: str, places: int = 1, **details: object) -> ServiceListed:
    about = {"name": service[-1], "domain": Domain.REHABILITATION, "layer": Layer.COMMUNITY} | details
    return ServiceListed(service_id=service, provider_id=PROVIDER, details=ServiceDetails(**about), places=places)


def referral(number: int) -> str:
    return f"referral_{number:08}"


def referred(number: int, person: str, service: str, need: str | None = NEED) -> ServiceReferred:
    return ServiceReferred(
        referral_id=referral(number),
        person_id=person,
        service_id=service,
        provider_id=PROVIDER,
        domain=Domain.REHABILITATION,
        need_id=need,
    )


def waitlisted(number: int, service: str) -> ReferralWaitlisted:
    return ReferralWaitlisted(referral_id=referral(number), service_id=service)


def declined(number: int, person: str, service: str, need: str | None = NEED) -> ReferralDeclined:
    return ReferralDeclined(
        referral_id=referral(number),
        person_id=person,
        service_id=service,
        reason=DeclineReason.NO_STAFF,
        need_id=need,
    )


CATALOG = [
    ProviderRegistered(provider_id=PROVIDER, number="1", name="阳光", kind=ProviderKind.MEDICAL),
    registered(WANG),
    registered(LI),
    registered(ZHAO),
    listed(A, community=HERE),
    listed(B, community=THERE),
    listed(C, eligibility=Eligibility(age_to=18)),
]


class View:
    """The service's view after these events, an hour between each, and the policies that read it."""

    def __init__(self, session: Session, events: list[Event]) -> None:
        self.session = session
        self.told = [(event, meta(number)) for number, event in enumerate(events)]
        for rows in fold_all(views.projections, self.told).values():
            session.add_all(rows.values())
        session.commit()

    def follows(self, name: str) -> list[Command]:
        """What the policy of this name gives for the last event."""
        [policy] = [policy for policy in POLICIES if policy.name == name]
        event, envelope = self.told[-1]
        assert type(event) in policy.on
        assert policy.facts
        return policy.commands(event, envelope, policy.facts(self.session, event, envelope))


def meta(number: int) -> Meta:
    at = BEGIN + timedelta(hours=number)
    return Meta(
        id=f"event-{number}", position=number + 1, at=at, said_at=at, actor="x", community=HERE, command=f"c{number}"
    )


def matches(session: Session, asked: FindMatches) -> tuple[Match, ...]:
    """What the service answers a social worker."""
    found = find_matches.answer(session, asked, SOCIAL_WORKER)
    assert isinstance(found, Matches)
    return found.matches


@pytest.fixture
def after() -> Iterator[object]:
    engine = create_engine("sqlite://")
    views.rows.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        yield lambda *events: View(session, [*CATALOG, *events])
    engine.dispose()


# the next best match


def test_after_a_decline_the_best_service_not_tried_is_proposed(after):
    [proposed] = after(referred(1, WANG, A), declined(1, WANG, A)).follows("catalog.next-match")
    assert isinstance(proposed, ProposeNextMatch)
    assert (proposed.referral_id, proposed.service_id) == (referral(1), B)
    assert "same_subdistrict" in {reason.code for reason in proposed.reasons}


def test_after_silence_too(after):
    lapsed = ReferralLapsed(referral_id=referral(1), person_id=WANG, service_id=A, need_id=NEED)
    [proposed] = after(referred(1, WANG, A), lapsed).follows("catalog.next-match")
    assert proposed.service_id == B


def test_when_all_that_fit_were_tried_it_is_said_that_there_is_none(after):
    view = after(referred(1, WANG, A), declined(1, WANG, A), referred(2, WANG, B), declined(2, WANG, B))
    assert view.follows("catalog.next-match") == [ProposeNextMatch(referral_id=referral(2), service_id=None)]


def test_what_was_tried_for_another_need_may_be_proposed_for_this_one(after):
    other = [referred(1, WANG, B, OTHER_NEED), declined(1, WANG, B, OTHER_NEED)]
    [proposed] = after(*other, referred(2, WANG, A), declined(2, WANG, A)).follows("catalog.next-match")
    assert proposed.service_id == B


def test_a_referral_without_a_need_is_compared_with_others_of_its_domain(after):
    view = after(
        referred(1, WANG, B, None), declined(1, WANG, B, None), referred(2, WANG, A, None), declined(2, WANG, A, None)
    )
    assert view.follows("catalog.next-match")[0].service_id is None


def test_a_withdrawn_service_is_not_proposed(after):
    gone = ServiceWithdrawn(service_id=B, why="x")
    [proposed] = after(gone, referred(1, WANG, A), declined(1, WANG, A)).follows("catalog.next-match")
    assert proposed.service_id is None


# freed places


def freed(service: str = A, number: int = 9) -> ServicePlaceFreed:
    return ServicePlaceFreed(service_id=service, referral_id=referral(number))


def taken(service: str = A, number: int = 9) -> ServicePlaceTaken:
    return ServicePlaceTaken(service_id=service, referral_id=referral(number))


def offers(*numbers: int) -> list[Command]:
    return [OfferFreedPlace(referral_id=referral(number)) for number in numbers]


WAITING = [
    taken(),
    referred(1, WANG, A),
    referred(2, LI, A),
    referred(3, ZHAO, A),
    waitlisted(2, A),
    waitlisted(1, A),
    waitlisted(3, A),
]


def test_a_freed_place_is_offered_to_who_has_waited_longest(after):
    assert after(*WAITING, freed()).follows("catalog.freed-places") == offers(2)


def test_a_place_offered_in_vain_does_not_cost_the_turn(after):
    offered = FreedPlaceOffered(referral_id=referral(2), service_id=A)
    view = after(*WAITING, freed(), offered, waitlisted(2, A), taken(), freed())
    assert view.follows("catalog.freed-places") == offers(2)


def test_a_place_already_offered_is_not_offered_twice(after):
    offered = FreedPlaceOffered(referral_id=referral(2), service_id=A)
    gone = ReferralWithdrawn(referral_id=referral(3), person_id=ZHAO, service_id=A, why="x", need_id=NEED)
    assert after(*WAITING, freed(), offered, gone).follows("catalog.freed-places") == []


def test_an_offer_declined_passes_to_the_next_in_line(after):
    offered = FreedPlaceOffered(referral_id=referral(2), service_id=A)
    view = after(*WAITING, freed(), offered, declined(2, LI, A))
    assert view.follows("catalog.freed-places") == offers(1)


def test_more_places_are_offered_to_as_many(after):
    more = CapacitySet(service_id=A, places=3)
    assert after(*WAITING, more).follows("catalog.freed-places") == offers(2, 1)


def test_who_is_no_longer_eligible_is_passed_over(after):
    only_grade_one = listed(A, eligibility=Eligibility(mildest_grade=Grade.ONE)).details
    changed = [
        ServiceChanged(service_id=A, details=only_grade_one),
        DisabilityReclassified(person_id=ZHAO, disability=DisabilityClass.PHYSICAL, grade=Grade.ONE),
    ]
    assert after(*WAITING, *changed, freed()).follows("catalog.freed-places") == offers(3)


def test_nobody_is_offered_a_place_in_a_withdrawn_service(after):
    gone = ServiceWithdrawn(service_id=A, why="x")
    assert after(*WAITING, gone, freed()).follows("catalog.freed-places") == []


def test_nobody_waiting_is_nobody_offered(after):
    assert after(taken(), freed()).follows("catalog.freed-places") == []


# moves and withdrawn services


def test_every_open_referral_follows_a_person_who_moves(after):
    moved = PersonMoved(person_id=WANG, from_community=HERE, to_community=THERE)
    history = [
        referred(1, WANG, A),
        ReferralAccepted(referral_id=referral(1)),
        referred(2, WANG, B),
        waitlisted(2, B),
        referred(3, WANG, C),
        declined(3, WANG, C),
        referred(4, LI, A),
    ]
    assert after(*history, moved).follows("catalog.follow-moves") == [
        TransferReferral(referral_id=referral(number), community=THERE) for number in (1, 2)
    ]


def test_referrals_without_a_place_lapse_when_the_service_is_withdrawn(after):
    gone = ServiceWithdrawn(service_id=A, why="x")
    accepted = [taken(A, 3), ReferralAccepted(referral_id=referral(3))]
    view = after(referred(1, WANG, A), referred(2, LI, A), waitlisted(2, A), referred(3, ZHAO, A), *accepted, gone)
    assert view.follows("catalog.withdrawn-services") == [
        LapseReferral(referral_id=referral(number)) for number in (1, 2)
    ]


# what the view knows


def test_a_person_is_known_by_what_was_said_last(after):
    view = after(
        AccessNeedsRecorded(person_id=WANG, features=frozenset({AccessFeature.RAMP})),
        CircumstancesRecorded(person_id=WANG, circumstances=Circumstances(low_income=True)),
        ConsentGiven(person_id=WANG, purpose=Purpose.SHARE_WITH_PROVIDER),
        ConsentGiven(person_id=LI, purpose=Purpose.SHARE_WITH_PROVIDER),
        ConsentWithdrawn(person_id=LI, purpose=Purpose.SHARE_WITH_PROVIDER),
        ConsentGiven(person_id=LI, purpose=Purpose.VISITS),
        PersonMoved(person_id=WANG, from_community=HERE, to_community=THERE),
    )
    wang, li = queries.person_facts(view.session, WANG), queries.person_facts(view.session, LI)
    assert wang is not None
    assert li is not None
    ramp = frozenset({AccessFeature.RAMP})
    assert (wang.access_needs, wang.low_income, wang.shares, wang.community) == (ramp, True, True, THERE)
    assert not li.shares
    assert queries.person_facts(view.session, "person_00000099") is None


def test_a_transferred_referral_is_in_the_new_community(after):
    moved = ReferralTransferred(referral_id=referral(1), person_id=WANG, from_community=HERE, to_community=THERE)
    view = after(referred(1, WANG, A), moved)
    assert view.session.get_one(ReferralRow, referral(1)).community == THERE


def test_matches_are_found_in_the_view_with_places_waiting_ratings_and_what_was_tried(after):
    feedback = [
        FeedbackGiven(
            feedback_id=f"feedback_{n:08}",
            person_id=LI,
            occasion=Occasion.SERVICE,
            occasion_id="x",
            score=5,
            rater=RaterKind.PERSON,
            service_id=B,
        )
        for n in range(5)
    ]
    view = after(
        taken(),
        referred(1, LI, A),
        waitlisted(1, A),
        referred(2, WANG, B),
        declined(2, WANG, B),
        DemonstrationAwarded(provider_id=PROVIDER),
        *feedback,
    )
    asked = FindMatches(person_id=WANG, domain=Domain.REHABILITATION, need_id=NEED)
    b, a, c = matches(view.session, asked)
    assert [m.service_id for m in (b, a, c)] == [B, A, C]
    reasons = {reason.code: reason.facts for reason in (*a.reasons, *b.reasons)}
    assert reasons["full"] == {"waiting": 1}
    assert reasons["rated"] == {"average": 5.0, "count": 5}
    assert {"tried_before", "demonstration", "consent_missing"} <= reasons.keys()
    assert {reason.code for reason in c.reasons if reason.counts == "against"} == {"too_old"}


def test_a_suspended_provider_stands_against_until_it_is_vetted(after):
    asked = FindMatches(person_id=WANG, domain=Domain.REHABILITATION)
    view = after(ProviderSuspended(provider_id=PROVIDER, why="x"))
    assert not any(m.fits for m in matches(view.session, asked))


def test_a_vetted_provider_is_back(after):
    asked = FindMatches(person_id=WANG, domain=Domain.REHABILITATION)
    view = after(ProviderSuspended(provider_id=PROVIDER, why="x"), ProviderVetted(provider_id=PROVIDER))
    assert any(m.fits for m in matches(view.session, asked))


def test_another_domain_has_other_services(after):
    asked = FindMatches(person_id=WANG, domain=Domain.RIGHTS)
    assert matches(after().session, asked) == ()


def test_matches_are_found_only_for_people_of_ones_own_communities(after):
    asked = FindMatches(person_id=WANG, domain=Domain.REHABILITATION)
    elsewhere = Actor("worker_00000009", frozenset({Role.SOCIAL_WORKER}), (THERE,))
    with pytest.raises(Rejected, match="wrong_community"):
        find_matches.answer(after().session, asked, elsewhere)


def test_nobody_is_matched_who_is_not_registered(after):
    asked = FindMatches(person_id="person_00000099", domain=Domain.REHABILITATION)
    with pytest.raises(Rejected, match=r"referral\.person_unknown"):
        find_matches.answer(after().session, asked, SOCIAL_WORKER)


def silence(event: Event, said_at: datetime = BEGIN) -> list[Consequence]:
    return let_silence_lapse.consequences(event, replace(meta(0), said_at=said_at))


def waited_for(event: Event, said_at: datetime = BEGIN) -> Later:
    [later] = silence(event, said_at)
    assert isinstance(later, Later)
    return later


def test_a_referral_nobody_answers_lapses_after_fourteen_days():
    later = waited_for(referred(1, WANG, A))
    lapse = LapseUnanswered(referral_id=referral(1))
    assert later == Later(lapse, at=BEGIN + timedelta(days=14), key=f"silence-{referral(1)}")


def test_a_referral_written_down_late_is_not_silent_before_anybody_could_know_of_it():
    later = waited_for(referred(1, WANG, A), said_at=BEGIN - timedelta(days=30))
    assert later.at == BEGIN + timedelta(days=14)


def test_a_place_that_was_offered_is_waited_for_anew_and_any_answer_ends_the_waiting():
    later = waited_for(FreedPlaceOffered(referral_id=referral(1), service_id=A))
    assert later.command == LapseUnanswered(referral_id=referral(1), offered=True)
    about = {"referral_id": referral(1), "person_id": WANG, "service_id": A}
    answers = [ReferralAccepted(referral_id=referral(1)), declined(1, WANG, A), waitlisted(1, A)]
    for answer in [*answers, ReferralLapsed(**about), ReferralWithdrawn(**about, why="x")]:
        assert silence(answer) == [Cancel(later.key)]


def test_a_service_is_kept_the_same_whatever_order_its_sets_have():
    [kept] = fold_all([service], [(listed(A, access=frozenset(AccessFeature)), meta(0))])[ServiceRow].values()
    assert isinstance(kept, ServiceRow)
    assert kept.details["access"] == sorted(AccessFeature)
    assert ServiceDetails.model_validate(kept.details).access == frozenset(AccessFeature)


def test_every_open_referral_of_somebody_who_died_is_withdrawn(after):
    died = PersonDied(person_id=WANG, on=date(2026, 11, 20))
    history = [referred(1, WANG, A), referred(2, WANG, B), declined(2, WANG, B), referred(4, LI, A)]
    commands = after(*history, died).follows("catalog.withdraw-dead")
    assert [command.aggregate_id for command in commands] == [referral(1)]


def test_who_died_while_waiting_is_passed_over(after):
    died = PersonDied(person_id=WANG, on=date(2026, 11, 20))
    waiting = [taken(), referred(1, WANG, A), waitlisted(1, A), referred(2, LI, A), waitlisted(2, A)]
    assert after(*waiting, died, freed()).follows("catalog.freed-places") == offers(2)
