"""Places of a service as they are taken and left."""

from __future__ import annotations

from apps.provider.tests.folding import (
    PROVIDER,
    REFERRAL,
    SERVICE,
    fold,
)

from canlian_events.catalog.service import (
    CapacitySet,
    ServiceDetails,
    ServiceListed,
    ServicePlaceFreed,
    ServicePlaceTaken,
    ServiceWithdrawn,
)
from canlian_events.terms import (
    Domain,
    Layer,
)
from canlian_provider.services.views import services


def test_places_in_use_follow_who_takes_and_leaves_them():
    details = ServiceDetails(name="肩颈康复", domain=Domain.REHABILITATION, layer=Layer.COMMUNITY)
    listed = ServiceListed(service_id=SERVICE, provider_id=PROVIDER, details=details, places=1)
    taken = ServicePlaceTaken(service_id=SERVICE, referral_id=REFERRAL)
    assert fold(services, [listed, taken]).full
    assert fold(services, [listed, taken, CapacitySet(service_id=SERVICE, places=3)]).free == 2
    left = [listed, taken, ServicePlaceFreed(service_id=SERVICE, referral_id=REFERRAL)]
    assert fold(services, left).in_use == 0
    assert fold(services, [listed, ServiceWithdrawn(service_id=SERVICE, why="装修")]).withdrawn == "装修"
