"""The people of one's communities: found, listed, taken away as a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.terms import DisabilityClass, FileField, Grade, Hardship, Role, Sex, ShownFor
from canlian_federation.households.hardship_kinds import hardships_of
from canlian_federation.people import search_form
from canlian_federation.people.name_matching import Likeness
from canlian_federation.people.search import CertificateState, Found, Order, Vague, age_of, find, state_of
from canlian_federation.people.search_form import Filters, seen_numbers
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.access import places_of, scopes_of
from canlian_person_file.disclosure import Look, Stated, record, sheet_about
from canlian_web import forms
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page, require
from canlian_web.paging import pages_of

SEEING = (Role.STAFF, Role.COMMISSIONER)
"""Those who may see who is who; the leading group sees figures."""
router = APIRouter(prefix="/people", dependencies=[require(*SEEING)])
SHOWN = 50
"""People on one page of the list."""
IN_A_SHEET = 20_000
"""People in one sheet at most: each of them is recorded as shown before it leaves."""

STATES = {
    CertificateState.VALID: N_("valid"),
    CertificateState.EXPIRING: N_("expires soon"),
    CertificateState.EXPIRED: N_("expired"),
    CertificateState.NONE: N_("no certificate"),
}
ORDERS = {
    Order.BEST: N_("Best match"),
    Order.NAME: N_("Name"),
    Order.COMMUNITY: N_("Community"),
    Order.OLDEST: N_("Oldest first"),
    Order.YOUNGEST: N_("Youngest first"),
    Order.GRADE: N_("Grade"),
    Order.EXPIRES: N_("Certificate expiring first"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A person as the list shows them."""

    row: PersonEntry
    sex: Sex
    age: int
    disability: DisabilityClass
    grade: Grade | None
    state: CertificateState
    hardships: Sequence[Hardship]


@router.get("")
async def people(page: Page) -> Response:
    return await _show(page, forms.read(Filters, dict(page.request.query_params), {}, page.texts))


@router.post("")
async def search(page: Page) -> Response:
    """The words are kept apart, and what is left makes the address of the list."""
    words = str(page.typed.get("words", "")).strip()
    form = page.form(Filters)
    if not form.ok:
        return await _show(page, form, words)
    name = search_form.new_name() if words else None
    response = page.redirect(page.url("/people", **form.value.model_copy(update={"q": name}).address))
    if name:
        search_form.keep(page, response, name, words)
    return response


@router.get("/sheet.xlsx")
async def people_sheet(page: Page) -> Response:
    """What the list shows, of all its pages; numbers are not in it."""
    form = forms.read(Filters, dict(page.request.query_params), {}, page.texts)
    if not form.ok:
        return await _show(page, form)
    words = search_form.kept(page, form.value.q)
    found = await _find(page, form, words or "", limit=IN_A_SHEET + 1) if words is not None else Found([], 0)
    if form.errors or words is None:
        return await _show(page, form)
    if found.number > IN_A_SHEET:
        text = page._("A sheet holds at most %(most)s people. Narrow the list first.", most=IN_A_SHEET)
        return page.render("canlian/error.html", status=422, title=page._("Too many people for one sheet"), text=text)
    places = await places_of(page)
    lines = {line.row.person_id: line for line in await _lines(page, found.rows)}

    def cells(row: PersonEntry) -> list[Any]:
        line = lines[row.person_id]
        return [
            row.name, places.get(row.community, row.community), line.sex, line.age, line.disability, line.grade,
            page._(STATES[line.state]), row.certificate_expires, list(line.hardships),
        ]  # fmt: skip

    _ = page._
    columns = [
        _("Full name"), _("Community"), _("Sex"), _("Age"), _("Class"), _("Grade"), _("Certificate"), _("Expires"),
        _("Hardship"),
    ]  # fmt: skip
    what = {FileField.NAME, FileField.DISABILITY, FileField.CIRCUMSTANCES}
    why, back = ShownFor.REPORT, page.url("/people")
    return await sheet_about(page, page._("People"), columns, found.rows, cells, what=what, back=back, why=why)


