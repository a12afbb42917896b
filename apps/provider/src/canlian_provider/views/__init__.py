"""Everything this tool knows, folded from the log."""

from canlian_chassis.views.runner import Views
from canlian_provider.views.base import DeskRow
from canlian_provider.views.feedback import feedback
from canlian_provider.views.history import history
from canlian_provider.views.persons import persons
from canlian_provider.views.referrals import referrals
from canlian_provider.views.services import providers, services

views = Views(
    "provider",
    version=5,
    rows=DeskRow,
    projections=[providers, services, persons, referrals, history, feedback],
    opens=True,
)
