"""Everything this tool knows, folded from the log."""

from canlian_chassis.views.runner import Views
from canlian_volunteer.visits.views import VolunteerRow, communities, persons, visits

views = Views("volunteer", version=5, rows=VolunteerRow, projections=[visits, persons, communities], opens=True)
