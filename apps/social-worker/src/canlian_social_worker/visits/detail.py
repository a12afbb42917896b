"""One visit: planned, given to somebody else, cancelled, and written up."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from canlian_events.assistance.visit import (
    CancelVisit,
    CompleteVisit,
    MissVisit,
    RaisedNeed,
    ReassignVisit,
    ScheduleVisit,
)
from canlian_events.core import Command
from canlian_events.terms import Domain, Help, Role, ShownFor, Tie
from canlian_person_file.disclosure import shown
from canlian_social_worker.persons.views import person
from canlian_social_worker.shared.access import for_workers, in_scope, may, may_reach
from canlian_social_worker.shared.choices import worker_choices
from canlian_social_worker.shared.history import history_of_visit
from canlian_social_worker.shared.names import about, names_for
from canlian_social_worker.shared.timeline import steps, texts_of
from canlian_social_worker.shared.workers import VISITORS, workers_of
from canlian_social_worker.visits.views import VisitRow, VisitStatus, visit
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])


class WriteUp(BaseModel):
    """The form of a visit that was made. `domains` are those in which a need was found."""

    tie: Tie
    helps: frozenset[Help] = frozenset()
    findings: str | None = None
    domains: frozenset[Domain] = frozenset()
    next_due: date | None = None


class NotMade(BaseModel):
    """The form of a visit that could not be made; its field is named unlike that of a cancellation beside it."""

    missed_why: str


@router.get("/visits/{visit_id}")
async def show(page: Page, visit_id: str) -> Response:
    row = await in_scope(page, visit, visit_id)
    later = row.due if row.due > page.today else page.today
    return await _show(page, row, page.blank(worker_id=row.worker_id, due=later))


async def _show(page: Context, row: VisitRow, form: Form[Any]) -> Response:
    known = await page.read(person, row.person_id)
    names = await names_for(page, row)
    theirs = row.worker_id == page.actor.id or page.actor.holds(Role.STAFF)
    history = await page.read(history_of_visit, row.visit_id)
    file = await shown(
        page,
        row.person_id,
        row.community,
        ShownFor.VISIT,
        disability=about(known, page) if known else None,
        access_needs=known.access_needs if known else None,
        notes=[row.look_for, row.text, *texts_of(history)] if row.look_for or row.text or texts_of(history) else None,
    )
    return page.render(
        "visits/detail.html",
        visit=row,
        file=file,
        person=known,
        names=names,
        steps=steps(page, history, names, file),
        workers=worker_choices(page, await page.read(workers_of, row.community, VISITORS)),
        overdue=row.overdue(page.today),
        days=(page.today - row.due).days,
        to_write_up=theirs and row.status is VisitStatus.SCHEDULED and row.due <= page.today,
        may=may(page, row.community),
        may_reach=may_reach(page),
        form=form,
    )


async def _done(page: Context, visit_id: str, model: type[Command], notice: str) -> Response:
    row = await in_scope(page, visit, visit_id)
    form: Form[Any] = page.form(model, visit_id=visit_id)
    if await page.submit(form):
        return page.redirect(f"/visits/{visit_id}", notice=notice)
    return await _show(page, row, form)


@router.post("/visits/{visit_id}/schedule")
async def schedule(page: Page, visit_id: str) -> Response:
    row = await in_scope(page, visit, visit_id)
    form = page.form(ScheduleVisit, visit_id=visit_id, person_id=row.person_id, community=row.community)
    if form.ok and form.value.due < page.today:
        form.errors["due"] = page._("This day is over: choose today or later")
    if await page.submit(form):
        return page.redirect(f"/visits/{visit_id}", notice=page._("The visit is planned."))
    return await _show(page, row, form)


@router.post("/visits/{visit_id}/reassign")
async def reassign(page: Page, visit_id: str) -> Response:
    return await _done(page, visit_id, ReassignVisit, page._("The visit is given to somebody else."))


@router.post("/visits/{visit_id}/cancel")
async def cancel(page: Page, visit_id: str) -> Response:
    return await _done(page, visit_id, CancelVisit, page._("The visit is cancelled."))


@router.post("/visits/{visit_id}/miss")
async def miss(page: Page, visit_id: str) -> Response:
    row = await in_scope(page, visit, visit_id)
    form = page.form(NotMade)
    if await page.submit(form, lambda filled: MissVisit(visit_id=visit_id, why=filled.missed_why)):
        notice = page._("It is recorded that the visit could not be made.")
        return page.redirect(f"/visits/{visit_id}", notice=notice)
    return await _show(page, row, form)


@router.post("/visits/{visit_id}/complete")
async def complete(page: Page, visit_id: str) -> Response:
    row = await in_scope(page, visit, visit_id)
    form = page.form(WriteUp)

    def command(filled: WriteUp) -> CompleteVisit:
        needs = tuple(RaisedNeed(domain=domain) for domain in Domain if domain in filled.domains)
        return CompleteVisit(visit_id=visit_id, needs=needs, **filled.model_dump(exclude={"domains"}))

    if await page.submit(form, command):
        return page.redirect(f"/visits/{visit_id}", notice=page._("The visit is recorded."))
    return await _show(page, row, form)
