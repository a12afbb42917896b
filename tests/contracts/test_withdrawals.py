"""Whoever was registered by mistake is withdrawn as if they had never been: no view goes on showing them."""

import pytest

from canlian_assistance.views import views as assistance
from canlian_catalog.views.folds import views as catalog
from canlian_chassis.views.runner import Views
from canlian_evaluation.views import views as evaluation
from canlian_events.registry.person import PersonRegistered, RegistrationWithdrawn
from canlian_exchange.views import views as exchange
from canlian_federation.views import views as federation
from canlian_neighbours.views import views as neighbours
from canlian_provider.views import views as provider
from canlian_registry.views import views as registry
from canlian_social_worker.views import views as social_worker
from canlian_volunteer.views import views as volunteer

VIEWS = [
    assistance,
    catalog,
    evaluation,
    exchange,
    federation,
    neighbours,
    provider,
    registry,
    social_worker,
    volunteer,
]


@pytest.mark.parametrize("views", VIEWS, ids=lambda views: str(views.name))
def test_what_begins_with_a_registration_ends_with_its_withdrawal(views: Views) -> None:
    begun = [p for p in views.projections if PersonRegistered in p.on]
    assert [p.name for p in begun if RegistrationWithdrawn not in p.on] == []
