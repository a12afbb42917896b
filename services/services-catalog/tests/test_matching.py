"""Which services fit a person: what counts, what stands against, and what must hold whatever the services are."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canlian_catalog.matching.facts import Candidate, PersonFacts, Tried
from canlian_catalog.matching.grounds import ENOUGH_RATINGS
from canlian_catalog.matching.ranking import best_untried, match, rank
from canlian_events.catalog.service import Eligibility, ServiceDetails
from canlian_events.terms import AccessFeature, DisabilityClass, Domain, Grade, Layer

HERE, THERE = "429999001001", "429999001002"
YEAR = 2026
WANG = PersonFacts(
    "person_00000001", HERE, DisabilityClass.PHYSICAL, birth_year=1980, grade=Grade.TWO, low_income=False, shares=True
)
DETAILS = ServiceDetails(name="康复训练", domain=Domain.REHABILITATION, layer=Layer.COMMUNITY, community=HERE)
SERVICE = Candidate("service_00000001", "provider_00000001", "阳光", DETAILS, places=20)
FAR = replace(SERVICE, details=DETAILS.model_copy(update={"community": "429999002001"}))


def offering(service=SERVICE, **changes):
    return replace(service, details=service.details.model_copy(update=changes))


def codes(found, counts=None):
    return {reason.code for reason in found.reasons if counts in (None, reason.counts)}


def facts(found, code):
    return next(reason.facts for reason in found.reasons if reason.code == code)


def weigh(person=WANG, service=SERVICE, tried=None):
    return match(person, service, YEAR, tried or Tried())


def test_the_best_there_can_be_scores_100():
    best = weigh(WANG, replace(SERVICE, demonstration=True, scores=50, rated=10))
    assert best.fits
    assert best.score == 100
    assert codes(best, "for") == {"eligible", "near", "free_places", "free_of_charge", "rated", "demonstration"}


def test_a_full_service_fits_but_counts_less_and_says_how_many_wait():
    full = weigh(service=replace(SERVICE, in_use=20, waiting=3))
    assert full.fits
    assert facts(full, "full") == {"waiting": 3}
    assert full.score < weigh(service=replace(SERVICE, in_use=19)).score


def test_one_free_place_counts_and_more_count_a_little_more():
    scores = [weigh(service=replace(SERVICE, in_use=used)).score for used in (20, 19, 15, 10, 0)]
    assert scores == [52, 73, 77, 82, 82]


def test_nearer_is_better():
    near, same_subdistrict, far = weigh(), weigh(service=offering(community=THERE)), weigh(service=FAR)
    assert near.score > same_subdistrict.score > far.score
    assert facts(same_subdistrict, "same_subdistrict") == {"community": THERE}
    assert not codes(far) & {"near", "same_subdistrict", "comes_home"}


def test_a_service_that_comes_to_the_home_is_as_near_as_can_be():
    comes = weigh(service=offering(FAR, access=frozenset({AccessFeature.HOME_VISIT})))
    assert "comes_home" in codes(comes, "for")
    assert comes.score == weigh().score


def test_what_a_person_needs_and_cannot_be_arranged_stands_against():
    person = replace(WANG, access_needs=frozenset({AccessFeature.RAMP, AccessFeature.SIGN_LANGUAGE}))
    lacking = weigh(person, offering(access=frozenset({AccessFeature.RAMP})))
    assert not lacking.fits
    assert lacking.score == 0
    assert facts(lacking, "lacks_access") == {"access_features": ("sign_language",)}


def test_what_can_be_arranged_is_said_and_costs_points():
    person = replace(WANG, access_needs=frozenset({AccessFeature.COMPANION, AccessFeature.LIFT}))
    arranged = weigh(person, offering(access=frozenset({AccessFeature.LIFT})))
    complete = weigh(person, offering(access=frozenset({AccessFeature.LIFT, AccessFeature.COMPANION})))
    assert arranged.fits
    assert facts(arranged, "arrange_access") == {"access_features": ("companion",)}
    assert facts(complete, "accessible") == {"access_features": ("companion", "lift")}
    assert complete.score > arranged.score


def test_who_is_visited_at_home_needs_no_ramp_there():
    person = replace(WANG, access_needs=frozenset({AccessFeature.RAMP, AccessFeature.ACCESSIBLE_TOILET}))
    assert not weigh(person).fits
    assert "accessible" in codes(weigh(person, offering(access=frozenset({AccessFeature.HOME_VISIT}))), "for")


def test_few_ratings_say_nothing():
    few = weigh(service=replace(SERVICE, scores=ENOUGH_RATINGS - 1, rated=ENOUGH_RATINGS - 1))
    assert facts(few, "too_few_ratings") == {"count": 4}
    assert few.score == weigh().score


@pytest.mark.parametrize(("scores", "average", "counts"), [(25, 5.0, "for"), (20, 4.0, "for"), (18, 3.6, "neutral")])
def test_ratings_are_shown_with_their_count(scores, average, counts):
    rated = weigh(service=replace(SERVICE, scores=scores, rated=5))
    assert facts(rated, "rated") == {"average": average, "count": 5}
    assert "rated" in codes(rated, counts)


def test_a_fee_weighs_more_on_a_low_income():
    free, costs = weigh(), weigh(service=offering(fee=2050))
    poor = weigh(replace(WANG, low_income=True), offering(fee=2050))
    assert free.score > costs.score > poor.score
    assert facts(poor, "costs_low_income") == {"yuan": 20.5}


def test_a_missing_consent_is_said_but_keeps_nobody_from_looking():
    assert "consent_missing" in codes(weigh(replace(WANG, shares=False)), "neutral")
    assert "consent_missing" not in codes(weigh())


def test_a_suspended_provider_and_an_open_referral_stand_against():
    assert codes(weigh(service=replace(SERVICE, suspended=True)), "against") == {"provider_suspended"}
    open_ = weigh(tried=Tried(open=frozenset({SERVICE.service_id})))
    assert codes(open_, "against") == {"already_open"}


def test_a_service_tried_before_may_be_chosen_but_is_not_proposed():
    tried = Tried(before=frozenset({SERVICE.service_id}))
    other = replace(SERVICE, service_id="service_00000002", places=1)
    ranked = rank(WANG, [SERVICE, other], YEAR, tried)
    assert ranked[0].service_id == SERVICE.service_id
    assert "tried_before" in codes(ranked[0], "neutral")
    best = best_untried(ranked, tried)
    assert best is not None
    assert best.service_id == other.service_id
    assert best_untried(ranked[:1], tried) is None
    assert best_untried(rank(WANG, [replace(other, suspended=True)], YEAR, tried), tried) is None


def test_equal_services_come_by_name_and_then_by_id():
    named = [("乙", "service_00000001"), ("丙", "service_00000003"), ("丙", "service_00000002")]
    ranked = rank(WANG, [replace(offering(name=name), service_id=id) for name, id in named], YEAR)
    assert [m.service_id for m in ranked] == ["service_00000002", "service_00000003", "service_00000001"]


def test_those_with_less_against_them_come_before_those_with_more():
    young = replace(offering(name="甲", eligibility=Eligibility(age_to=18)), service_id="service_00000001")
    both = replace(young, service_id="service_00000002", suspended=True)
    assert [m.service_id for m in rank(WANG, [both, young], YEAR)] == ["service_00000001", "service_00000002"]


# whatever the services are

features = st.frozensets(st.sampled_from(AccessFeature), max_size=4)
communities = st.sampled_from([HERE, THERE, "429999001003", "429999002001"])
people = st.builds(
    PersonFacts,
    person_id=st.just("person_00000001"),
    community=communities,
    disability=st.sampled_from(DisabilityClass),
    birth_year=st.integers(1925, 2024),
    grade=st.none() | st.sampled_from(Grade),
    low_income=st.none() | st.booleans(),
    access_needs=features,
    shares=st.booleans(),
)
details = st.builds(
    ServiceDetails,
    name=st.sampled_from("甲乙丙丁"),
    domain=st.just(Domain.REHABILITATION),
    layer=st.sampled_from(Layer),
    communities=st.frozensets(communities, max_size=2),
    eligibility=st.builds(
        Eligibility,
        classes=st.frozensets(st.sampled_from(DisabilityClass), max_size=3),
        mildest_grade=st.none() | st.sampled_from(Grade),
        age_from=st.integers(0, 60),
        age_to=st.integers(60, 120),
    ),
    access=features,
    fee=st.sampled_from([0, 1000]),
    community=st.none() | communities,
)


@st.composite
def services(draw):
    """A handful of services, each with an id of its own."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        places, rated = draw(st.integers(1, 15)), draw(st.integers(0, 12))
        found.append(
            Candidate(
                f"service_{number:08}",
                f"provider_{number:08}",
                draw(st.sampled_from(["阳光", "春风"])),
                draw(details),
                places=places,
                in_use=draw(st.integers(0, places)),
                waiting=draw(st.integers(0, 5)),
                scores=draw(st.integers(rated, rated * 5)),
                rated=rated,
                demonstration=draw(st.booleans()),
                suspended=draw(st.booleans()),
            )
        )
    return found


