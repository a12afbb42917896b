"""What there is: providers, and the services each offers with the places in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from canlian_federation.overview.views import UNDER_WAY
from canlian_federation.shared.rows import OVERVIEW
from canlian_overview.rows import ProviderRow, ServiceRow


@dataclass(frozen=True, slots=True)
class Resource:
    """`running` are the services under way for the communities of whoever looks."""

    service: ServiceRow
    provider: ProviderRow | None
    running: int

    @property
    def free(self) -> int:
        return max(self.service.places - self.service.used, 0)


def resources(db: Session, scopes: Sequence[str], provider_id: str | None = None) -> list[Resource]:
    """The services listed, by provider and name."""
    tables = OVERVIEW.tables
    providers = {row.provider_id: row for row in db.exec(select(tables.provider))}
    running = _running(db, scopes)
    services = db.exec(select(tables.service).where(col(tables.service.listed))).all()
    found = [
        Resource(service, providers.get(service.provider_id), running[service.service_id])
        for service in services
        if provider_id in (None, service.provider_id)
    ]
    return sorted(found, key=lambda one: (one.provider.name if one.provider else "", one.service.name))


def providers(db: Session) -> list[tuple[ProviderRow, int, int, int]]:
    """By name, each with how many services it offers, their places and those in use."""
    tables = OVERVIEW.tables
    services = db.exec(select(tables.service).where(col(tables.service.listed))).all()
    found = []
    for row in db.exec(select(tables.provider).order_by(col(tables.provider.name))):
        own = [service for service in services if service.provider_id == row.provider_id]
        found.append((row, len(own), sum(one.places for one in own), sum(one.used for one in own)))
    return found


def provider_called(db: Session, provider_id: str) -> ProviderRow | None:
    return db.get(OVERVIEW.tables.provider, provider_id)


def service_called(db: Session, service_id: str) -> ServiceRow | None:
    return db.get(OVERVIEW.tables.service, service_id)


def _running(db: Session, scopes: Sequence[str]) -> Counter[str]:
    row = OVERVIEW.tables.referral
    found = db.exec(select(row.service_id, row.community).where(col(row.status).in_(UNDER_WAY)))
    return Counter(service for service, community in found if any(community.startswith(scope) for scope in scopes))
