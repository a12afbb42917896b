"""The team (队伍): who works where, what is missing, and enrolling somebody new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.registry.training import SESSIONS_A_YEAR, TRAINED_KINDS
from canlian_events.registry.worker import FIXED_WORKERS_AT_LEAST, EnrolWorker
from canlian_events.terms import Role, WorkerKind
from canlian_federation.overview.views import open_communities
from canlian_federation.shared.access import for_looking, for_staff, places_of, scopes_of
from canlian_federation.team.views import WorkerRow, fixed_workers, team
from canlian_federation.training.views import sessions_of
from canlian_overview.rows import CommunityRow
from canlian_person_file.contact_fields import CALLED, check_called
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.term_labels import options, say
from canlian_web.page import Context, Page

router = APIRouter(prefix="/team", dependencies=[for_looking])

POSTS = ("grid_worker", "director", "responsible_member")
"""What every community has somebody for; a row's field is `<post>_id`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the list is asked for."""

    kind: str = ""
    community: str = ""
    state: str = "working"
    """`working`, `left` or `lacking`: those whose training of this year is not complete."""

    def takes(self, row: WorkerRow, lacking: int) -> bool:
        states = {"left": not row.works, "lacking": row.works and lacking > 0}
        return (
            self.kind in ("", row.kind)
            and (not self.community or self.community in row.places)
            and states.get(self.state, row.works)
        )

    @property
    def query(self) -> dict[str, str]:
        held = {"kind": self.kind, "community": self.community, "state": self.state if self.state != "working" else ""}
        return {name: value for name, value in held.items() if value}


@dataclass(frozen=True, slots=True)
class Line:
    """A worker as the list has them; `sessions` is None for those who need not be trained."""

    row: WorkerRow
    sessions: int | None

    @property
    def lacking(self) -> int:
        return 0 if self.sessions is None else max(SESSIONS_A_YEAR - self.sessions, 0)


@router.get("")
async def everybody(page: Page, kind: str = "", community: str = "", state: str = "working") -> Response:
    asked = Asked(kind, community, state)
    lines, places = await lines_of(page), await scopes_called(page)
    communities = await page.read(open_communities, scopes_of(page))
    return page.render(
        "team/list.html",
        lines=[line for line in lines if asked.takes(line.row, line.lacking)],
        working=sum(line.row.works for line in lines),
        lacking=sum(line.row.works and line.lacking > 0 for line in lines),
        gaps={post: len(without(communities, post)) for post in POSTS},
        fixed=len(await page.read(fixed_workers, scopes_of(page))),
        fixed_at_least=FIXED_WORKERS_AT_LEAST,
        needed=SESSIONS_A_YEAR,
        filters=page.blank(kind=asked.kind, community=asked.community, state=asked.state),
        states=states(page),
        places=places,
        export=page.url("/team/sheet.xlsx", **asked.query),
        staff=page.actor.holds(Role.STAFF),
    )


@router.get("/sheet.xlsx")
async def everybody_as_sheet(page: Page, kind: str = "", community: str = "", state: str = "working") -> Response:
    asked = Asked(kind, community, state)
    places, _ = await scopes_called(page), page._
    columns = [
        _("Full name"), _("Kind"), _("Communities"), _("Roles"), _("Enrolled on"),
        _("Sessions %(year)s", year=page.today.year), _("Released on"), _("Number"),
    ]  # fmt: skip
    rows = [
        [
            line.row.name,
            WorkerKind(line.row.kind),
            say([places.get(place, place) for place in line.row.places], page.lang),
            say([role_words(page, held, places) for held in line.row.roles], page.lang),
            line.row.enrolled_on,
            line.sessions,
            line.row.released_on,
            line.row.worker_id,
        ]
        for line in await lines_of(page)
        if asked.takes(line.row, line.lacking)
    ]
    return sheet(f"{_('Team')} {page.today.isoformat()}", columns, rows, page.lang)


@router.get("/new", dependencies=[for_staff])
async def new(page: Page) -> Response:
    return show_new(page, page.blank(kind=page.request.query_params.get("kind")))


@router.post("/new", dependencies=[for_staff])
async def enrol(page: Page) -> Response:
    form = page.form(EnrolWorker, worker_id=page.new_id("worker"))
    check_called(page, form, "worker.")
    if await page.submit(form, fields=CALLED):
        notice = page._("%(name)s is enrolled. Assign them to a community next.", name=form.value.name)
        return page.redirect(f"/team/{form.value.worker_id}", notice=notice)
    return show_new(page, form)


def show_new(page: Context, form: Form[Any]) -> Response:
    return page.render("team/enrol.html", form=form, kinds=options(WorkerKind, page.lang))


async def lines_of(page: Context) -> list[Line]:
    sessions = await page.read(sessions_of, page.today.year)
    return [
        Line(row, sessions.get(row.worker_id, 0) if row.kind in TRAINED_KINDS else None)
        for row in await page.read(team, scopes_of(page))
    ]


async def scopes_called(page: Context) -> dict[str, str]:
    """Code → name of one's communities, and of their subdistrict as a whole."""
    whole = {scope: page._("the whole subdistrict") for scope in scopes_of(page) if len(scope) == 9}
    return await places_of(page) | whole


def without(rows: Iterable[CommunityRow], post: str) -> list[CommunityRow]:
    return [row for row in rows if getattr(row, f"{post}_id") is None]


def role_words(page: Context, held: Sequence[str], places: dict[str, str]) -> str:
    role, scope = held
    return f"{say(Role(role), page.lang)} · {places.get(scope, scope)}"


def states(page: Context) -> list[tuple[str, str]]:
    return [
        ("working", page._("Working")),
        ("lacking", page._("Lacking training this year")),
        ("left", page._("Released")),
    ]
