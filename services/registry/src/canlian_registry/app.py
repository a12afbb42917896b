"""The registry on one page: who and where."""

from canlian_chassis.service import Service
from canlian_registry.association.decider import association
from canlian_registry.body.decider import body
from canlian_registry.community.decider import community
from canlian_registry.household.decider import household
from canlian_registry.person.decider import person
from canlian_registry.policies.after_death import vacate_seats
from canlian_registry.policies.association_chair import let_chairs_fall_vacant, let_directors_chair
from canlian_registry.policies.certificate_expiry import let_certificates_expire
from canlian_registry.policies.household import follow_members, let_birthdays_come, rejoin
from canlian_registry.questions import tell_rows
from canlian_registry.roster_import.decider import roster_import
from canlian_registry.showing.decider import showing
from canlian_registry.training.decider import training
from canlian_registry.views import views
from canlian_registry.worker.decider import worker

service = Service(
    "registry",
    context="registry",
    deciders=[
        association,
        body,
        community,
        household,
        person,
        roster_import,
        showing,
        training,
        worker,
    ],
    policies=[
        let_certificates_expire,
        follow_members,
        let_birthdays_come,
        rejoin,
        let_directors_chair,
        let_chairs_fall_vacant,
        vacate_seats,
    ],
    questions=[tell_rows],
    views=views,
)
