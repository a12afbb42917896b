"""Communities to choose from, whom to call there, and the services people are sent to."""

from __future__ import annotations

from canlian_chassis.projection import projection
from canlian_events.catalog.provider import ProviderCorrected, ProviderRegistered
from canlian_events.catalog.service import ServiceChanged, ServiceListed
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.community import CommunityClosed, CommunityOpened, CommunityRenamed, GridWorkerNamed
from canlian_events.registry.worker import WorkerCorrected, WorkerEnrolled, WorkerErased
from canlian_neighbours.shared.rows import CommunityRow, ProviderRow, ServiceRow, WorkerRow


@projection(CommunityRow, key=lambda event: event.community)
def communities(
    row: CommunityRow | None,
    event: CommunityOpened | CommunityRenamed | CommunityClosed | GridWorkerNamed,
    meta: Meta,
) -> CommunityRow | None:
    match event, row:
        case CommunityOpened(), None:
            return CommunityRow(community=event.community, name=event.name)
        case CommunityOpened(), CommunityRow():
            return row.with_(name=event.name, is_open=True)
        case CommunityRenamed(), CommunityRow():
            return row.with_(name=event.name)
        case CommunityClosed(), CommunityRow():
            return row.with_(is_open=False)
        case GridWorkerNamed(), CommunityRow():
            return row.with_(grid_worker_id=event.worker_id)
        case _:
            return row


@projection(WorkerRow, key=lambda event: event.worker_id)
def workers(
    row: WorkerRow | None, event: WorkerEnrolled | WorkerCorrected | WorkerErased, meta: Meta
) -> WorkerRow | None:
    match event, row:
        case WorkerEnrolled(), _:
            name, phone = opened(event.name), opened(event.phone)
            return WorkerRow(worker_id=event.worker_id, kind=event.kind, name=name, phone=phone)
        case WorkerCorrected(), WorkerRow():
            changed = row if event.name is None else row.with_(name=opened(event.name))
            return changed if event.phone is None else changed.with_(phone=opened(event.phone) or None)
        case _:
            return None


@projection(ServiceRow, key=lambda event: event.service_id)
def services(row: ServiceRow | None, event: ServiceListed | ServiceChanged, meta: Meta) -> ServiceRow | None:
    details = event.details
    if isinstance(event, ServiceListed):
        row = ServiceRow(service_id=event.service_id, provider_id=event.provider_id, name=details.name)
    return row and row.with_(name=details.name, phone=details.phone, address=details.address, hours=details.hours)


@projection(ProviderRow, key=lambda event: event.provider_id)
def providers(row: ProviderRow | None, event: ProviderRegistered | ProviderCorrected, meta: Meta) -> ProviderRow | None:
    if isinstance(event, ProviderRegistered):
        return ProviderRow(provider_id=event.provider_id, name=event.name, phone=event.phone)
    return row and row.with_(name=event.name or row.name, phone=event.phone or row.phone)
