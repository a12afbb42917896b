"""One person's file: what is known, what is under way, what happened, who looked; and the way to every act on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_chassis.bus.client import NotAllowed
from canlian_chassis.clock import CLOCK
from canlian_events.calendar import day_of
from canlian_events.core import COMMANDS
from canlian_events.registry.duplicates import MergeDuplicate, UndoMerge
from canlian_events.registry.person import CERTIFICATE_YEARS, REASSESSMENT_WORKING_DAYS, REMINDER_DAYS
from canlian_events.registry.showing import SEES
from canlian_events.terms import AccessFeature, DisabilityClass, Employment, FileField, Grade, Purpose, Schooling, Sex
from canlian_events.terms import ShownFor as Why
from canlian_federation.duplicates.views import other_names
from canlian_federation.oversight.access_log import LOOKED
from canlian_federation.overview.views import community_named
from canlian_federation.people.pages import SEEING
from canlian_federation.people.views import PersonEntry, person_entry
from canlian_federation.person_file.service_record import RECORD
from canlian_federation.person_file.views import ids_of, work_of
from canlian_federation.shared.access import scopes_of
from canlian_federation.shared.names import account_names
from canlian_federation.shared.rows import ALIKE
from canlian_person_file.access_log import in_words
from canlian_person_file.disclosure import Stated, ask_why, not_recorded, shown, stated
from canlian_person_file.reveal_field import REASONS, reveal
from canlian_person_file.subject_access_copy import as_json, as_pdf, copy_of
from canlian_web.language.event_labels import say_event, say_who
from canlian_web.language.formats import say_time
from canlian_web.language.term_labels import say
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/people", dependencies=[require(*SEEING)])
AT_ONCE = timedelta(minutes=1)
"""What was recorded later than that after it happened says so."""


@dataclass(frozen=True, slots=True)
class Validity:
    """A certificate's time. `used` is the share of it that has passed, for drawing."""

    until: date
    days_left: int
    used: float


@router.get("/{person_id}")
async def show(page: Page, person_id: str) -> Response:
    row = await own(page, person_id)
    if row.merged_into:
        decides = page.actor.may_send(UndoMerge)
        return page.redirect(f"/duplicates/merged/{person_id}" if decides else f"/people/{row.merged_into}")
    if row.erased_on:
        # nothing of the file is shown, so nobody looked at it
        return page.render("person_file/erased.html", status=410, row=row)
    work = await page.read(work_of, person_id)
    file = await shown(
        page,
        person_id,
        row.community,
        Why.CASEWORK,
        disability=disability_words(row, page),
        circumstances=circumstances(row, page),
        access_needs=[feature for feature in AccessFeature if feature in row.features],
        record=[work.needs, work.visits, work.referrals],
    )
    looked, looks = await page.read(LOOKED.of, *await page.read(ids_of, person_id))
    names = await page.read(account_names)
    place = await page.read(community_named, row.community)
    decides = page.actor.may_send(MergeDuplicate)
    return page.render(
        "person_file/file.html",
        row=row,
        merged=(await page.read(other_names, person_id)) if decides else [],
        alike=(await page.read(ALIKE.of, person_id, scopes_of(page))) if decides else [],
        file=file,
        work=work,
        place=place.name if place else row.community,
        about=" · ".join((say(Sex(row.sex), page.lang), page._("born %(year)s", year=row.birth_year))),
        validity=validity(row, page.today),
        agreed=[purpose for purpose in Purpose if purpose in row.consents],
        missing=[purpose for purpose in Purpose if purpose not in row.consents],
        steps=[_step(one, names, page) for one in work.happened],
        looked=in_words(page, looked, names.get),
        looks=looks,
        may=may(page, row),
        sees=seen_by(page),
        held=[part for part, (_, value) in _REVEALED.items() if value(row, page)],
        disputable=row.reassessment_until and not row.reassessment_asked and row.reassessment_until >= page.today,
        dispute_days=REASSESSMENT_WORKING_DAYS,
        years=CERTIFICATE_YEARS,
        reminder_days=REMINDER_DAYS,
    )


def _step(one: Any, names: dict[str, str], page: Context) -> dict[str, Any]:
    who = say_who(one.actor, page.lang, names)
    late = one.at - one.said_at > AT_ONCE
    note = page._("Recorded on %(moment)s", moment=say_time(one.at, page.lang)) if late else None
    return {"at": one.said_at, "what": say_event(one.type, page.lang), "note": note, "who": who}


def validity(row: PersonEntry, today: date) -> Validity | None:
    if row.certificate_expires is None:
        return None
    left = (row.certificate_expires - today).days
    return Validity(row.certificate_expires, left, min(max(1 - left / (CERTIFICATE_YEARS * 365.25), 0), 1))


