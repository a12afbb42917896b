"""A resident's whole file: read, taken away as a copy, disputed, and asked to be erased."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from canlian_chassis.clock import CLOCK
from canlian_events.registry.person import (
    REASSESSMENT_WORKING_DAYS,
    AskReassessment,
    RequestCorrection,
    RequestErasure,
    WithdrawErasureRequest,
)
from canlian_events.terms import AccessFeature, DisabilityClass, Employment, Grade, Role, Schooling, Sex
from canlian_neighbours.my_file.access_log import LOOKED
from canlian_neighbours.my_file.own_file import own_file
from canlian_neighbours.my_file.own_page import find
from canlian_neighbours.my_file.service_record import RECORD
from canlian_neighbours.shared.queries import community_name, ids_of, worker_names
from canlian_neighbours.shared.rows import PersonRow
from canlian_person_file.access_log import in_words
from canlian_person_file.disclosure import File, not_recorded
from canlian_person_file.service_record import RecordShape
from canlian_person_file.subject_access_copy import as_json, as_pdf, copy_of
from canlian_web.language.event_labels import say_event
from canlian_web.language.term_labels import say
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/me", dependencies=[require(Role.RESIDENT)])
MANY_LOOKS = 1000
"""How many showings a copy holds, the newest first."""


class Wish(BaseModel):
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = None


class Wrong(BaseModel):
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


@router.get("/file")
async def read(page: Page) -> Response:
    row = await find(page)
    record = await page.read(RECORD.of, *await page.read(ids_of, row.person_id))
    return page.render(
        "my_file/whole_file.html",
        row=row,
        file=await whole(page, row, record),
        community=await page.read(community_name, row.community),
        disputable=may_dispute(page, row),
        days=REASSESSMENT_WORKING_DAYS,
    )


async def whole(page: Context, row: PersonRow, record: Any) -> File:
    """Everything, once it is recorded that the resident looks at it."""
    return await own_file(
        page,
        name=row.name,
        citizen_id=row.citizen_id,
        certificate=row.certificate_number,
        phone=row.phone,
        address=row.address,
        disability=disability(row, page),
        circumstances=circumstances(row, page),
        access_needs=[feature for feature in AccessFeature if feature in row.features],
        words=row.correction_words,
        notes=row.correction_answer,
        record=[_step(line, page) for line in reversed(record)],
    )


def _step(line: RecordShape, page: Context) -> dict[str, Any]:
    return {"at": line.at, "what": say_event(line.kind, page.lang), "note": " · ".join(line.texts)}


def disability(row: PersonRow, page: Context) -> str:
    grade = say(Grade(row.grade), page.lang) if row.grade else page._("no grade yet")
    return " · ".join((say(Sex(row.sex), page.lang), say(DisabilityClass(row.disability), page.lang), grade))


def circumstances(row: PersonRow, page: Context) -> list[str]:
    known = [
        page._("low-income household") if row.low_income else None,
        page._("orphan") if row.orphan else None,
        say(Employment(row.employment), page.lang) if row.employment else None,
        say(Schooling(row.schooling), page.lang) if row.schooling else None,
        row.ethnicity,
        row.carer_name and page._("cared for by %(name)s", name=row.carer_name),
        row.carer_phone,
        row.remark,
    ]
    return [text for text in known if text]


def may_dispute(page: Context, row: PersonRow) -> bool:
    until = row.reassessment_until
    return until is not None and not row.reassessment_asked and until >= page.today


@router.get("/copy.{ending}")
async def copy(page: Page, ending: str) -> Response:
    row = await find(page)
    if ending not in ("pdf", "json"):
        raise HTTPException(404)
    record = await page.read(RECORD.of, *await page.read(ids_of, row.person_id))
    if hidden := (await whole(page, row, record)).hidden:
        return not_recorded(page, page._("My file"), hidden)
    looked, _ = await page.read(LOOKED.of, *await page.read(ids_of, row.person_id), limit=MANY_LOOKS)
    seen = in_words(page, looked, (await page.read(worker_names)).get)
    made = copy_of(page, row, await page.read(community_name, row.community), record, seen, CLOCK.now())
    return as_json(made) if ending == "json" else await asyncio.to_thread(as_pdf, made, page)


@router.post("/reassessment")
async def dispute(page: Page) -> Response:
    await page.send(AskReassessment(person_id=(await find(page)).person_id))
    return page.redirect("/me/file", notice=page._("You asked to be assessed again. Your community will call you."))


@router.get("/correction")
async def wrong(page: Page) -> Response:
    await find(page)
    return page.render("my_file/correction.html", form=page.blank())


@router.post("/correction")
async def ask_correction(page: Page) -> Response:
    """What a resident cannot change alone: the federation looks at the papers, corrects it or says why not."""
    row, form = await find(page), page.form(Wrong)
    if done := await page.submit(form, lambda said: RequestCorrection(person_id=row.person_id, words=said.words)):
        notice = page.told(done, page._("Your request is with the federation. You read the answer here."))
        return page.redirect("/me/file", notice=notice)
    return page.render("my_file/correction.html", form=form)


@router.get("/erasure")
async def ask(page: Page) -> Response:
    return page.render("my_file/erasure.html", form=page.blank(), row=await find(page))


@router.post("/erasure")
async def request(page: Page) -> Response:
    row, form = await find(page), page.form(Wish)
    if await page.submit(form, lambda said: RequestErasure(person_id=row.person_id, words=said.words)):
        return page.redirect("/me", notice=page._("Your request is with the federation. You read the answer here."))
    return page.render("my_file/erasure.html", form=form, row=row)


@router.post("/erasure/withdraw")
async def keep(page: Page) -> Response:
    await page.send(WithdrawErasureRequest(person_id=(await find(page)).person_id))
    return page.redirect("/me", notice=page._("You took your request back. Nothing is erased."))
