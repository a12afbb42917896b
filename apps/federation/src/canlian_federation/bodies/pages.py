"""The bodies: their terms, one term's composition with its quotas, confirmed, filled up and closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.registry.body import CloseTerm, ConfirmComposition, OpenTerm
from canlian_events.registry.quotas import QUOTAS
from canlian_events.terms import BodyKind, FileField, Role, ShownFor
from canlian_federation.associations.views import names_of, people_called
from canlian_federation.bodies.quotas import in_words, name_of
from canlian_federation.bodies.views import BodyRow, Seat, all_bodies, body_called, terms_of
from canlian_federation.people.pages import SEEING
from canlian_federation.shared.access import for_looking, for_staff
from canlian_person_file.disclosure import FOR_LISTS, Look, Wished, ask_why, not_recorded, record, shown_each, stated
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.term_labels import say
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/bodies", dependencies=[for_looking])
for_those_who_see = require(*SEEING)
TAKEN_AWAY = frozenset({FileField.NAME, FileField.DISABILITY})
"""What a list of members says of each registered person."""


@router.get("")
async def bodies(page: Page) -> Response:
    return await show(page, page.blank())


@router.post("", dependencies=[for_staff])
async def open_term(page: Page) -> Response:
    form = page.form(OpenTerm, body_id=page.new_id("body"))
    if await page.submit(form):
        return page.redirect(f"/bodies/{form.value.body_id}", notice=page._("The term is open. Nominate its members."))
    return await show(page, form)


@router.get("/sheet.xlsx")
async def bodies_sheet(page: Page) -> Response:
    _ = page._
    columns = [_("Body"), _("Begins"), _("Ends"), _("State"), _("Members"), _("Vacancies"), _("Quotas missing")]
    rows = [
        [BodyKind(r.kind), r.begins, r.ends, state_words(page, r), len(r.members), len(r.vacancies), _short(r)]
        for r in await page.read(all_bodies)
    ]
    return sheet(_("Bodies"), columns, rows, page.lang)


@router.get("/shares/{kind}.xlsx")
async def shares_sheet(page: Page, kind: BodyKind) -> Response:
    _ = page._
    columns, lines = [_("Term"), _("Confirmed"), _("Members")], []
    for code in _codes(kind):
        columns += [name_of(page, code), _("Share")]
    for row in await page.read(terms_of, kind.value):
        for one in row.compositions:
            parts = [part for code in _codes(kind) for part in _parts(one, code)]
            lines.append([term_words(row), one["on"], one["members"], *parts])
    return sheet(_("Composition over time: %(body)s", body=say(kind, page.lang)), columns, lines, page.lang)


@router.get("/{body_id}")
async def one(page: Page, body_id: str) -> Response:
    return await show_body(page, await found(page, body_id))


@router.post("/{body_id}/confirm", dependencies=[for_staff])
async def confirm(page: Page, body_id: str) -> Response:
    row = await found(page, body_id)
    form = page.form(ConfirmComposition, body_id=body_id)
    if await page.submit(form):
        return page.redirect(f"/bodies/{body_id}", notice=page._("The composition is confirmed."))
    return await show_body(page, row, form)


@router.post("/{body_id}/close", dependencies=[for_staff])
async def close(page: Page, body_id: str) -> Response:
    row = await found(page, body_id)
    form = page.form(CloseTerm, body_id=body_id)
    if await page.submit(form):
        return page.redirect("/bodies", notice=page._("The term is closed."))
    return await show_body(page, row, form)


@router.get("/{body_id}/sheet.xlsx", dependencies=[for_those_who_see])
async def members_sheet(page: Page, body_id: str) -> Response:
    async def answer(row: BodyRow, names: dict[str, str]) -> Response:
        _ = page._
        columns = [_("Full name"), _("Position"), _("Stands for"), _("Of the five kinds"), _("State")]
        rows = [
            [called(page, seat, names), seat.position, seat.categories, seat.represents, seat_words(page, seat)]
            for seat in row.members
        ]
        return sheet(f"{say(BodyKind(row.kind), page.lang)} {term_words(row)}", columns, rows, page.lang)

    return await _taken_away(page, body_id, answer)


@router.get("/{body_id}/print", dependencies=[for_those_who_see])
async def printed(page: Page, body_id: str) -> Response:
    async def answer(row: BodyRow, names: dict[str, str]) -> Response:
        response = page.render(
            "bodies/print.html", row=row, called=lambda seat: called(page, seat, names), **_common(page)
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    return await _taken_away(page, body_id, answer)


async def _taken_away(page: Context, body_id: str, answer: Callable[[BodyRow, dict[str, str]], Any]) -> Response:
    """Once it is recorded why the list of members is taken away."""
    row = await found(page, body_id)
    title = page._("Members: %(body)s", body=f"{say(BodyKind(row.kind), page.lang)} {term_words(row)}")
    if (reason := stated(page, FOR_LISTS)) is None:
        return ask_why(page, title, FOR_LISTS, page.url(f"/bodies/{body_id}"))
    ids = {seat.member_id for seat in row.members}
    looks = [Look(one.person_id, one.community, TAKEN_AWAY) for one in (await page.read(people_called, ids)).values()]
    if hidden := await record(page, looks, reason):
        return not_recorded(page, title, hidden)
    response: Response = await answer(row, await page.read(names_of, ids))
    return response


async def show(page: Context, form: Form[Any]) -> Response:
    rows = await page.read(all_bodies)
    return page.render(
        "bodies/list.html",
        form=form,
        rows=rows,
        charts=[one for kind in BodyKind for one in await charts(page, kind)],
        **_common(page),
    )


async def show_body(page: Context, row: BodyRow, form: Form[Any] | None = None) -> Response:
    """With names for those who may see them; what somebody's class says of them is recorded as shown."""
    sees, seats = page.actor.holds(*SEEING), row.all_seats
    ids = {seat.member_id for seat in seats}
    names = await page.read(names_of, ids) if sees else {}
    people = await page.read(people_called, ids) if sees else {}
    wished = {
        seat.seat_id: Wished(
            seat.member_id,
            people[seat.member_id].community,
            {"disability": say(seat.represents, page.lang) if seat.represents else ""},
        )
        for seat in seats
        if seat.member_id in people
    }
    files = await shown_each(page, ShownFor.CASEWORK, wished) if wished else {}
    return page.render(
        "bodies/detail.html",
        form=form or page.blank(),
        search=page.blank(who="person"),
        row=row,
        sees=sees,
        files=files,
        called=lambda seat: called(page, seat, names),
        quotas=in_words(page, row.standings),
        charts=await charts(page, BodyKind(row.kind)),
        **_common(page),
    )