def disability_words(row: PersonEntry, page: Context) -> str:
    grade = say(Grade(row.grade), page.lang) if row.grade else page._("no grade yet")
    return f"{say(DisabilityClass(row.disability), page.lang)} {grade}"


def circumstances(row: PersonEntry, page: Context) -> list[str]:
    """What is known of how somebody lives, without a name or a number."""
    known = [
        page._("low-income household") if row.low_income else None,
        page._("orphan") if row.orphan else None,
        say(Employment(row.employment), page.lang) if row.employment else None,
        say(Schooling(row.schooling), page.lang) if row.schooling else None,
        row.ethnicity,
    ]
    return [text for text in known if text]


def carer(row: PersonEntry, page: Context) -> str | None:
    """Who cares for them and what else was written down."""
    texts = [row.carer_name, row.carer_phone, row.remark]
    return " · ".join(text for text in texts if text) or None


def seen_by(page: Context) -> frozenset[FileField]:
    """The parts of a file that the actor's roles may see at all."""
    return frozenset(field for role in page.actor.roles for field in SEES.get(role, ()))


def may(page: Context, row: PersonEntry) -> Callable[[str], bool]:
    """For templates: `may("MovePerson")`, whether to offer a command at all."""
    return lambda command: page.actor.may_act_in(COMMANDS[command], row.community)


_REVEALED: dict[str, tuple[FileField, Callable[[PersonEntry, Context], str | None]]] = {
    "phone": (FileField.PHONE, lambda row, _: row.phone),
    "address": (FileField.ADDRESS, lambda row, _: row.address),
    "citizen-id": (FileField.CITIZEN_ID, lambda row, _: row.citizen_id),
    "certificate-number": (FileField.CERTIFICATE, lambda row, _: row.certificate_number),
    "carer": (FileField.CIRCUMSTANCES, carer),
    "correction-words": (FileField.WORDS, lambda row, _: row.correction_words),
    "erasure-words": (FileField.WORDS, lambda row, _: row.erasure_words),
}


@router.get("/{person_id}/show/{part}")
async def show_part(page: Page, person_id: str, part: str) -> Response:
    row = await alive(page, person_id)
    if part not in _REVEALED:
        raise HTTPException(404)
    field, value = _REVEALED[part]
    title, back = say(field, page.lang), f"/people/{person_id}"
    return await reveal(page, person_id, row.community, back, field.value, value(row, page), title=title)


@router.get("/{person_id}/copy.{ending}")
async def export(page: Page, person_id: str, ending: str) -> Response:
    """All that is kept about the person, for handing to them. It is recorded that it was taken, and why."""
    row = await alive(page, person_id)
    if ending not in ("pdf", "json"):
        raise HTTPException(404)
    title = page._("A copy of the whole file")
    reason = stated(page, REASONS)
    if reason is None:
        return ask_why(page, title, REASONS, page.url(f"/people/{person_id}"))
    ids = await page.read(ids_of, person_id)
    record = await page.read(RECORD.of, *ids)
    if hidden := await _recorded(page, row, reason, record):
        return not_recorded(page, title, hidden)
    looked, _ = await page.read(LOOKED.of, *ids, limit=1000)
    seen = in_words(page, looked, (await page.read(account_names)).get)
    place = await page.read(community_named, row.community)
    copy = copy_of(page, row, place.name if place else row.community, record, seen, CLOCK.now())
    return as_json(copy) if ending == "json" else await asyncio.to_thread(as_pdf, copy, page)


async def _recorded(page: Context, row: PersonEntry, reason: Stated, record: Any) -> str | None:
    """Records that all of it is shown; or why it may not be."""
    file = await shown(
        page,
        row.person_id,
        row.community,
        reason,
        name=row.name,
        citizen_id=row.citizen_id,
        certificate=row.certificate_number,
        phone=row.phone,
        address=row.address,
        disability=row.disability,
        circumstances=circumstances(row, page) or carer(row, page),
        access_needs=row.features,
        record=[line.kind for line in record],
        words=[line.kind for line in record if line.texts],
    )
    return file.hidden


async def own(page: Context, person_id: str) -> PersonEntry:
    """Somebody of the actor's communities. Raises 404, or NotAllowed."""
    row = await page.read(person_entry, person_id)
    if row is None:
        raise HTTPException(404)
    if not page.actor.covers(row.community):
        raise NotAllowed("wrong_community", {"community": row.community})
    return row


async def alive(page: Context, person_id: str) -> PersonEntry:
    """The same, where there is still something to show: 410 once it was erased."""
    row = await own(page, person_id)
    if row.erased_on:
        raise HTTPException(410)
    return row


def days_since(page: Context, row: PersonEntry) -> int:
    """How long a request to be erased has waited."""
    return (page.today - day_of(row.erasure_asked_at)).days if row.erasure_asked_at else 0
