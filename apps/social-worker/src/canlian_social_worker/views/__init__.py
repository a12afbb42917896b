"""Everything this tool knows, folded from the log."""

from canlian_chassis.views.runner import Views
from canlian_social_worker.views.alike import ALIKE
from canlian_social_worker.views.assessments import assessments
from canlian_social_worker.views.base import SocialWorkerRow
from canlian_social_worker.views.feedback import feedback
from canlian_social_worker.views.history import history
from canlian_social_worker.views.households import HOMES
from canlian_social_worker.views.looked import LOOKED
from canlian_social_worker.views.needs import needs
from canlian_social_worker.views.persons import persons
from canlian_social_worker.views.places import communities
from canlian_social_worker.views.referrals import referrals
from canlian_social_worker.views.services import providers, services
from canlian_social_worker.views.visits import visits
from canlian_social_worker.views.workers import workers

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
