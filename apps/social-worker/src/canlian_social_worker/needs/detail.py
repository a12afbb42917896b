"""One need: who, what, its history, and what can be done now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from canlian_chassis.bus.client import Accepted
from canlian_events.assistance.ask_number import shown_number
from canlian_events.assistance.need import AssignNeed, ClassifyNeed, CloseNeed, ReopenNeed
from canlian_events.core import Command
from canlian_events.terms import NeedCloseReason, ShownFor
from canlian_person_file.disclosure import shown
from canlian_social_worker.assessments.views import AssessmentRow, assessments_of_person
from canlian_social_worker.needs.views import NeedRow, need
from canlian_social_worker.persons.views import PersonRow, person
from canlian_social_worker.referrals.views import ReferralRow, referrals_of_need
from canlian_social_worker.shared.access import for_reaching, for_workers, in_scope, may, may_reach
from canlian_social_worker.shared.choices import choices, worker_choices
from canlian_social_worker.shared.contact_details import reveal
from canlian_social_worker.shared.history import HistoryRow, history_of_need
from canlian_social_worker.shared.names import Names, about, read_names
from canlian_social_worker.shared.timeline import steps, texts_of
from canlian_social_worker.shared.workers import NEED_HOLDERS, WorkerRow, workers_of
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])

_BY_ITSELF = (NeedCloseReason.MOVED_AWAY, NeedCloseReason.DIED, NeedCloseReason.ERASED)
CLOSING = [reason for reason in NeedCloseReason if reason not in _BY_ITSELF]
"""A move passes the need on by itself, and an erasure ends it; nobody closes one for either."""


class NextStep(StrEnum):
    """What a need waits for first."""

    IDENTIFY = "identify"
    CLASSIFY = "classify"
    MATCH = "match"
    WAIT = "wait"
    NOTHING = "nothing"


def next_step(row: NeedRow) -> NextStep:
    if not row.in_hand:
        return NextStep.NOTHING
    if not row.identified:
        return NextStep.IDENTIFY
    if row.domain is None:
        return NextStep.CLASSIFY
    return NextStep.WAIT if row.referrals else NextStep.MATCH


@router.get("/needs/{need_id}")
async def show(page: Page, need_id: str) -> Response:
    row = await in_scope(page, need, need_id)
    return await show_need(page, row, page.blank(domain=row.domain, urgency=row.urgency))


@dataclass(frozen=True, slots=True)
class NeedDetail:
    """What the page tells of a need, all of one moment: who is erased is so in every part of it."""

    person: PersonRow | None
    referrals: Sequence[ReferralRow]
    history: Sequence[HistoryRow]
    names: Names
    assessments: Sequence[AssessmentRow]
    workers: Sequence[WorkerRow]


def _read_detail(db: Session, row: NeedRow, scopes: Sequence[str]) -> NeedDetail:
    whom, referrals = person(db, row.person_id), referrals_of_need(db, row.need_id)
    return NeedDetail(
        person=whom,
        referrals=referrals,
        history=history_of_need(db, row.need_id, [one.referral_id for one in referrals]),
        names=read_names(db, scopes, {row.person_id, *(one.person_id for one in referrals)}),
        # nobody is told from what is left what they were like
        assessments=[] if whom and whom.erased_at else assessments_of_person(db, row.person_id),
        workers=workers_of(db, row.community, NEED_HOLDERS),
    )


async def show_need(page: Context, row: NeedRow, form: Form[Any]) -> Response:
    known = await page.read(_read_detail, row, page.actor.communities)
    whom = known.person if known.person and not known.person.erased_at else None
    file = await shown(
        page,
        row.person_id,
        row.community,
        ShownFor.NEED,
        words=row.words,
        disability=about(whom, page) if whom else None,
        access_needs=whom.access_needs if whom else [],
        assessment=list(known.assessments),
        notes=texts_of(known.history),
    )
    return page.render(
        "needs/detail.html",
        file=file,
        need=row,
        number=shown_number(row.number),
        person=known.person,
        referrals=known.referrals,
        steps=steps(page, known.history, known.names, file),
        names=known.names,
        workers=worker_choices(page, [worker for worker in known.workers if worker.worker_id != page.actor.id]),
        mine=row.worker_id == page.actor.id,
        enrolled=any(worker.worker_id == page.actor.id for worker in known.workers),
        next=next_step(row),
        closing=choices(page, CLOSING),
        may=may(page, row.community),
        may_reach=may_reach(page),
        form=form,
    )


async def _done(page: Context, need_id: str, model: type[Command], notice: str, **known: object) -> Response:
    """Send the form as a command to the need, and show the need again."""
    row = await in_scope(page, need, need_id)
    form: Form[Any] = page.form(model, need_id=need_id, **known)
    accepted: Accepted | None = await page.submit(form)
    if accepted:
        return page.redirect(f"/needs/{need_id}", notice=notice)
    form.typed = {"domain": row.domain or "", "urgency": row.urgency.value} | dict(form.typed)
    return await show_need(page, row, form)


@router.post("/needs/{need_id}/take")
async def take(page: Page, need_id: str) -> Response:
    return await _done(page, need_id, AssignNeed, page._("You hold this need now."), worker_id=page.actor.id)


@router.post("/needs/{need_id}/assign")
async def assign(page: Page, need_id: str) -> Response:
    return await _done(page, need_id, AssignNeed, page._("The need is assigned."))


@router.post("/needs/{need_id}/classify")
async def classify(page: Page, need_id: str) -> Response:
    return await _done(page, need_id, ClassifyNeed, page._("The need is classified."))


@router.post("/needs/{need_id}/close")
async def close(page: Page, need_id: str) -> Response:
    return await _done(page, need_id, CloseNeed, page._("The need is closed."))


@router.post("/needs/{need_id}/reopen")
async def reopen(page: Page, need_id: str) -> Response:
    return await _done(page, need_id, ReopenNeed, page._("The need is open again."))


@router.get("/needs/{need_id}/contact", dependencies=[for_reaching])
async def contact(page: Page, need_id: str) -> Response:
    row = await in_scope(page, need, need_id)
    back = f"/needs/{need_id}"
    return await reveal(page, row.person_id, row.community, back, "contact", row.contact, ShownFor.NEED)
