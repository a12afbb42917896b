"""Providers (服务机构 / 助残社会组织): who delivers services."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import ProviderId
from canlian_events.terms import ProviderKind, Role

PROVIDER = aggregate("catalog.provider")
_STAFF = {Role.STAFF, Role.OPERATOR}
_Text = Annotated[str, StringConstraints(min_length=1)]


class RegisterProvider(Command, to=PROVIDER, by=_STAFF):
    """`number` is the provider's own number in the resource list (统一编号)."""

    provider_id: ProviderId
    number: _Text
    name: _Text
    kind: ProviderKind
    phone: str | None = None


class CorrectProvider(Command, to=PROVIDER, by=_STAFF):
    provider_id: ProviderId
    name: _Text | None = None
    kind: ProviderKind | None = None
    phone: str | None = None


class VetProvider(Command, to=PROVIDER, by=_STAFF):
    """Qualifications checked; a suspended provider is vetted again to be restored."""

    provider_id: ProviderId


class AwardDemonstration(Command, to=PROVIDER, by=_STAFF):
    """示范性助残社会组织."""

    provider_id: ProviderId


class SuspendProvider(Command, to=PROVIDER, by=_STAFF):
    provider_id: ProviderId
    why: str


class ProviderRegistered(Event, type="catalog.provider.registered"):
    provider_id: ProviderId
    number: str
    name: str
    kind: ProviderKind
    phone: str | None = None


class ProviderCorrected(Event, type="catalog.provider.corrected"):
    provider_id: ProviderId
    name: str | None = None
    kind: ProviderKind | None = None
    phone: str | None = None


class ProviderVetted(Event, type="catalog.provider.vetted"):
    provider_id: ProviderId


class DemonstrationAwarded(Event, type="catalog.provider.demonstration-awarded"):
    provider_id: ProviderId


class ProviderSuspended(Event, type="catalog.provider.suspended"):
    provider_id: ProviderId
    why: str


ProviderCommand = RegisterProvider | CorrectProvider | VetProvider | AwardDemonstration | SuspendProvider
ProviderEvent = ProviderRegistered | ProviderCorrected | ProviderVetted | DemonstrationAwarded | ProviderSuspended
