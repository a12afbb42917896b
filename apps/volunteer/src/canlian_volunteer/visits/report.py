"""One visit: whom, where, what to look for; then what came of it, or that nobody was at home."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from canlian_events.assistance.visit import CompleteVisit, MissVisit, RaisedNeed
from canlian_events.ids import VisitId
from canlian_events.terms import Domain, Help, ShownFor, Tie, Urgency
from canlian_person_file.disclosure import File, shown
from canlian_volunteer.visits.agenda import VISITORS, address, whom
from canlian_volunteer.visits.queries import Stop, own_visit
from canlian_web.forms import Form, Typed
from canlian_web.language.formats import say_day
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page

router = APIRouter(dependencies=VISITORS)

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
WHY_NOT = {
    "nobody_home": N_("Nobody was at home"),
    "not_now": N_("They could not see me today"),
    "not_found": N_("I did not find the place"),
    "other": N_("Something else"),
}
_WHY_NOT_KEPT = {
    "nobody_home": "家里没有人",
    "not_now": "本人今天不方便",
    "not_found": "没有找到地址",
    "other": "其他原因",
}
NEXT = {7: N_("In a week"), 14: N_("In two weeks"), 30: N_("In a month"), 90: N_("In three months")}


class VisitReport(BaseModel):
    """The form. `again` is "no", "date" (then `day` says which), or the day itself."""

    tie: Tie
    helps: frozenset[Help] = frozenset()
    findings: Words | None = None
    needs: frozenset[Domain] = frozenset()
    again: Literal["no", "date"] | date = "no"
    day: date | None = None

    @property
    def next_due(self) -> date | None:
        """A day filled in without its choice being ticked is meant all the same."""
        return self.again if isinstance(self.again, date) else self.day


class MissedVisit(BaseModel):
    why: Literal["nobody_home", "not_now", "not_found", "other"]
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = Field(default=None)


@router.get("/visits/{visit_id}")
async def visit(page: Page, visit_id: str) -> Response:
    stop = await find(page, visit_id)
    file = File()
    if stop.door:
        file = await shown(
            page,
            stop.person_id,
            stop.place,
            ShownFor.VISIT,
            address=address(stop),
            access_needs=stop.features,
            notes=stop.look_for,
        )
    return page.render("visits/detail.html", stop=stop, file=file, whom=whom(page, stop))


@router.get("/visits/{visit_id}/complete")
async def report(page: Page, visit_id: str) -> Response:
    stop = await find(page, visit_id)
    if stop.door is None:
        return page.redirect(f"/visits/{visit_id}")
    return show_report(page, stop, page.blank(again="no"))


@router.post("/visits/{visit_id}/complete")
async def complete(page: Page, visit_id: VisitId) -> Response:
    form = read_report(page)
    typed = page.typed

    def done(said: VisitReport) -> CompleteVisit:
        return CompleteVisit(
            visit_id=visit_id,
            tie=said.tie,
            helps=said.helps,
            findings=said.findings,
            needs=raised(said.needs, typed),
            next_due=said.next_due,
        )

    # sent once more, as after a lost answer, it may be over already: the service then answers as it did the first time
    if await page.submit(form, done):
        return page.redirect("", notice=page._("Recorded. Thank you for the visit."))
    return show_report(page, await find_or_none(page, visit_id), form)


@router.get("/visits/{visit_id}/missed")
async def not_met(page: Page, visit_id: str) -> Response:
    stop = await find(page, visit_id)
    if stop.door is None:
        return page.redirect(f"/visits/{visit_id}")
    return show_missed(page, stop, page.blank())


@router.post("/visits/{visit_id}/missed")
async def miss(page: Page, visit_id: VisitId) -> Response:
    form = page.form(MissedVisit)
    if "why" in form.errors:
        form.errors["why"] = page._("Choose what happened")
    if form.made and form.made.why == "other" and not form.made.words:
        form.errors["words"] = page._("Say in a few words what happened")

    def missed(said: MissedVisit) -> MissVisit:
        why = _WHY_NOT_KEPT[said.why]
        return MissVisit(visit_id=visit_id, why=f"{why}：{said.words}" if said.words else why)

    if await page.submit(form, missed):
        return page.redirect("", notice=page._("Recorded. Whoever plans the visits sees it and finds another day."))
    return show_missed(page, await find_or_none(page, visit_id), form)


async def find(page: Context, visit_id: str) -> Stop:
    """The visitor's own visit. Another's is as good as none: 404."""
    stop = await find_or_none(page, visit_id)
    if stop is None:
        raise HTTPException(404)
    return stop


async def find_or_none(page: Context, visit_id: str) -> Stop | None:
    """None where it is no longer the visitor's: what they typed is shown again all the same, without whom and where."""
    return await page.read(own_visit, visit_id, page.actor.id, page.today)


def read_report(page: Context) -> Form[VisitReport]:
    """The report as it was filled in, with errors in words that fit it."""
    form = page.form(VisitReport)
    if "tie" in form.errors:
        form.errors["tie"] = page._("Choose one of the six ties")
    is_missing = form.made is not None and form.made.again == "date" and form.made.day is None
    is_past = form.made is not None and form.made.next_due is not None and form.made.next_due <= page.today
    if is_missing or is_past or "day" in form.errors:
        form.errors["day"] = page._("Choose a day after today")
    return form


def raised(domains: frozenset[Domain], typed: Typed) -> tuple[RaisedNeed, ...]:
    """The needs ticked, in the order of the table, each with its words and whether it is urgent."""
    return tuple(
        RaisedNeed(
            domain=domain,
            words=str(typed.get(f"words_{domain}", "")).strip() or None,
            urgency=Urgency.URGENT if f"urgent_{domain}" in typed else Urgency.NORMAL,
        )
        for domain in Domain
        if domain in domains
    )


def show_report(page: Context, stop: Stop | None, form: Form[Any]) -> Response:
    days = [(page.today + timedelta(days=days), text) for days, text in NEXT.items()]
    choices = [(day.isoformat(), f"{page._(text)} · {say_day(day, page.lang)}") for day, text in days]
    return page.render(
        "visits/report.html",
        form=form,
        visit_id=page.request.path_params["visit_id"],
        whom=whom(page, stop) if stop else page._("A visit"),
        again=[("no", page._("Nothing agreed")), *choices],
        tomorrow=page.today + timedelta(days=1),
    )


def show_missed(page: Context, stop: Stop | None, form: Form[Any]) -> Response:
    reasons = [(code, page._(text)) for code, text in WHY_NOT.items()]
    return page.render(
        "visits/missed.html",
        form=form,
        visit_id=page.request.path_params["visit_id"],
        whom=whom(page, stop) if stop else page._("A visit"),
        reasons=reasons,
    )
