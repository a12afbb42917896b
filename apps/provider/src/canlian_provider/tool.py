"""The provider's tool on one page: referrals, sessions, services and their places, feedback."""

from __future__ import annotations

from canlian_chassis.settings import Settings
from canlian_person_file.library import PERSON_FILE
from canlian_provider.feedback import pages as feedback
from canlian_provider.home import pages as home
from canlian_provider.referrals import detail as referral
from canlian_provider.referrals import lists as referrals
from canlian_provider.referrals import service_delivery
from canlian_provider.services import pages as services
from canlian_provider.views import views
from canlian_web.language.i18n import N_
from canlian_web.tool import Tool

PAGES = (home, referrals, referral, service_delivery, services, feedback)


def provider(settings: Settings | None = None) -> Tool:
    return Tool(
        "provider",
        prefix="/provider",
        package="canlian_provider",
        title=N_("Provider"),
        routers=[page.router for page in PAGES],
        views=views,
        libraries=[PERSON_FILE],
        nav=[
            ("", N_("Today")),
            ("/referrals", N_("Referrals")),
            ("/services", N_("Services")),
            ("/feedback", N_("Feedback")),
        ],
        settings=settings,
    )
