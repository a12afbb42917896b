"""The social worker's tool on one page."""

from __future__ import annotations

from canlian_chassis.settings import Settings
from canlian_person_file.library import PERSON_FILE
from canlian_social_worker.assessments import pages as assessments
from canlian_social_worker.day import pages as day
from canlian_social_worker.feedback import pages as feedback
from canlian_social_worker.households import pages as households
from canlian_social_worker.matching import pages as matching
from canlian_social_worker.needs import asker_identification, inbox, intake
from canlian_social_worker.needs import detail as need
from canlian_social_worker.persons import detail as person
from canlian_social_worker.persons import directory, registration
from canlian_social_worker.referrals import pages as referrals
from canlian_social_worker.views import views
from canlian_social_worker.visits import detail as visit
from canlian_social_worker.visits import lists as visits
from canlian_social_worker.visits import planning
from canlian_web.language.i18n import N_
from canlian_web.tool import Tool

PAGES = (
    day,
    inbox, intake, need, asker_identification,
    matching,
    referrals,
    visits, planning, visit,
    registration, directory, person,
    assessments,
    feedback,
    households,
)  # fmt: skip
"""By subject. Where two routes match, the earlier page answers: `/persons/new` is no person's."""


def social_worker(settings: Settings | None = None) -> Tool:
    return Tool(
        "social-worker",
        prefix="/social-worker",
        package="canlian_social_worker",
        title=N_("Social work"),
        routers=[page.router for page in PAGES],
        views=views,
        libraries=[PERSON_FILE],
        nav=[
            ("", N_("Today")),
            ("/needs", N_("Needs")),
            ("/referrals", N_("Referrals")),
            ("/visits", N_("Visits")),
            ("/households", N_("Households")),
            ("/persons", N_("Persons")),
            ("/feedback", N_("Feedback")),
        ],
        settings=settings,
    )
