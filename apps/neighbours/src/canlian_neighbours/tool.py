"""The neighbours' tool (微邻里) on one page: ask for help, follow it, say how it went, one's own page."""

from __future__ import annotations

from canlian_chassis.settings import Settings
from canlian_neighbours.feedback import pages as feedback
from canlian_neighbours.home import pages as home
from canlian_neighbours.my_file import own_page, whole_file
from canlian_neighbours.requests import ask, follow
from canlian_neighbours.requests.rate_limit import Limit
from canlian_neighbours.views import views
from canlian_person_file.library import PERSON_FILE
from canlian_web.language.i18n import N_
from canlian_web.tool import Tool


def neighbours(settings: Settings | None = None) -> Tool:
    tool = Tool(
        "neighbours",
        prefix="/neighbours",
        package="canlian_neighbours",
        title=N_("Neighbours"),
        routers=[home.router, ask.router, follow.router, feedback.router, own_page.router, whole_file.router],
        views=views,
        libraries=[PERSON_FILE],
        nav=[
            ("", N_("Start")),
            ("/ask", N_("Ask for help")),
            ("/feedback", N_("How was it?")),
            ("/me", N_("My page")),
        ],
        settings=settings,
    )
    tool.app.state.asks = Limit(most=20, seconds=3600)
    return tool
