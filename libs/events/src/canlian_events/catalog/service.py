"""Services: what a provider offers, where, for whom, with what access, and how many places are free."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from canlian_events.core import Command, Event, Message, aggregate
from canlian_events.ids import CommunityCode, ProviderId, ReferralId, ServiceId
from canlian_events.terms import AccessFeature, DisabilityClass, Domain, Grade, Layer, Role

SERVICE = aggregate("catalog.service")
_LISTERS = {Role.STAFF, Role.OPERATOR, Role.PROVIDER}


class Eligibility(Message):
    """Whom a service is for. An empty set of classes means all; ages are whole years, both ends included."""

    classes: frozenset[DisabilityClass] = frozenset()
    mildest_grade: Grade | None = None
    """The mildest grade admitted: with 2, grades 1 and 2 are."""
    age_from: int = 0
    age_to: int = 120


class ServiceDetails(Message):
    """What anyone may know of a service. No communities means the whole subdistrict. `fee` is in fen a session."""

    name: Annotated[str, StringConstraints(min_length=1)]
    domain: Domain
    layer: Layer
    communities: frozenset[CommunityCode] = frozenset()
    eligibility: Eligibility = Eligibility()
    access: frozenset[AccessFeature] = frozenset()
    fee: int = 0
    hours: str | None = None
    address: str | None = None
    phone: str | None = None
    community: CommunityCode | None = None
    """Where it is, if known."""


class ListService(Command, to=SERVICE, by=_LISTERS):
    """`places` is how many people can be in the service at once."""

    service_id: ServiceId
    provider_id: ProviderId
    details: ServiceDetails
    places: int


class ChangeService(Command, to=SERVICE, by=_LISTERS):
    service_id: ServiceId
    details: ServiceDetails


class SetCapacity(Command, to=SERVICE, by=_LISTERS):
    """Refused below the places in use."""

    service_id: ServiceId
    places: int


class WithdrawService(Command, to=SERVICE, by=_LISTERS):
    service_id: ServiceId
    why: str


class ServiceListed(Event, type="catalog.service.listed"):
    service_id: ServiceId
    provider_id: ProviderId
    details: ServiceDetails
    places: int


class ServiceChanged(Event, type="catalog.service.changed"):
    service_id: ServiceId
    details: ServiceDetails


class CapacitySet(Event, type="catalog.service.capacity-set"):
    service_id: ServiceId
    places: int


class ServiceWithdrawn(Event, type="catalog.service.withdrawn"):
    service_id: ServiceId
    why: str


class ServicePlaceTaken(Event, type="catalog.service.place-taken"):
    """Decided with the referral's acceptance, in one batch with it."""

    service_id: ServiceId
    referral_id: ReferralId


class ServicePlaceFreed(Event, type="catalog.service.place-freed"):
    service_id: ServiceId
    referral_id: ReferralId


ServiceCommand = ListService | ChangeService | SetCapacity | WithdrawService
ServiceEvent = ServiceListed | ServiceChanged | CapacitySet | ServiceWithdrawn | ServicePlaceTaken | ServicePlaceFreed
