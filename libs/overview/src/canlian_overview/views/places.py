"""How events become the rows of communities, services and providers."""

from __future__ import annotations

from canlian_chassis.projection import Projection, projection
from canlian_events.catalog.provider import (
    ProviderCorrected,
    ProviderRegistered,
    ProviderSuspended,
    ProviderVetted,
)
from canlian_events.catalog.service import (
    CapacitySet,
    ServiceChanged,
    ServiceListed,
    ServicePlaceFreed,
    ServicePlaceTaken,
    ServiceWithdrawn,
)
from canlian_events.meta import Meta
from canlian_events.registry.community import (
    CommunityClosed,
    CommunityOpened,
    CommunityRenamed,
    DirectorNamed,
    GridWorkerNamed,
    PostVacated,
    ResponsibleMemberNamed,
)
from canlian_overview.rows import CommunityRow, ProviderRow, ServiceRow


def communities(table: type[CommunityRow]) -> Projection:
    @projection(table, key=lambda event: event.community)
    def overview_communities(
        row: CommunityRow | None,
        event: CommunityOpened
        | CommunityRenamed
        | DirectorNamed
        | GridWorkerNamed
        | ResponsibleMemberNamed
        | PostVacated
        | CommunityClosed,
        meta: Meta,
    ) -> CommunityRow | None:
        if isinstance(event, CommunityOpened):
            return table(community=event.community, name=event.name, event_id=meta.id, position=meta.position)
        if row is None:
            return None
        changed = row.with_(event_id=meta.id, position=meta.position)
        match event:
            case CommunityRenamed():
                return changed.with_(name=event.name)
            case DirectorNamed():
                return changed.with_(director_id=event.worker_id)
            case GridWorkerNamed():
                return changed.with_(grid_worker_id=event.worker_id)
            case ResponsibleMemberNamed():
                return changed.with_(responsible_member_id=event.worker_id)
            case PostVacated():
                return changed.with_(**{f"{event.post.value}_id": None})
            case CommunityClosed():
                return changed.with_(open=False)

    return overview_communities


def services(table: type[ServiceRow]) -> Projection:
    @projection(table, key=lambda event: event.service_id)
    def overview_services(
        row: ServiceRow | None,
        event: ServiceListed | ServiceChanged | CapacitySet | ServiceWithdrawn | ServicePlaceTaken | ServicePlaceFreed,
        meta: Meta,
    ) -> ServiceRow | None:
        if isinstance(event, ServiceListed):
            details = event.details
            return table(
                service_id=event.service_id,
                provider_id=event.provider_id,
                name=details.name,
                domain=details.domain,
                layer=details.layer,
                places=event.places,
            )
        if row is None:
            return None
        match event:
            case ServiceChanged(details=details):
                return row.with_(name=details.name, domain=details.domain, layer=details.layer)
            case CapacitySet():
                return row.with_(places=event.places)
            case ServicePlaceTaken():
                return row.with_(used=row.used + 1)
            case ServicePlaceFreed():
                return row.with_(used=row.used - 1)
            case ServiceWithdrawn():
                return row.with_(listed=False)

    return overview_services


def providers(table: type[ProviderRow]) -> Projection:
    @projection(table, key=lambda event: event.provider_id)
    def overview_providers(
        row: ProviderRow | None,
        event: ProviderRegistered | ProviderCorrected | ProviderVetted | ProviderSuspended,
        meta: Meta,
    ) -> ProviderRow | None:
        if isinstance(event, ProviderRegistered):
            return table(provider_id=event.provider_id, name=event.name, kind=event.kind)
        if row is None:
            return None
        match event:
            case ProviderCorrected():
                return row.with_(name=event.name or row.name, kind=event.kind or row.kind)
            case ProviderVetted():
                return row.with_(suspended=False)
            case ProviderSuspended():
                return row.with_(suspended=True)

    return overview_providers
