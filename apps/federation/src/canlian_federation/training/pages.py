"""Training (培训): what is planned, planning a session, recording online courses, and who lacks what this year."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from canlian_events.calendar import SHANGHAI
from canlian_events.ids import CommunityCode, derive
from canlian_events.registry.training import (
    SESSIONS_A_YEAR,
    TRAINED_KINDS,
    PlanTraining,
    RecordOnlineCourse,
    Title,
)
from canlian_events.terms import Role, WorkerKind
from canlian_federation.overview.views import open_communities
from canlian_federation.shared.access import for_looking, for_staff, scopes_of
from canlian_federation.team.pages import scopes_called
from canlian_federation.team.views import WorkerRow, worker_names, working
from canlian_federation.training.views import Trained, TrainingRow, by_community, listed, to_be_trained
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.formats import now
from canlian_web.language.term_labels import options, say
from canlian_web.page import Context, Page

router = APIRouter(prefix="/training", dependencies=[for_looking])


class Plan(BaseModel):
    """As the form has it: day and time apart, on the federation's clock."""

    title: Title
    day: date
    time: time
    place: Title
    kinds: frozenset[WorkerKind] = frozenset()
    communities: frozenset[CommunityCode] = frozenset()

    def command(self, training_id: str) -> PlanTraining:
        starts = datetime.combine(self.day, self.time.replace(tzinfo=None), SHANGHAI)
        return PlanTraining(
            training_id=training_id,
            title=self.title,
            starts=starts,
            place=self.place,
            kinds=self.kinds,
            communities=self.communities,
        )


@router.get("")
async def everything(page: Page, year: int | None = None) -> Response:
    year = year if year and 2000 <= year <= page.today.year + 1 else page.today.year
    rows = await page.read(listed, scopes_of(page), year)
    trained = await page.read(to_be_trained, scopes_of(page), year)
    communities = await page.read(open_communities, scopes_of(page))
    names = {row.community: row.name for row in communities}
    return page.render(
        "training/list.html",
        rows=rows,
        year=year,
        by_community=by_community(trained, names),
        names=names,
        trained=len(trained),
        complete=sum(not one.lacking for one in trained),
        lacking=sum(one.lacking > 0 for one in trained),
        needed=SESSIONS_A_YEAR,
        kinds=TRAINED_KINDS,
        staff=page.actor.holds(Role.STAFF),
    )


@router.get("/sheet.xlsx")
async def everything_as_sheet(page: Page, year: int) -> Response:
    _, places = page._, await scopes_called(page)
    columns = [
        _("Title"), _("On"), _("Time"), _("Place"), _("For"), _("Communities"), _("Came"), _("State"), _("Number"),
    ]  # fmt: skip
    rows = [
        [
            row.title,
            row.day,
            None if row.starts is None else row.starts,
            row.place,
            say([WorkerKind(kind) for kind in row.kinds], page.lang) if row.kinds else None,
            say([places.get(code, code) for code in row.communities], page.lang) if row.communities else None,
            came,
            _("online course") if row.online else _("cancelled") if row.cancelled else None,
            row.training_id,
        ]
        for row, came in await page.read(listed, scopes_of(page), year)
    ]
    return sheet(f"{_('Training')} {year}", columns, rows, page.lang)


@router.get("/lacking")
async def lacking(page: Page, community: str = "") -> Response:
    found = await _lacking(page, community)
    upcoming = [
        row
        for row, _ in await page.read(listed, scopes_of(page), page.today.year)
        if row.starts and not row.cancelled and row.day >= page.today
    ][::-1]
    return page.render(
        "training/lacking_hours.html",
        found=[(one, _next_for(one.worker, upcoming)) for one in found],
        needed=SESSIONS_A_YEAR,
        year=page.today.year,
        places=await scopes_called(page),
        filters=page.blank(community=community),
        community=community,
        staff=page.actor.holds(Role.STAFF),
    )


