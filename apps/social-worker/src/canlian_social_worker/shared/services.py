"""Services and who provides them, by name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Field, Session, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded
from canlian_events.catalog.provider import ProviderCorrected, ProviderRegistered
from canlian_events.catalog.service import ServiceChanged, ServiceListed
from canlian_events.meta import Meta
from canlian_events.terms import Domain
from canlian_social_worker.shared.columns import SocialWorkerRow


class ProviderRow(SocialWorkerRow, table=True):
    __tablename__ = "provider"

    provider_id: str = Field(primary_key=True)
    name: str
    phone: str | None = None


class ServiceRow(SocialWorkerRow, table=True):
    __tablename__ = "service"

    service_id: str = Field(primary_key=True)
    provider_id: str
    name: str
    domain: Domain = coded(Domain)
    hours: str | None = None
    address: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A service with its provider's name, and the number to call about it."""

    service: ServiceRow
    provider: str
    phone: str | None

    @property
    def name(self) -> str:
        return self.service.name


@projection(ProviderRow, key=lambda event: event.provider_id)
def providers(row: ProviderRow | None, event: ProviderRegistered | ProviderCorrected, _: Meta) -> ProviderRow | None:
    match event, row:
        case ProviderRegistered(), _:
            return ProviderRow(provider_id=event.provider_id, name=event.name, phone=event.phone)
        case ProviderCorrected(), ProviderRow():
            return row.with_(name=event.name or row.name, phone=event.phone or row.phone)
        case _:
            return row


@projection(ServiceRow, key=lambda event: event.service_id)
def services(row: ServiceRow | None, event: ServiceListed | ServiceChanged, _: Meta) -> ServiceRow | None:
    details = event.details
    told = {name: getattr(details, name) for name in ("name", "domain", "hours", "address", "phone")}
    match event, row:
        case ServiceListed(), _:
            return ServiceRow(service_id=event.service_id, provider_id=event.provider_id, **told)
        case ServiceChanged(), ServiceRow():
            return row.with_(**told)
        case _:
            return row


def offers(db: Session) -> dict[str, Offer]:
    """Id → service, of every service there ever was: a referral outlives what it was to."""
    providers = {row.provider_id: row for row in db.exec(select(ProviderRow)).all()}
    return {row.service_id: _offer(row, providers.get(row.provider_id)) for row in db.exec(select(ServiceRow)).all()}


def _offer(service: ServiceRow, provider: ProviderRow | None) -> Offer:
    return Offer(service, provider.name if provider else "—", service.phone or (provider.phone if provider else None))
