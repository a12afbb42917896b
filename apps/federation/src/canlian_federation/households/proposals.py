"""Households that there might be, found by equal addresses: confirmed or declined, one by one or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_chassis.bus.client import Refused
from canlian_events.core import Command
from canlian_events.registry.household import AddMember, DeclineHousehold, FormHousehold
from canlian_events.terms import FileField
from canlian_federation.households.pages import CHANGING
from canlian_federation.households.views import (
    MOST_AT_HOME,
    Proposal,
    at_the_same_address,
    household_of,
    people_by_id,
    proposals,
)
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.access import places_of, scopes_of
from canlian_person_file.reveal_field import reveal
from canlian_web.forms import Form
from canlian_web.page import Context, Page, require
from canlian_web.paging import At, pages_of

router = APIRouter(prefix="/households", dependencies=[require(*CHANGING)])
SHOWN = 50
"""Proposals on one page, and so as many as are confirmed at once."""
Refusals = Sequence[tuple[Proposal, str]]


@router.get("/proposals")
async def proposed(page: Page, community: str = "", alone: str = "", at: At = 1, tick: str = "") -> Response:
    return await _show(page, community, alone, at, page.blank(), tick=bool(tick))


@router.post("/proposals")
async def decide(page: Page, community: str = "", alone: str = "", at: At = 1) -> Response:
    """Those that are ticked: `confirm` makes them households, `decline` says that they are none."""
    form = page.blank(**page.typed)
    wanted, declining = set(form.chosen("chosen")), form.text("what") == "decline"
    there = await page.read(proposals, scopes_of(page, community or None), alone=bool(alone))
    found = [one for one in there if one.proposal_id in wanted]
    if not found:
        form.errors["chosen"] = page._("Tick at least one household")
        return await _show(page, community, alone, at, form)
    refused = await _send(page, found, declining)
    if refused:
        return await _show(page, community, alone, at, page.blank(), refused=refused)
    number = len(found)
    notice = page._("%(number)s declined.", number=number) if declining else page._("%(number)s formed.", number=number)
    return page.redirect(_address(page, community, alone), notice=notice)


async def _send(page: Context, found: Sequence[Proposal], declining: bool) -> Refusals:
    """What was refused, and why; the others are done."""
    refused: list[tuple[Proposal, str]] = []
    for one in found:
        try:
            for command in commands_for(one, declining):
                await page.send(command, wait=one is found[-1])
        except Refused as refusal:
            refused.append((one, await page.say(refusal)))
    return refused


def commands_for(proposal: Proposal, declining: bool) -> Iterable[Command]:
    """What confirming or declining a proposal comes to."""
    persons = tuple(proposal.persons)
    if declining:
        yield DeclineHousehold(household_id=proposal.proposal_id, community=proposal.community, persons=persons)
    elif proposal.joins:
        yield from (AddMember(household_id=proposal.joins, person_id=person_id) for person_id in persons)
    else:
        yield FormHousehold(household_id=proposal.proposal_id, community=proposal.community, persons=persons)


async def _show(
    page: Context, community: str, alone: str, at: int, form: Form[Any], *, tick: bool = False, refused: Refusals = ()
) -> Response:
    found = await page.read(proposals, scopes_of(page, community or None), alone=bool(alone))
    pages = pages_of(len(found), SHOWN)
    at = min(max(at, 1), pages)
    shown = found[(at - 1) * SHOWN : at * SHOWN]
    people = await page.read(
        people_by_id, [person for one in [*shown, *(one for one, _ in refused)] for person in one.persons]
    )
    return page.render(
        "households/proposals.html",
        status=409 if refused else None,
        form=form,
        found=shown,
        number=len(found),
        refused=[(_called(page, one, people), why) for one, why in refused],
        called=lambda one: _called(page, one, people),
        ticked=lambda one: one.proposal_id in form.chosen("chosen") or (tick and not one.vague),
        places=await places_of(page),
        filters=page.blank(community=community, alone="1" if alone else ""),
        most=MOST_AT_HOME,
        action=page.url(_address(page, community, alone), at=at if at > 1 else None),
        tick_all=page.url("/households/proposals", community=community or None, alone=alone or None, at=at, tick="1"),
        at=at,
        pages=pages,
        address=lambda **more: page.url(
            "/households/proposals", community=community or None, alone=alone or None, **more
        ),
    )


def _address(page: Context, community: str, alone: str) -> str:
    whole = page.url("/households/proposals", community=community or None, alone=alone or None)
    return whole.removeprefix(page.tool.prefix)


def _called(page: Context, proposal: Proposal, people: dict[str, PersonEntry]) -> str:
    known = [people.get(person) for person in proposal.persons]
    return "、".join((one.name if one else None) or page._("sealed") for one in known)


@router.get("/proposals/address/{person_id}")
async def address(page: Page, person_id: str) -> Response:
    entry = await _person(page, person_id)
    return await reveal(
        page,
        person_id,
        entry.community,
        "/households/proposals",
        FileField.ADDRESS.value,
        entry.address,
        title=page._("Address of %(name)s", name=entry.name or page._("sealed")),
    )


@router.get("/new")
async def new(page: Page, person: str = "") -> Response:
    """A household of one person, and of who else is registered at the address."""
    entry = await _person(page, person)
    if row := await page.read(household_of, person):
        return page.redirect(f"/households/{row.household_id}")
    others = await page.read(at_the_same_address, person)
    return await _ask(page, entry, page.blank(persons=others))


@router.post("/new")
async def form_household(page: Page, person: str = "") -> Response:
    entry = await _person(page, person)
    chosen = page.blank(**page.typed).chosen("persons")
    form = page.form(
        FormHousehold,
        household_id=page.new_id("household"),
        community=entry.community,
        persons=(person, *(one for one in chosen if one != person)),
    )
    if await page.submit(form):
        return page.redirect(f"/households/{form.value.household_id}", notice=page._("The household is formed."))
    return await _ask(page, entry, form)


async def _ask(page: Context, entry: PersonEntry, form: Form[Any]) -> Response:
    others = await page.read(at_the_same_address, entry.person_id)
    people = await page.read(people_by_id, others)
    choices = [(id_, people[id_].name or page._("sealed")) for id_ in others if id_ in people]
    return page.render("households/form_household.html", form=form, entry=entry, others=choices)


async def _person(page: Context, person_id: str) -> PersonEntry:
    entry = (await page.read(people_by_id, [person_id])).get(person_id)
    if entry is None:
        raise HTTPException(404)
    scopes_of(page, entry.community)
    return entry
