"""The volunteer's tool on one page: today's visits, and one visit from the door to what was found."""

from __future__ import annotations

from canlian_chassis.settings import Settings
from canlian_person_file.library import PERSON_FILE
from canlian_volunteer.views import views
from canlian_volunteer.visits import agenda, report
from canlian_web.language.i18n import N_
from canlian_web.tool import Tool


def volunteer(settings: Settings | None = None) -> Tool:
    return Tool(
        "volunteer",
        prefix="/volunteer",
        package="canlian_volunteer",
        title=N_("My visits"),
        routers=[agenda.router, report.router],
        views=views,
        libraries=[PERSON_FILE],
        settings=settings,
    )
