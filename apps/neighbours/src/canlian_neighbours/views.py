"""The view of this tool. It opens personal values, since residents read their own words, phone and address."""

from canlian_chassis.views.runner import Views
from canlian_neighbours.my_file.access_log import LOOKED
from canlian_neighbours.my_file.service_record import RECORD
from canlian_neighbours.my_file.views import feedback, persons
from canlian_neighbours.requests.views import needs, referrals, steps
from canlian_neighbours.shared.communities import communities, providers, services, workers
from canlian_neighbours.shared.rows import NeighboursRow

views = Views(
    "neighbours",
    version=8,
    rows=NeighboursRow,
    projections=[
        communities,
        workers,
        services,
        providers,
        needs,
        referrals,
        steps,
        feedback,
        persons,
        LOOKED.projection,
        RECORD.projection,
    ],
    opens=True,
)
