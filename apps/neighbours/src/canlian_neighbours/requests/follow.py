"""Following a request: by its number alone, or signed in as the person who asked, who may also close and reopen it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from canlian_events.assistance.ask_number import read_number, shown_number
from canlian_events.assistance.need import CloseNeed, ReopenNeed
from canlian_events.catalog.referral import WithdrawReferral
from canlian_events.core import Command
from canlian_events.terms import NeedCloseReason, Role
from canlian_neighbours.my_file.own_file import own_file
from canlian_neighbours.requests.timeline import told
from canlian_neighbours.shared.queries import Followed, followed, ids_of
from canlian_person_file.disclosure import File
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page, require

router = APIRouter()
own = [require(Role.RESIDENT)]

WHY_AGAIN = {
    "not_solved": N_("The trouble is still there"),
    "came_back": N_("It was better, but it came back"),
    "changed_mind": N_("I need it after all"),
}
_WHY_AGAIN_KEPT = {
    "not_solved": "问题没有解决 (the trouble is still there)",
    "came_back": "问题又出现了 (it came back)",
    "changed_mind": "本人还是需要 (needed after all)",
}
"""What the event holds: a choice and no free words, since the field is not sealed."""


class Close(BaseModel):
    reason: Literal[NeedCloseReason.MET, NeedCloseReason.WITHDRAWN]


class Reopen(BaseModel):
    why: Literal["not_solved", "came_back", "changed_mind"]


class CallOff(BaseModel):
    why_not: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


@router.get("/needs/{number}")
async def need(page: Page, number: str) -> Response:
    return await show(page, await find(page, number), page.blank())


@router.get("/needs/{number}/close", dependencies=own)
async def may_close(page: Page, number: str) -> Response:
    return choose(page, await find_own(page, number), page.blank())


@router.post("/needs/{number}/close", dependencies=own)
async def close(page: Page, number: str) -> Response:
    found = await find_own(page, number)
    form = page.form(Close)
    if await page.submit(form, lambda said: CloseNeed(need_id=found.need.need_id, reason=said.reason)):
        return page.redirect(f"/needs/{found.need.number}", notice=page._("Thank you. The request is closed."))
    return choose(page, found, form)


@router.post("/needs/{number}/reopen", dependencies=own)
async def reopen(page: Page, number: str) -> Response:
    found = await find_own(page, number)
    form = page.form(Reopen)

    def again(said: Reopen) -> Command:
        return ReopenNeed(need_id=found.need.need_id, why=_WHY_AGAIN_KEPT[said.why])

    if await page.submit(form, again):
        return page.redirect(f"/needs/{found.need.number}", notice=page._("The request is open again."))
    return choose(page, found, form)


@router.post("/needs/{number}/call-off", dependencies=own)
async def call_off(page: Page, number: str) -> Response:
    """No longer wants the service they were sent to. The request itself stays open."""
    found = await find_own(page, number)
    referral_id = found.open_referral
    if referral_id is None:
        return page.redirect(f"/needs/{found.need.number}", notice=page._("The service has already ended."))
    form = page.form(CallOff)
    if await page.submit(form, lambda said: WithdrawReferral(referral_id=referral_id, why=said.why_not)):
        return page.redirect(
            f"/needs/{found.need.number}", notice=page._("The service is called off. Your worker looks further.")
        )
    return choose(page, found, form)


async def find(page: Context, number: str) -> Followed:
    """Raises 404 where there is no such request."""
    read = read_number(number)
    found = await page.read(followed, read) if read else None
    if found is None:
        raise HTTPException(404)
    return found


async def find_own(page: Context, number: str) -> Followed:
    """A request of the resident who is signed in; another's is as good as none."""
    found = await find(page, number)
    if not await _is_own(page, found):
        raise HTTPException(404)
    return found


async def _is_own(page: Context, found: Followed) -> bool:
    return found.need.person_id in await page.read(ids_of, page.actor.id)


async def show(page: Context, found: Followed, form: Form[Any]) -> Response:
    is_own = page.actor.holds(Role.RESIDENT) and await _is_own(page, found)
    return page.render(
        "requests/need.html",
        form=form,
        found=found,
        shown=shown_number(found.need.number),
        steps=told(found.steps, found.services, page.texts),
        own=is_own,
        file=await own_file(page, words=found.need.words) if is_own else File({"words": None}),
    )


def choose(page: Context, found: Followed, form: Form[Any]) -> Response:
    """The page to close, reopen or call off, whichever fits."""
    return page.render(
        "my_file/change.html",
        form=form,
        found=found,
        shown=shown_number(found.need.number),
        why_again=[(code, page._(text)) for code, text in WHY_AGAIN.items()],
    )
