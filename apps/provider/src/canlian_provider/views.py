"""Everything this tool knows, folded from the log."""

from canlian_chassis.views.runner import Views
from canlian_provider.feedback.views import feedback
from canlian_provider.referrals.history import history
from canlian_provider.referrals.persons import persons
from canlian_provider.referrals.views import referrals
from canlian_provider.services.views import providers, services
from canlian_provider.shared.columns import DeskRow

views = Views(
    "provider",
    version=5,
    rows=DeskRow,
    projections=[providers, services, persons, referrals, history, feedback],
    opens=True,
)
