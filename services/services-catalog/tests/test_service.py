"""The rules of a service, as sentences."""

import pytest

from canlian_catalog.provider.decider import provider
from canlian_catalog.service.decider import Listed, service, where
from canlian_chassis.testing.deciders import given
from canlian_events.catalog.provider import ProviderRegistered, ProviderSuspended
from canlian_events.catalog.service import (
    CapacitySet,
    ChangeService,
    Eligibility,
    ListService,
    ServiceChanged,
    ServiceDetails,
    ServiceEvent,
    ServiceListed,
    ServicePlaceFreed,
    ServicePlaceTaken,
    ServiceWithdrawn,
    SetCapacity,
    WithdrawService,
)
from canlian_events.meta import Actor
from canlian_events.terms import Domain, Layer, ProviderKind, Role

ID, PROVIDER_ID, OTHER_PROVIDER = "service_00000001", "provider_00000001", "provider_00000002"
HERE = "429999001001"
STAFF = Actor("worker_00000004", frozenset({Role.STAFF}), ("429999001",))
DESK = Actor("account_desk", frozenset({Role.PROVIDER}), provider_id=PROVIDER_ID)
OTHER_DESK = Actor("account_other", frozenset({Role.PROVIDER}), provider_id=OTHER_PROVIDER)

PROVIDER = ProviderRegistered(provider_id=PROVIDER_ID, number="1", name="阳光", kind=ProviderKind.MEDICAL)
SUSPENDED = ProviderSuspended(provider_id=PROVIDER_ID, why="资质过期")
DETAILS = ServiceDetails(name="康复训练", domain=Domain.REHABILITATION, layer=Layer.COMMUNITY, community=HERE)
LIST = ListService(service_id=ID, provider_id=PROVIDER_ID, details=DETAILS, places=2)
LISTED = ServiceListed.from_(LIST)
WITHDRAWN = ServiceWithdrawn(service_id=ID, why="不再提供")
TAKEN = [ServicePlaceTaken(service_id=ID, referral_id=f"referral_0000000{n}") for n in (1, 2)]
FREED = ServicePlaceFreed(service_id=ID, referral_id="referral_00000001")


def with_(details=DETAILS, **changes):
    return details.model_copy(update=changes)


def listing(*provider_events):
    return given(service).beside_of(provider, *provider_events)


def listed(*events: ServiceEvent) -> Listed:
    """The service after these events."""
    state = service.fold(events)
    assert isinstance(state, Listed)
    return state


def test_staff_and_the_provider_itself_list_a_service():
    listing(PROVIDER).when(LIST, by=STAFF).then(LISTED)
    listing(PROVIDER).when(LIST, by=DESK).then(LISTED)


def test_a_provider_does_not_list_or_change_for_another():
    listing(PROVIDER).when(LIST, by=OTHER_DESK).refused("service.not_yours")
    for command in (
        ChangeService(service_id=ID, details=with_(fee=100)),
        SetCapacity(service_id=ID, places=5),
        WithdrawService(service_id=ID, why="x"),
    ):
        given(service, LISTED).when(command, by=OTHER_DESK).refused("service.not_yours")


def test_the_same_listing_again_changes_nothing():
    given(service, LISTED).when(LIST, by=STAFF).unchanged()


def test_another_listing_under_the_same_id_is_refused():
    other = LIST.model_copy(update={"places": 3})
    given(service, LISTED).when(other, by=STAFF).refused("service.already_listed", name="康复训练")


def test_a_provider_nobody_knows_lists_nothing():
    from canlian_chassis.decider import Ref
    from canlian_chassis.testing.deciders import Scene
    from canlian_events.catalog.provider import PROVIDER as KIND

    unknown = Scene(service, (), {Ref(KIND, PROVIDER_ID): None})
    unknown.when(LIST, by=STAFF).refused("service.provider_unknown")


def test_a_suspended_provider_lists_nothing():
    listing(PROVIDER, SUSPENDED).when(LIST, by=DESK).refused("service.provider_suspended")


@pytest.mark.parametrize("places", [0, -1])
def test_a_service_has_places(places):
    listing(PROVIDER).when(LIST.model_copy(update={"places": places}), by=STAFF).refused("service.no_places")
    given(service, LISTED).when(SetCapacity(service_id=ID, places=places), by=STAFF).refused("service.no_places")


@pytest.mark.parametrize("ages", [(60, 18), (-1, 18)])
def test_an_age_range_can_be_met(ages):
    wrong = with_(eligibility=Eligibility(age_from=ages[0], age_to=ages[1]))
    listing(PROVIDER).when(LIST.model_copy(update={"details": wrong}), by=STAFF).refused("service.age_range")
    given(service, LISTED).when(ChangeService(service_id=ID, details=wrong), by=DESK).refused("service.age_range")


def test_a_fee_is_not_negative():
    given(service, LISTED).when(ChangeService(service_id=ID, details=with_(fee=-1)), by=DESK).refused(
        "service.fee_negative"
    )


def test_a_service_is_changed_and_the_same_change_again_is_nothing():
    change = ChangeService(service_id=ID, details=with_(fee=500))
    changed = ServiceChanged.from_(change)
    given(service, LISTED).when(change, by=DESK).then(changed)
    given(service, LISTED, changed).when(change, by=DESK).unchanged()


def test_capacity_is_set_and_the_same_again_is_nothing():
    more = SetCapacity(service_id=ID, places=5)
    given(service, LISTED).when(more, by=DESK).then(CapacitySet(service_id=ID, places=5))
    given(service, LISTED, CapacitySet(service_id=ID, places=5)).when(more, by=DESK).unchanged()


def test_capacity_is_not_set_below_the_places_in_use():
    less = SetCapacity(service_id=ID, places=1)
    given(service, LISTED, *TAKEN).when(less, by=DESK).refused("service.capacity_in_use", in_use=2)
    given(service, LISTED, *TAKEN, FREED).when(less, by=DESK).then(CapacitySet(service_id=ID, places=1))


def test_a_service_is_withdrawn_once_even_with_people_in_it():
    withdraw = WithdrawService(service_id=ID, why="不再提供")
    given(service, LISTED, *TAKEN).when(withdraw, by=DESK).then(WITHDRAWN)
    given(service, LISTED, WITHDRAWN).when(withdraw, by=DESK).unchanged()


@pytest.mark.parametrize(
    "command", [LIST, ChangeService(service_id=ID, details=with_(fee=1)), SetCapacity(service_id=ID, places=9)]
)
def test_a_withdrawn_service_stays_as_it_was(command):
    given(service, LISTED, WITHDRAWN).when(command, by=STAFF).refused("service.withdrawn")


@pytest.mark.parametrize(
    "command",
    [
        ChangeService(service_id=ID, details=DETAILS),
        SetCapacity(service_id=ID, places=9),
        WithdrawService(service_id=ID, why="x"),
    ],
)
def test_a_service_nobody_knows_is_refused(command):
    given(service).when(command, by=STAFF).refused("service.unknown")


def test_a_place_given_back_is_free_again():
    assert listed(LISTED, *TAKEN).full
    assert not listed(LISTED, *TAKEN, FREED).full
    assert listed(LISTED, *TAKEN, FREED, FREED).taken == {"referral_00000002"}


def test_a_service_is_in_the_community_it_names():
    assert where(LIST) == HERE
    assert where(SetCapacity(service_id=ID, places=1)) is None
