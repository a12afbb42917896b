"""The start page, and the tools it leads to."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from canlian_edge.settings import EdgeSettings
from canlian_events.terms import Role
from canlian_web.language.i18n import N_
from canlian_web.page import Page

router = APIRouter()


@dataclass(frozen=True)
class Entry:
    """A tool as the start page shows it; whoever holds one of `roles` finds it first."""

    name: str
    address: str
    title: str
    who: str
    what: str
    roles: frozenset[Role] = frozenset()


ENTRIES = (
    Entry(
        "neighbours",
        "/neighbours",
        N_("Neighbours"),
        N_("For disabled people and their families"),
        N_("Ask for help, see how far it is, say how it went. No account is needed to ask."),
        frozenset({Role.RESIDENT}),
    ),
    Entry(
        "volunteer",
        "/volunteer",
        N_("Volunteer visits"),
        N_("For volunteers"),
        N_("Today's visits, what to look for, what you found."),
        frozenset({Role.VOLUNTEER}),
    ),
    Entry(
        "social-worker",
        "/social-worker",
        N_("Social work"),
        N_("For social workers, grid workers and community directors"),
        N_("New needs, assessment, matching with services, referral, and what is late."),
        frozenset({Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.DIRECTOR}),
    ),
    Entry(
        "provider",
        "/provider",
        N_("Service providers"),
        N_("For the front desk of a service organisation"),
        N_("Answer referrals, record sessions, complete services."),
        frozenset({Role.PROVIDER}),
    ),
    Entry(
        "federation",
        "/federation",
        N_("Federation"),
        N_("For the subdistrict's staff, commissioners and the leading group"),
        N_("Every community at a glance, the roster, and the list behind every figure."),
        frozenset({Role.STAFF, Role.COMMISSIONER, Role.LEADER}),
    ),
    Entry(
        "exchange",
        "/api/docs",
        N_("Data exchange"),
        N_("For other systems and those who build them"),
        N_("The same commands and views for programs, and the events as they happen."),
    ),
)
FIRST = {role: entry.address for entry in ENTRIES for role in entry.roles}
CARDS_ROLES = tuple(role for entry in ENTRIES for role in sorted(entry.roles))


@router.get("/")
async def start(page: Page) -> Response:
    settings: EdgeSettings = page.request.app.state.settings
    running = settings.tools or {entry.name: "" for entry in ENTRIES}
    entries = [entry for entry in ENTRIES if entry.name in running]
    mine = [entry for entry in entries if page.actor.holds(*entry.roles)]
    others = [entry for entry in entries if entry not in mine]
    return page.render("start/start.html", mine=mine, others=others, demo=settings.demo)
