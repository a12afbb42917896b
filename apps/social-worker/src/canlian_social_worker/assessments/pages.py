"""Assessments: the form drawn from its instrument, and the result explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_chassis.bus.client import NotAllowed, Refused, Unavailable
from canlian_events.assistance.assessment import CompleteAssessment, StartAssessment
from canlian_events.assistance.instruments import Instrument, offered
from canlian_events.terms import Domain, ShownFor, Urgency
from canlian_person_file.disclosure import shown
from canlian_social_worker.assessments.views import AssessmentRow, assessment
from canlian_social_worker.persons.views import PersonRow, person
from canlian_social_worker.shared.access import for_workers, in_scope
from canlian_social_worker.shared.names import names_for
from canlian_web.forms import Form
from canlian_web.language.i18n import Lang
from canlian_web.language.refusals import say_refusal
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])


@router.get("/persons/{person_id}/assess")
async def choose(page: Page, person_id: str) -> Response:
    row = await in_scope(page, person, person_id)
    code = page.request.query_params.get("instrument")
    if code is None:
        return page.render("assessments/choose.html", person=row, instruments=offered(), need_id=_need_id(page))
    return _show(page, row, _instrument(code), page.blank())


@router.post("/persons/{person_id}/assess")
async def assess(page: Page, person_id: str) -> Response:
    row = await in_scope(page, person, person_id)
    form_of = _instrument(page.request.query_params.get("instrument", ""))
    form: Form[Any] = Form(page.typed)
    answers = _answers(page, form_of, form)
    if form.errors:
        return _show(page, row, form_of, form)
    assessment_id = page.new_id("assessment")
    start = StartAssessment(
        assessment_id=assessment_id,
        person_id=row.person_id,
        community=row.community,
        instrument=form_of.code,
        instrument_version=form_of.version,
        need_id=_need_id(page),
    )
    try:
        await page.send(start, wait=False)
        await page.send(CompleteAssessment(assessment_id=assessment_id, answers=answers))
    except (NotAllowed, Unavailable):
        raise
    except Refused as refused:
        form.refusal = say_refusal(refused.code, refused.facts, page.lang)
        return _show(page, row, form_of, form)
    return page.redirect(f"/assessments/{assessment_id}", notice=page._("The assessment is complete."))


def _answers(page: Context, form_of: Instrument, form: Form[Any]) -> Mapping[str, int]:
    """Item → answer; what is unanswered or not among the answers becomes an error that names the item."""
    found: dict[str, int] = {}
    for number, item in enumerate(form_of.items, start=1):
        said = form.text(item.code)
        if said in map(str, item.allowed):
            found[item.code] = int(said)
        else:
            question = getattr(item, page.lang)
            form.errors[item.code] = page._(
                "Question %(number)s is not answered: %(text)s", number=number, text=question
            )
    return found


def _instrument(code: str) -> Instrument:
    found = next((form for form in offered() if form.code == code), None)
    if found is None:
        raise HTTPException(404)
    return found


def _need_id(page: Context) -> str | None:
    return page.request.query_params.get("need") or None


def _show(page: Context, row: PersonRow, form_of: Instrument, form: Form[Any]) -> Response:
    action = page.url(f"/persons/{row.person_id}/assess", instrument=form_of.code, need=_need_id(page))
    return page.render("assessments/form.html", person=row, instrument=form_of, action=action, form=form)


@router.get("/assessments/{assessment_id}")
async def show(page: Page, assessment_id: str) -> Response:
    row = await in_scope(page, assessment, assessment_id)
    answers = _in_words(row, page.lang)
    explained = [answers[code] for code in row.explained if code in answers]
    found = [(Domain(need["domain"]), Urgency(need["urgency"])) for need in row.found]
    whole = (row.result, explained, found, list(answers.values()))
    return page.render(
        "assessments/result.html",
        assessment=row,
        instrument=row.form,
        file=await shown(page, row.person_id, row.community, ShownFor.ASSESSMENT, assessment=whole),
        names=await names_for(page, row),
    )


def _in_words(row: AssessmentRow, lang: Lang) -> dict[str, tuple[str, str | None]]:
    """Item → question and answer; no answer where none was given or it is sealed."""
    found: dict[str, tuple[str, str | None]] = {}
    for item in row.form.items:
        answer = next((choice for choice in item.choices if choice.value == row.answers.get(item.code)), None)
        found[item.code] = (getattr(item, lang), getattr(answer, lang) if answer else None)
    return found
