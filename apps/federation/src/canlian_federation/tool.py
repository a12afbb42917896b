"""The federation's tool (街道残联) on one page: the overview, communities, resources, the roster."""

from __future__ import annotations

from canlian_chassis.settings import Settings
from canlian_federation.pages import (
    activities,
    associations,
    batches,
    bodies,
    communities,
    corrections,
    duplicates,
    erasures,
    gaps,
    here,
    household_changes,
    household_proposals,
    households,
    imports,
    log_heads,
    looked,
    nominations,
    overview,
    people,
    person,
    person_acts,
    population,
    resources,
    roster_sheet,
    session,
    team,
    training,
    why,
    worker,
)
from canlian_federation.views import views
from canlian_federation.views.names import called
from canlian_person_file.library import PERSON_FILE
from canlian_web.menus import FEDERATION, FEDERATION_TITLE
from canlian_web.tool import Tool

PAGES = (
    overview,
    people,
    roster_sheet,
    person_acts,
    person,
    population,
    household_proposals,
    households,
    household_changes,
    corrections,
    communities,
    associations,
    activities,
    bodies,
    nominations,
    gaps,
    team,
    worker,
    here,
    training,
    session,
    resources,
    imports,
    batches,
    duplicates,
    looked,
    why,
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
