"""Everything this tool knows, folded from the log. It opens people's files and workers' names."""

from canlian_chassis.views.runner import Views
from canlian_federation.associations import views as associations
from canlian_federation.bodies.views import bodies
from canlian_federation.households import views as households
from canlian_federation.imports.views import imports
from canlian_federation.oversight.access_log import LOOKED
from canlian_federation.people.views import people
from canlian_federation.person_file.service_record import RECORD
from canlian_federation.shared.rows import ALIKE, OVERVIEW, TRAIL, FederationRow
from canlian_federation.team.views import workers
from canlian_federation.team.worker_history import steps
from canlian_federation.training.views import attendances, trainings

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