async def found(page: Context, body_id: str) -> BodyRow:
    row = await page.read(body_called, body_id)
    if row is None:
        raise HTTPException(404)
    return row


def called(page: Context, seat: Seat, names: dict[str, str]) -> str:
    return seat.name or names.get(seat.member_id) or page._("sealed")


def state_words(page: Context, row: BodyRow) -> str:
    if row.is_overdue(page.today):
        return page._("term overdue")
    words = {"composing": page._("being composed"), "in_force": page._("in force"), "closed": page._("closed")}
    return words[row.state]


def seat_words(page: Context, seat: Seat) -> str:
    return {"nominated": page._("nominated"), "held": page._("confirmed"), "vacant": page._("vacant")}[seat.state]


def term_words(row: BodyRow) -> str:
    return f"{row.begins.isoformat()}–{row.ends.isoformat()}"


async def charts(page: Context, kind: BodyKind) -> list[dict[str, Any]]:
    """The shares of each confirmed composition, oldest first: those with a percentage, then those to be present."""
    rows = await page.read(terms_of, kind.value)
    lines = [(row, one) for row in rows for one in row.compositions]
    found = []
    body = say(kind, page.lang)
    percentages = page._("Composition over time: %(body)s", body=body), _PERCENTAGES
    present = page._("Who is present over time: %(body)s", body=body), _PRESENT
    for title, among in (percentages, present):
        codes = [code for code in _codes(kind) if code in among]
        if codes and lines:
            found.append(
                {
                    "title": title,
                    "columns": [page._("Term"), *(name_of(page, code) for code in codes)],
                    "rows": [
                        [_composition_words(row, one), *(_parts(one, code)[1] for code in codes)] for row, one in lines
                    ],
                    "export": page.url(f"/bodies/shares/{kind.value}.xlsx"),
                }
            )
    return found


def _composition_words(row: BodyRow, composition: dict[str, Any]) -> str:
    years = f"{row.begins.year}–{row.ends.year}"
    return f"{years} ({composition['on']})" if composition["again"] else years


_PERCENTAGES = ("disabled_or_relatives", "models_and_grass_roots")
_PRESENT = ("relatives", "social_organisations", "volunteers")
"""Whose share domain.md wants shown over time."""


def _codes(kind: BodyKind) -> list[str]:
    of_kind = {quota.code for quota in QUOTAS[kind]}
    return [code for code in (*_PERCENTAGES, *_PRESENT) if code in of_kind]


def _parts(composition: dict[str, Any], code: str) -> tuple[int | None, float | None]:
    """How many, and their share; nothing where that was not counted then."""
    count, total = composition["shares"].get(code, (None, 0))
    return count, count / total if count is not None and total else None


def _short(row: BodyRow) -> int:
    return sum(not standing.holds for standing in row.standings)


def _common(page: Context) -> dict[str, Any]:
    """What the templates of bodies ask of a row or a seat."""
    return {
        "state": lambda row: state_words(page, row),
        "seat_state": lambda seat: seat_words(page, seat),
        "kind": BodyKind,
        "short": _short,
        "staff": page.actor.holds(Role.STAFF),
    }