async def _show(page: Context, form: Form[Filters], words: str | None = None) -> Response:
    """The list, with what is wrong with what was asked for; then it is empty."""
    if words is None:
        words = search_form.kept(page, form.value.q if form.made else None)
    lost = words is None
    found, said = Found([], 0), form.made or Filters()
    at = said.at
    if form.ok and not lost:
        found = await _find(page, form, words or "", limit=SHOWN, skip=(at - 1) * SHOWN)
        if at > pages_of(found.number, SHOWN):
            at = pages_of(found.number, SHOWN)
            found = await _find(page, form, words or "", limit=SHOWN, skip=(at - 1) * SHOWN)
    hidden = await _recorded(page, found, words or "")
    lines = [] if hidden else await _lines(page, found.rows)
    typed = {name: value for name, value in form.typed.items() if name in Filters.model_fields}
    form.typed = {**typed, "words": words or ""}
    return page.render(
        "people/list.html",
        form=form,
        lines=lines,
        found=found,
        lost=lost,
        hidden=hidden,
        words=words,
        narrowed=said.narrows,
        places=await places_of(page),
        states=[(state.value, page._(text)) for state, text in STATES.items()],
        orders=[(order.value, page._(text)) for order, text in ORDERS.items() if order is not Order.BEST],
        state_words={state: page._(text) for state, text in STATES.items()},
        alike={Likeness.SOUNDS: page._("sounds the same"), Likeness.SIMILAR: page._("similar")},
        seen=seen_numbers(page),
        at=at,
        pages=pages_of(found.number, SHOWN),
        address=lambda **more: page.url("/people", **said.address | more),
        export=page.url("/people/sheet.xlsx", **said.address),
        roster=page.url("/people/roster.xlsx", **said.address) if page.actor.holds(Role.STAFF) else None,
    )


async def _find(page: Context, form: Form[Filters], words: str, *, limit: int, skip: int = 0) -> Found:
    asked = search_form.wanted(page, form, words)
    if form.errors:
        return Found([], 0)
    scopes = scopes_of(page, form.value.community)
    try:
        return await page.read(find, asked, scopes, page.today, limit=limit, skip=skip)
    except Vague:
        form.errors["words"] = page._("Too many numbers hold this: type more of it, or a name with it")
        return Found([], 0)


async def _recorded(page: Context, found: Found, words: str) -> str | None:
    """Who is found by a part of a number is shown with it: the one who typed it knows it now. None, or why not."""
    _, numbers = search_form.split(words)
    if not numbers:
        return None
    looks = [Look(row.person_id, row.community, _held(row, numbers, seen_numbers(page))) for row in found.rows]
    return await record(page, looks, Stated(ShownFor.CASEWORK)) if looks else None


def _held(row: PersonEntry, numbers: Sequence[str], seen: frozenset[str]) -> frozenset[FileField]:
    """The numbers that hold what was typed; all that might, where it was mistyped."""
    theirs = {"citizen_id": row.citizen_id, "certificate": row.certificate_number, "phone": row.phone}
    held = {kind for kind, own in theirs.items() if kind in seen and own and any(part in own for part in numbers)}
    return frozenset(FileField(kind) for kind in held or {kind for kind in seen if theirs[kind]})


async def _lines(page: Context, rows: Sequence[PersonEntry]) -> list[Line]:
    kinds = await page.read(hardships_of, [row.household_id for row in rows])
    return [
        Line(
            row,
            Sex(row.sex),
            age_of(row, page.today),
            DisabilityClass(row.disability),
            Grade(row.grade) if row.grade else None,
            state_of(row, page.today),
            kinds.get(row.household_id or "", []),
        )
        for row in rows
    ]
