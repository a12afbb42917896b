"""The providers by name, and their services with the places in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded
from canlian_events.catalog.provider import ProviderCorrected, ProviderRegistered
from canlian_events.catalog.service import (
    CapacitySet,
    ServiceChanged,
    ServiceDetails,
    ServiceListed,
    ServicePlaceFreed,
    ServicePlaceTaken,
    ServiceWithdrawn,
)
from canlian_events.meta import Meta
from canlian_events.terms import Domain
from canlian_provider.shared.columns import DeskRow


class ProviderRow(DeskRow, table=True):
    __tablename__ = "provider"

    provider_id: str = Field(primary_key=True)
    name: str


class ServiceRow(DeskRow, table=True):
    """`withdrawn` is why it is no longer offered."""

    __tablename__ = "service"

    service_id: str = Field(primary_key=True)
    provider_id: str = Field(index=True)
    name: str
    domain: Domain = coded(Domain)
    access: list[str] = Field(default_factory=list, sa_type=JSON)
    hours: str | None = None
    places: int
    in_use: int = 0
    withdrawn: str | None = None

    @property
    def full(self) -> bool:
        return self.in_use >= self.places

    @property
    def free(self) -> int:
        return max(0, self.places - self.in_use)


@projection(ProviderRow, key=lambda event: event.provider_id)
def providers(row: ProviderRow | None, event: ProviderRegistered | ProviderCorrected, _: Meta) -> ProviderRow | None:
    match event, row:
        case ProviderRegistered(), _:
            return ProviderRow(provider_id=event.provider_id, name=event.name)
        case ProviderCorrected(), ProviderRow():
            return row.with_(name=event.name or row.name)
        case _:
            return row


Offering = ServiceListed | ServiceChanged | CapacitySet | ServiceWithdrawn | ServicePlaceTaken | ServicePlaceFreed


@projection(ServiceRow, key=lambda event: event.service_id)
def services(row: ServiceRow | None, event: Offering, _: Meta) -> ServiceRow | None:
    if isinstance(event, ServiceListed):
        told = _told(event.details)
        return ServiceRow(service_id=event.service_id, provider_id=event.provider_id, places=event.places, **told)
    if row is None:
        return None
    match event:
        case ServiceChanged():
            return row.with_(**_told(event.details))
        case CapacitySet():
            return row.with_(places=event.places)
        case ServiceWithdrawn():
            return row.with_(withdrawn=event.why)
        case ServicePlaceTaken():
            return row.with_(in_use=row.in_use + 1)
        case ServicePlaceFreed():
            return row.with_(in_use=row.in_use - 1)


def _told(details: ServiceDetails) -> dict[str, Any]:
    access = sorted(feature.value for feature in details.access)
    return {"name": details.name, "domain": details.domain, "access": access, "hours": details.hours}


def provider(db: Session, provider_id: str) -> ProviderRow | None:
    return db.get(ProviderRow, provider_id)


def all_providers(db: Session) -> Sequence[ProviderRow]:
    return db.exec(select(ProviderRow).order_by(col(ProviderRow.name))).all()


def service(db: Session, service_id: str) -> ServiceRow | None:
    return db.get(ServiceRow, service_id)


def services_of(db: Session, provider_id: str) -> Sequence[ServiceRow]:
    """Those offered first, each group by name."""
    found = db.exec(select(ServiceRow).where(ServiceRow.provider_id == provider_id)).all()
    return sorted(found, key=lambda row: (row.withdrawn is not None, row.name))
