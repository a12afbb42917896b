"""The rules of a provider."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never, get_args

from canlian_chassis.decider import Claim, Decider, Given, Rejected
from canlian_events.catalog.provider import (
    PROVIDER,
    AwardDemonstration,
    CorrectProvider,
    DemonstrationAwarded,
    ProviderCommand,
    ProviderCorrected,
    ProviderEvent,
    ProviderRegistered,
    ProviderSuspended,
    ProviderVetted,
    RegisterProvider,
    SuspendProvider,
    VetProvider,
)
from canlian_events.core import Event
from canlian_events.terms import ProviderKind


@dataclass(frozen=True, slots=True)
class Registered:
    number: str
    name: str
    kind: ProviderKind
    phone: str | None
    vetted: bool = False
    demonstration: bool = False
    suspended: bool = False


Provider = Registered | None


def decide(command: ProviderCommand, provider: Provider, given: Given) -> Sequence[ProviderEvent]:
    if provider is None:
        if isinstance(command, RegisterProvider):
            return [ProviderRegistered.from_(command)]
        raise Rejected("provider.unknown")
    match command:
        case RegisterProvider():
            return _register_again(command, provider)
        case CorrectProvider():
            return _correct(command, provider)
        case VetProvider():
            return [] if provider.vetted and not provider.suspended else [ProviderVetted.from_(command)]
        case AwardDemonstration() if provider.suspended:
            raise Rejected("provider.suspended", name=provider.name)
        case AwardDemonstration():
            return [] if provider.demonstration else [DemonstrationAwarded.from_(command)]
        case SuspendProvider():
            return [] if provider.suspended else [ProviderSuspended.from_(command)]
        case _:
            assert_never(command)


def _register_again(command: RegisterProvider, provider: Registered) -> Sequence[ProviderEvent]:
    """The same once more changes nothing, so that an import may be repeated."""
    said = (comparable(command.number), command.name, command.kind, command.phone)
    if said != (comparable(provider.number), provider.name, provider.kind, provider.phone):
        raise Rejected("provider.already_registered", number=provider.number, name=provider.name)
    return []


def _correct(command: CorrectProvider, provider: Registered) -> Sequence[ProviderEvent]:
    """Only what differs is recorded."""
    wanted: dict[str, Any] = {"name": command.name, "kind": command.kind, "phone": command.phone}
    differs = {k: v for k, v in wanted.items() if v is not None and v != getattr(provider, k)}
    return [ProviderCorrected(provider_id=command.provider_id, **differs)] if differs else []


def evolve(provider: Provider, event: ProviderEvent) -> Provider:
    if isinstance(event, ProviderRegistered):
        return Registered(event.number, event.name, event.kind, event.phone)
    assert provider is not None
    match event:
        case ProviderCorrected():
            return replace(
                provider,
                name=event.name or provider.name,
                kind=event.kind or provider.kind,
                phone=event.phone if event.phone is not None else provider.phone,
            )
        case ProviderVetted():
            return replace(provider, vetted=True, suspended=False)
        case DemonstrationAwarded():
            return replace(provider, demonstration=True)
        case ProviderSuspended():
            return replace(provider, suspended=True)
        case _:
            assert_never(event)


def comparable(number: str) -> str:
    """A provider's number without the accidents of typing: full-width digits, spaces, small letters."""
    return unicodedata.normalize("NFKC", number).replace(" ", "").upper()


def claims(event: Event) -> Iterable[Claim]:
    """One number, one provider."""
    if isinstance(event, ProviderRegistered):
        yield Claim("provider-number", comparable(event.number), taken="provider.number_taken")


provider: Decider[ProviderCommand, Provider, ProviderEvent] = Decider(
    PROVIDER, get_args(ProviderCommand), decide, evolve, initial=None, claims=claims
)
