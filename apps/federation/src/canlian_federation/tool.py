"""The federation's tool (街道残联) on one page: the overview, communities, resources, the roster."""

from __future__ import annotations

from canlian_chassis.settings import Settings
from canlian_events.terms import Role
from canlian_federation.pages import (
    activities,
    associations,
    batches,
    bodies,
    communities,
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
from canlian_web.i18n import N_
from canlian_web.tool import Section, Tool

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
        title=N_("Federation"),
        routers=[page.router for page in PAGES],
        views=views,
        nav=[
            ("", N_("Overview")),
            Section(
                N_("Residents"),
                [
                    ("/people", N_("People")),
                    ("/households", N_("Households")),
                    ("/population", N_("Population")),
                    ("/duplicates", N_("Duplicates")),
                    ("/imports", N_("Bring in a roster")),
                ],
            ),
            Section(
                N_("Organisation"),
                [
                    ("/gaps", N_("Gaps")),
                    ("/communities", N_("Communities")),
                    ("/associations", N_("Associations")),
                    ("/bodies", N_("Bodies")),
                    ("/team", N_("Team")),
                    ("/training", N_("Training")),
                ],
            ),
            ("/resources", N_("Resources")),
            Section(
                N_("Oversight"),
                [
                    ("/looked", N_("Who looked")),
                    ("/erasures", N_("Erased data")),
                    ("/log-heads", N_("Fingerprints of the log")),
                    ("/accounts", N_("Accounts"), frozenset({Role.STAFF})),  # the edge's own
                ],
            ),
        ],
        settings=settings,
    )
