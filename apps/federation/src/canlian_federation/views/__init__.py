"""Everything this tool knows, folded from the log. It opens personal values for the workers' names alone."""

from canlian_chassis.views import Views
from canlian_federation.views.base import OVERVIEW, TRAIL, FederationRow
from canlian_federation.views.workers import workers

views = Views(
    "federation",
    version=2,
    rows=FederationRow,
    projections=[*OVERVIEW.projections, TRAIL.projection, workers],
    opens=True,
)
