"""The rules of a service: what is offered, by whom, and how many places are taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never, get_args

from canlian_catalog.provider.decider import Registered
from canlian_chassis.decider import Decider, Given, Ref, Rejected
from canlian_events.catalog.provider import PROVIDER
from canlian_events.catalog.service import (
    SERVICE,
    CapacitySet,
    ChangeService,
    ListService,
    ServiceChanged,
    ServiceCommand,
    ServiceDetails,
    ServiceEvent,
    ServiceListed,
    ServicePlaceFreed,
    ServicePlaceTaken,
    ServiceWithdrawn,
    SetCapacity,
    WithdrawService,
)
from canlian_events.terms import Role


@dataclass(frozen=True, slots=True)
class Listed:
    """`taken` holds the referrals that have a place. A withdrawn service takes nobody new; who is in it finishes."""

    provider_id: str
    details: ServiceDetails
    places: int
    taken: frozenset[str] = frozenset()
    withdrawn: bool = False

    @property
    def full(self) -> bool:
        return len(self.taken) >= self.places


Service = Listed | None


def decide(command: ServiceCommand, service: Service, given: Given) -> Sequence[ServiceEvent]:
    offers = command if isinstance(command, ListService) else service
    _only_their_own(offers.provider_id if offers else None, given)
    match command, service:
        case ListService(), None:
            return _list(command, given)
        case _, None:
            raise Rejected("service.unknown")
        case WithdrawService(), Listed():
            return [] if service.withdrawn else [ServiceWithdrawn.from_(command)]
        case _, Listed(withdrawn=True):
            raise Rejected("service.withdrawn", name=service.details.name)
        case ListService(), Listed():
            same = (command.provider_id, command.details, command.places)
            if same != (service.provider_id, service.details, service.places):
                raise Rejected("service.already_listed", name=service.details.name)
            return []
        case ChangeService(), Listed():
            _sensible(command.details)
            return [] if command.details == service.details else [ServiceChanged.from_(command)]
        case SetCapacity(), Listed():
            return _set_capacity(command, service)
        case _:
            assert_never(command)


def _only_their_own(provider_id: str | None, given: Given) -> None:
    """A provider's front desk speaks for its own services; staff and the operator for all."""
    if not given.by.holds(Role.STAFF, Role.OPERATOR) and provider_id and given.by.provider_id != provider_id:
        raise Rejected("service.not_yours")


def _list(command: ListService, given: Given) -> Sequence[ServiceEvent]:
    provider = given.beside[Ref(PROVIDER, command.provider_id)]
    if not isinstance(provider, Registered):
        raise Rejected("service.provider_unknown")
    if provider.suspended:
        raise Rejected("service.provider_suspended", provider=provider.name)
    _sensible(command.details)
    _some_places(command.places)
    return [ServiceListed.from_(command)]


def _sensible(details: ServiceDetails) -> None:
    ages = details.eligibility
    if not 0 <= ages.age_from <= ages.age_to:
        raise Rejected("service.age_range", age_from=ages.age_from, age_to=ages.age_to)
    if details.fee < 0:
        raise Rejected("service.fee_negative")


def _some_places(places: int) -> None:
    if places < 1:
        raise Rejected("service.no_places", places=places)


def _set_capacity(command: SetCapacity, service: Listed) -> Sequence[ServiceEvent]:
    _some_places(command.places)
    if command.places < len(service.taken):
        raise Rejected("service.capacity_in_use", places=command.places, in_use=len(service.taken))
    return [] if command.places == service.places else [CapacitySet.from_(command)]


def evolve(service: Service, event: ServiceEvent) -> Service:
    if isinstance(event, ServiceListed):
        return Listed(event.provider_id, event.details, event.places)
    assert service is not None
    match event:
        case ServiceChanged():
            return replace(service, details=event.details)
        case CapacitySet():
            return replace(service, places=event.places)
        case ServiceWithdrawn():
            return replace(service, withdrawn=True)
        case ServicePlaceTaken():
            return replace(service, taken=service.taken | {event.referral_id})
        case ServicePlaceFreed():
            return replace(service, taken=service.taken - {event.referral_id})
        case _:
            assert_never(event)


def beside(command: ServiceCommand, service: Service) -> Iterable[Ref]:
    """A new service needs a provider that stands."""
    if isinstance(command, ListService) and service is None:
        yield Ref(PROVIDER, command.provider_id)


def where(command: ServiceCommand) -> str | None:
    """A service is where it says it is; without a place it is the subdistrict's."""
    return command.details.community if isinstance(command, ListService | ChangeService) else None


service: Decider[ServiceCommand, Service, ServiceEvent] = Decider(
    SERVICE, get_args(ServiceCommand), decide, evolve, initial=None, community=where, beside=beside
)
