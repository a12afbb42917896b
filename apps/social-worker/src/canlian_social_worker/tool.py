"""The social worker's tool on one page."""

from __future__ import annotations

from canlian_chassis.settings import Settings
from canlian_person_file.library import PERSON_FILE
from canlian_social_worker.pages import (
    assessing,
    day,
    feedback,
    households,
    identifying,
    matching,
    need,
    needs,
    person,
    persons,
    raising,
    referrals,
    registering,
    visit,
    visits,
)
from canlian_social_worker.views import views
from canlian_web.language.i18n import N_
from canlian_web.tool import Tool

PAGES = (
    day, needs, raising, need, identifying, matching, referrals, visits, visit, registering, persons, person, assessing,
    feedback, households,
)  # fmt: skip
"""Where two routes match, the earlier page answers: `/persons/new` is no person's."""


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
