"""The grounds on which a service suits a person beyond being admitted: each gives points and says why.

A ground is a reason and the points it is worth. The points of all grounds at their best come to 100.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from canlian_catalog.matching.facts import Candidate, PersonFacts, Tried
from canlian_events.catalog.matching import Reason
from canlian_events.terms import AccessFeature

ANY_FREE_PLACE = "any_free_place"
EACH_FREE_PLACE = "each_free_place"
NEAR = "near"
SAME_SUBDISTRICT = "same_subdistrict"
RATED = "rated"
ACCESSIBLE = "accessible"
FREE_OF_CHARGE = "free_of_charge"
AFFORDABLE = "affordable"
DEMONSTRATION = "demonstration"

POINTS = {
    ANY_FREE_PLACE: 20,  # somebody can start now
    EACH_FREE_PLACE: 1,  # for each up to ten: a place that will still be there when the answer comes
    NEAR: 25,  # in the person's community, or it comes to the home
    SAME_SUBDISTRICT: 10,
    RATED: 15,  # with an average of 5 of 5
    ACCESSIBLE: 10,  # all that the person needs, nothing to be arranged
    FREE_OF_CHARGE: 10,
    AFFORDABLE: 5,  # it costs something, to somebody not in a low-income household
    DEMONSTRATION: 10,
}
COUNTED_FREE_PLACES = 10
ENOUGH_RATINGS = 5
"""Under this many ratings an average says nothing: the service gets half the points and `too_few_ratings`."""

AT_THE_PLACE = frozenset(
    {
        AccessFeature.RAMP,
        AccessFeature.LIFT,
        AccessFeature.ACCESSIBLE_TOILET,
        AccessFeature.WHEELCHAIR_LOAN,
        AccessFeature.COMPANION,
    }
)
"""Not needed of a service that comes to the home."""
CAN_BE_ARRANGED = frozenset(
    {AccessFeature.COMPANION, AccessFeature.WHEELCHAIR_LOAN, AccessFeature.LARGE_PRINT, AccessFeature.EASY_READING}
)
"""What a worker or a volunteer can make up for: going along, lending a wheelchair, printing large, explaining."""


class Ground(NamedTuple):
    reason: Reason
    points: int = 0


def _for(code: str, points: int, **facts: str | int | float | tuple[str, ...]) -> Ground:
    return Ground(Reason(code=code, counts="for", facts=dict(facts)), points)


def _neutral(code: str, points: int = 0, **facts: str | int | float | tuple[str, ...]) -> Ground:
    return Ground(Reason(code=code, counts="neutral", facts=dict(facts)), points)


def _against(code: str, **facts: str | int | float | tuple[str, ...]) -> Ground:
    return Ground(Reason(code=code, counts="against", facts=dict(facts)))


def grounds(person: PersonFacts, service: Candidate, tried: Tried) -> Iterator[Ground]:
    yield from _standing(service, tried)
    yield _places(service)
    yield from _nearness(person, service)
    yield from _access(person, service)
    yield _rating(service)
    yield _fee(person, service)
    if service.demonstration:
        yield _for("demonstration", POINTS[DEMONSTRATION])
    if not person.shares:
        yield _neutral("consent_missing")


def _standing(service: Candidate, tried: Tried) -> Iterator[Ground]:
    if service.suspended:
        yield _against("provider_suspended", provider=service.provider_name)
    if service.service_id in tried.open:
        yield _against("already_open")
    elif service.service_id in tried.before:
        yield _neutral("tried_before")


def _places(service: Candidate) -> Ground:
    """A full service still fits: the person may wait. It only counts less."""
    if not service.free:
        return _neutral("full", waiting=service.waiting)
    each = POINTS[EACH_FREE_PLACE] * min(service.free, COUNTED_FREE_PLACES)
    return _for("free_places", POINTS[ANY_FREE_PLACE] + each, free=service.free, places=service.places)


def _nearness(person: PersonFacts, service: Candidate) -> Iterator[Ground]:
    if AccessFeature.HOME_VISIT in service.details.access:
        yield _for("comes_home", POINTS[NEAR])
    elif service.details.community == person.community:
        yield _for("near", POINTS[NEAR])
    elif service.details.community and service.details.community[:9] == person.community[:9]:
        yield _neutral("same_subdistrict", POINTS[SAME_SUBDISTRICT], community=service.details.community)


def _access(person: PersonFacts, service: Candidate) -> Iterator[Ground]:
    offered = service.details.access
    made_up = AT_THE_PLACE if AccessFeature.HOME_VISIT in offered else frozenset()
    missing = person.access_needs - offered - made_up
    if lacking := missing - CAN_BE_ARRANGED:
        yield _against("lacks_access", access_features=_codes(lacking))
    if arrange := missing & CAN_BE_ARRANGED:
        yield _neutral("arrange_access", access_features=_codes(arrange))
    if not missing and person.access_needs:
        yield _for("accessible", POINTS[ACCESSIBLE], access_features=_codes(person.access_needs))
    elif not missing:
        yield _neutral("no_access_needs", POINTS[ACCESSIBLE])


def _codes(features: frozenset[AccessFeature]) -> tuple[str, ...]:
    return tuple(sorted(feature.value for feature in features))


def _rating(service: Candidate) -> Ground:
    if service.rated < ENOUGH_RATINGS:
        return _neutral("too_few_ratings", POINTS[RATED] // 2, count=service.rated)
    average = service.scores / service.rated
    points = round(POINTS[RATED] * (average - 1) / 4)
    make = _for if average >= 4 else _neutral
    return make("rated", points, average=round(average, 1), count=service.rated)


def _fee(person: PersonFacts, service: Candidate) -> Ground:
    fee = service.details.fee
    if fee == 0:
        return _for("free_of_charge", POINTS[FREE_OF_CHARGE])
    yuan = fee / 100 if fee % 100 else fee // 100
    if person.low_income:
        return _neutral("costs_low_income", yuan=yuan)
    return _neutral("costs", POINTS[AFFORDABLE], yuan=yuan)
