"""Everything this tool knows, folded from the log. It opens people's files and workers' names."""

from canlian_chassis.views.runner import Views
from canlian_federation.views import associations, households
from canlian_federation.views.base import ALIKE, OVERVIEW, TRAIL, FederationRow
from canlian_federation.views.bodies import bodies
from canlian_federation.views.imports import imports
from canlian_federation.views.looked import LOOKED
from canlian_federation.views.people import people
from canlian_federation.views.record import RECORD
from canlian_federation.views.steps import steps
from canlian_federation.views.training import attendances, trainings
from canlian_federation.views.workers import workers

views = Views(
    "federation",
    version=19,
    rows=FederationRow,
    projections=[
        *OVERVIEW.projections,
        TRAIL.projection,
        workers,
        steps,
        trainings,
        attendances,
        people,
        LOOKED.projection,
        imports,
        RECORD.projection,
        *associations.PROJECTIONS,
        bodies,
        *ALIKE.projections,
        *households.PROJECTIONS,
    ],
    opens=True,
)