@router.get("/lacking.xlsx")
async def lacking_as_sheet(page: Page, community: str = "") -> Response:
    _, places = page._, await scopes_called(page)
    columns = [_("Full name"), _("Kind"), _("Communities"), _("Sessions"), _("Lacks"), _("Number")]
    rows = [
        [
            one.worker.name,
            WorkerKind(one.worker.kind),
            say([places.get(place, place) for place in one.worker.places], page.lang),
            one.sessions,
            one.lacking,
            one.worker.worker_id,
        ]
        for one in await _lacking(page, community)
    ]
    return sheet(f"{_('Lacking training')} {page.today.year}", columns, rows, page.lang)


@router.get("/new", dependencies=[for_staff])
async def new(page: Page) -> Response:
    asked = page.request.query_params
    kinds = [kind for kind in WorkerKind if kind in TRAINED_KINDS]
    return await show_new(page, page.blank(kinds=kinds, communities=asked.getlist("community"), time="09:00"))


@router.post("/new", dependencies=[for_staff])
async def plan(page: Page) -> Response:
    training_id, form = page.new_id("training"), page.form(Plan)
    if await page.submit(form, lambda made: made.command(training_id)):
        return page.redirect(f"/training/{training_id}", notice=page._("The session is planned."))
    return await show_new(page, form)


@router.get("/online", dependencies=[for_staff])
async def online(page: Page) -> Response:
    chosen = page.request.query_params.getlist("worker")
    return await show_online(page, page.blank(on=page.today.isoformat(), workers=chosen))


@router.post("/online", dependencies=[for_staff])
async def record_online(page: Page) -> Response:
    """A course is known by its title within a subdistrict, so that the same one is not counted twice in a year."""
    title = str(page.typed.get("title", "")).strip()
    training_id = derive("training", "online", page.tool.settings.subdistrict, title)
    form = page.form(RecordOnlineCourse, training_id=training_id)
    if await page.submit(form):
        return page.redirect(f"/training/{training_id}", notice=page._("The online course is recorded."))
    return await show_online(page, await named(page, form))


async def show_new(page: Context, form: Form[Any]) -> Response:
    communities = await page.read(open_communities, scopes_of(page))
    return page.render(
        "training/new.html",
        form=form,
        kinds=options(WorkerKind, page.lang),
        communities=[(row.community, row.name) for row in communities],
    )


async def show_online(page: Context, form: Form[Any]) -> Response:
    trained_first = sorted(await page.read(working, scopes_of(page)), key=lambda row: row.kind not in TRAINED_KINDS)
    courses = {row.title for row, _ in await page.read(listed, scopes_of(page), page.today.year) if row.online}
    return page.render(
        "training/online_course.html", form=form, workers=choices(page, trained_first), courses=sorted(courses)
    )


def choices(page: Context, rows: Iterable[WorkerRow]) -> list[tuple[str, str]]:
    return [(row.worker_id, f"{row.name or row.worker_id} · {say(WorkerKind(row.kind), page.lang)}") for row in rows]


async def named(page: Context, form: Form[Any]) -> Form[Any]:
    """The refusal with names in the place of numbers: its facts are those of the log."""
    if form.refusal and "worker_" in form.refusal:
        for worker_id, name in (await page.read(worker_names)).items():
            form.refusal = form.refusal.replace(worker_id, name)
    return form


def now_is(row: TrainingRow) -> str:
    """`coming`, `today` or `over`."""
    today = now().date()
    return "coming" if row.day > today else "today" if row.day == today else "over"


async def _lacking(page: Context, community: str) -> list[Trained]:
    return [
        one
        for one in await page.read(to_be_trained, scopes_of(page), page.today.year)
        if one.lacking and (not community or community in one.worker.places)
    ]


def _next_for(worker: WorkerRow, upcoming: Iterable[TrainingRow]) -> TrainingRow | None:
    return next((row for row in upcoming if row.is_meant_for(worker)), None)
