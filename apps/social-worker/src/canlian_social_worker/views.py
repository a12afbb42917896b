"""Everything this tool knows, folded from the log."""

from canlian_chassis.views.runner import Views
from canlian_social_worker.assessments.views import assessments
from canlian_social_worker.feedback.views import feedback
from canlian_social_worker.households.views import HOMES
from canlian_social_worker.needs.views import needs
from canlian_social_worker.persons.access_log import LOOKED
from canlian_social_worker.persons.possible_duplicates import ALIKE
from canlian_social_worker.persons.views import persons
from canlian_social_worker.referrals.views import referrals
from canlian_social_worker.shared.columns import SocialWorkerRow
from canlian_social_worker.shared.communities import communities
from canlian_social_worker.shared.history import history
from canlian_social_worker.shared.services import providers, services
from canlian_social_worker.shared.workers import workers
from canlian_social_worker.visits.views import visits

views = Views(
    "social-worker",
    version=10,
    rows=SocialWorkerRow,
    projections=[
        communities, workers, persons, needs, referrals, visits, assessments, feedback, providers, services, history,
        LOOKED.projection, *HOMES.projections, *ALIKE.projections,
    ],
    opens=True,
)  # fmt: skip
