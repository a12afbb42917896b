"""The view of this tool. It opens personal values, since residents read their own words, phone and address."""

from canlian_chassis.views.runner import Views
from canlian_neighbours.views.looked import LOOKED
from canlian_neighbours.views.needs import needs, referrals, steps
from canlian_neighbours.views.people import feedback, persons
from canlian_neighbours.views.places import communities, providers, services, workers
from canlian_neighbours.views.record import RECORD
from canlian_neighbours.views.rows import NeighboursRow

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
