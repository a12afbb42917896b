"""Nominating somebody into a term, and what may become of a seat."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.registry.body import EraseSeatHolder, NominateMember, VacateSeat, WithdrawNomination
from canlian_events.registry.quotas import POSITIONS
from canlian_events.terms import BodyKind, Category, SpecialKind
from canlian_federation.associations.views import names_of
from canlian_federation.bodies.pages import called, found, seat_words
from canlian_federation.bodies.quotas import in_words
from canlian_federation.bodies.views import BodyRow, Seat
from canlian_federation.shared.access import for_staff
from canlian_federation.shared.choose_person import WHO, choices
from canlian_web.forms import Form
from canlian_web.language.term_labels import options, say
from canlian_web.page import Context, Page

router = APIRouter(prefix="/bodies/{body_id}", dependencies=[for_staff])


@router.post("/nominate")
async def nominate(page: Page, body_id: str) -> Response:
    """First somebody is looked for by name, which is in no address; then what they stand for is said."""
    row = await found(page, body_id)
    if "position" not in page.typed:
        return await _ask(page, row, page.blank(**page.typed))
    fixed = {"body_id": body_id, "seat_id": page.new_id("seat")}
    if page.typed.get("who") == "other":
        fixed["member_id"] = page.new_id("member")
    form = page.form(NominateMember, **fixed)
    if await page.submit(form):
        return page.redirect(f"/bodies/{body_id}", notice=page._("Nominated. The quotas below count them."))
    return await _ask(page, row, form)


async def _ask(page: Context, row: BodyRow, form: Form[Any]) -> Response:
    who = form.text("who") if form.text("who") in WHO else "person"
    names = await page.read(names_of, {seat.member_id for seat in row.vacancies})
    return page.render(
        "bodies/nominate.html",
        form=form,
        row=row,
        who=who,
        matches=await choices(page, who, form.text("find")),
        positions=[(one.value, _capital(say(one, page.lang))) for one in POSITIONS[BodyKind(row.kind)]],
        categories=[
            one for one in options(Category, page.lang) if who != "person" or one[0] != Category.DISABLED_PERSON
        ],
        kinds=options(SpecialKind, page.lang),
        vacancies=[(seat.seat_id, _vacant(page, seat, names)) for seat in row.vacancies],
        quotas=in_words(page, row.standings),
        kind=BodyKind,
    )


def _vacant(page: Context, seat: Seat, names: dict[str, str]) -> str:
    return f"{_capital(say(seat.position, page.lang))}: {called(page, seat, names)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@router.get("/seats/{seat_id}")
async def one_seat(page: Page, body_id: str, seat_id: str) -> Response:
    return await _show_seat(page, body_id, seat_id, page.blank())


@router.post("/seats/{seat_id}/withdraw")
async def withdraw(page: Page, body_id: str, seat_id: str) -> Response:
    form = page.form(WithdrawNomination, body_id=body_id, seat_id=seat_id)
    if await page.submit(form):
        return page.redirect(f"/bodies/{body_id}", notice=page._("The nomination is withdrawn."))
    return await _show_seat(page, body_id, seat_id, form)


@router.post("/seats/{seat_id}/vacate")
async def vacate(page: Page, body_id: str, seat_id: str) -> Response:
    form = page.form(VacateSeat, body_id=body_id, seat_id=seat_id)
    if await page.submit(form):
        return page.redirect(f"/bodies/{body_id}", notice=page._("The seat is vacant. Nominate somebody to fill it."))
    return await _show_seat(page, body_id, seat_id, form)


@router.post("/seats/{seat_id}/erase")
async def erase(page: Page, body_id: str, seat_id: str) -> Response:
    form = page.form(EraseSeatHolder, body_id=body_id, seat_id=seat_id)
    if await page.submit(form):
        return page.redirect(f"/bodies/{body_id}", notice=page._("The name is erased. The seat counts as before."))
    return await _show_seat(page, body_id, seat_id, form)


async def _show_seat(page: Context, body_id: str, seat_id: str, form: Form[Any]) -> Response:
    row = await found(page, body_id)
    seat = next((one for one in row.all_seats if one.seat_id == seat_id), None)
    if seat is None:
        raise HTTPException(404)
    names = await page.read(names_of, {seat.member_id})
    return page.render(
        "bodies/seat.html", form=form, row=row, seat=seat, name=called(page, seat, names), state=seat_words(page, seat),
        kind=BodyKind,
    )  # fmt: skip