@given(people, services(), st.randoms())
@settings(max_examples=150, deadline=None)
def test_the_order_in_which_services_are_looked_at_changes_nothing(person, offered, chance):
    shuffled = list(offered)
    chance.shuffle(shuffled)
    assert rank(person, offered, YEAR) == rank(person, shuffled, YEAR)


@given(people, services())
@settings(max_examples=150, deadline=None)
def test_every_service_fits_or_says_what_stands_against_it(person, offered):
    ranked = rank(person, offered, YEAR)
    assert sorted(m.service_id for m in ranked) == [s.service_id for s in offered]
    for found in ranked:
        assert found.fits != bool(codes(found, "against"))
        assert 0 <= found.score <= 100
    assert [m.fits for m in ranked] == sorted((m.fits for m in ranked), reverse=True)
    assert [m.score for m in ranked] == sorted((m.score for m in ranked), reverse=True)


def better(service, person, how):
    """The same service, better in one respect for this person."""
    match how:
        case "a place more":
            return replace(service, places=service.places + 1)
        case "nearer":
            return offering(service, community=person.community)
        case "better rated":
            scores = min(service.scores + 5, service.rated * 5) if service.rated else 0
            return replace(service, scores=scores)
        case "free of charge":
            return offering(service, fee=0)
        case "more accessible":
            return offering(service, access=service.details.access | person.access_needs)
        case _:
            return replace(service, demonstration=True, suspended=False)


@given(
    people,
    services(),
    st.integers(0, 5),
    st.sampled_from(
        ["a place more", "nearer", "better rated", "free of charge", "more accessible", "in good standing"]
    ),
)
@settings(max_examples=400, deadline=None)
def test_a_service_that_gets_better_never_comes_later(person, offered, which, how):
    chosen = offered[which % len(offered)]
    improved = [better(s, person, how) if s is chosen else s for s in offered]

    def place(ranked):
        return [m.service_id for m in ranked].index(chosen.service_id)

    assert place(rank(person, improved, YEAR)) <= place(rank(person, offered, YEAR))
