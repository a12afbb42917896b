"""What there is to help with, and how much of it is in use."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import Session, create_engine

from canlian_chassis.projection import fold_all
from canlian_events.catalog.provider import ProviderRegistered
from canlian_events.catalog.service import ServiceDetails, ServiceListed, ServicePlaceTaken
from canlian_events.core import Event
from canlian_events.meta import Meta
from canlian_events.terms import Domain, Layer, ProviderKind
from canlian_federation.resources.views import providers, resources
from canlian_federation.shared.names import account_names, called
from canlian_federation.shared.rows import FederationRow
from canlian_federation.views import views

PROVIDER, SERVICE = "provider_00000001", "service_00000001"
LISTED = ServiceDetails(name="日托", domain=Domain.DAY_CARE, layer=Layer.COMMUNITY)


def test_a_service_shows_its_places_those_in_use_and_those_free():
    found = told(
        ProviderRegistered(provider_id=PROVIDER, number="S1", name="残疾人之家", kind=ProviderKind.SUNSHINE_HOME),
        ServiceListed(service_id=SERVICE, provider_id=PROVIDER, details=LISTED, places=3),
        ServicePlaceTaken(service_id=SERVICE, referral_id="referral_00000001"),
    )
    assert account_names(found) == {PROVIDER: "残疾人之家"}
    assert called(found, {PROVIDER, SERVICE, "person_1"}, lambda _: True) == {PROVIDER: "残疾人之家", SERVICE: "日托"}
    (one,) = resources(found, ["429999001"])
    assert one.provider
    assert (one.provider.name, one.service.places, one.service.used, one.free) == ("残疾人之家", 3, 1, 2)
    assert [(row.name, services, places, used) for row, services, places, used in providers(found)] == [
        ("残疾人之家", 1, 3, 1)
    ]


def told(*events: Event) -> Session:
    """The tool's view after these events."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    recorded = [
        (event, Meta(f"event_{n}", n, at, at, "operator:x", "429999001000", f"command_{n}"))
        for n, event in enumerate(events, 1)
    ]
    engine = create_engine("sqlite://")
    FederationRow.metadata.create_all(engine)
    session = Session(engine)
    for rows in fold_all(views.projections, recorded).values():
        session.add_all(rows.values())
    session.flush()
    return session
