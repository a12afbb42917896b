"""Everything this tool knows, folded from the log. It opens the workers' names, and why a file was shown."""

from canlian_chassis.views.runner import Views
from canlian_federation.views.base import OVERVIEW, TRAIL, FederationRow
from canlian_federation.views.looked import LOOKED
from canlian_federation.views.workers import workers

views = Views(
    "federation",
    version=3,
    rows=FederationRow,
    projections=[*OVERVIEW.projections, TRAIL.projection, workers, LOOKED.projection],
    opens=True,
)
