"""The federation's tool (街道残联) on one page: the overview, communities, resources, the roster."""

from __future__ import annotations

from canlian_chassis.settings import Settings
from canlian_federation.associations import activities
from canlian_federation.associations import pages as associations
from canlian_federation.bodies import nominations
from canlian_federation.bodies import pages as bodies
from canlian_federation.communities import pages as communities
from canlian_federation.duplicates import pages as duplicates
from canlian_federation.erasure import pages as erasures
from canlian_federation.gaps import pages as gaps
from canlian_federation.households import changes, proposals
from canlian_federation.households import pages as households
from canlian_federation.imports import batches
from canlian_federation.imports import pages as imports
from canlian_federation.oversight import access_log_pages, causes, log_heads
from canlian_federation.overview import pages as overview
from canlian_federation.people import pages as people
from canlian_federation.people import roster_sheet
from canlian_federation.person_file import acts, corrections, registration
from canlian_federation.person_file import pages as person
from canlian_federation.population import pages as population
from canlian_federation.resources import pages as resources
from canlian_federation.shared.names import called
from canlian_federation.team import pages as team
from canlian_federation.team import worker
from canlian_federation.training import attendance, check_in
from canlian_federation.training import pages as training
from canlian_federation.views import views
from canlian_person_file.library import PERSON_FILE
from canlian_web.menus import FEDERATION, FEDERATION_TITLE
from canlian_web.tool import Tool

PAGES = (
    overview,
    people,
    roster_sheet,
    registration,
    acts,
    person,
    population,
    proposals,
    households,
    changes,
    corrections,
    communities,
    associations,
    activities,
    bodies,
    nominations,
    gaps,
    team,
    worker,
    check_in,
    training,
    attendance,
    resources,
    imports,
    batches,
    duplicates,
    access_log_pages,
    causes,
    erasures,
    log_heads,
)


def federation(settings: Settings | None = None) -> Tool:
    return Tool(
        "federation",
        prefix="/federation",
        package="canlian_federation",
        title=FEDERATION_TITLE,
        routers=[page.router for page in PAGES],
        views=views,
        libraries=[PERSON_FILE],
        nav=FEDERATION,
        called=called,
        settings=settings,
    )
