"""Asking for help: one page, no account needed, then a number."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, BeforeValidator, StringConstraints
from starlette.responses import Response

from canlian_events.assistance.ask_number import ask_number, read_number, shown_number
from canlian_events.assistance.need import RaiseNeed
from canlian_events.ids import CommunityCode
from canlian_events.terms import Channel, Domain, Role, Urgency
from canlian_neighbours.requests.rate_limit import Limit, address_of
from canlian_neighbours.shared.queries import community_name, open_communities, person
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter()

Phone = Annotated[
    str,
    BeforeValidator(lambda typed: unicodedata.normalize("NFKC", str(typed))),
    StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 ()\-]{4,22}$"),
]
LONGEST = 2000
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST)]


class Ask(BaseModel):
    """The form. Whoever chooses something else than the nine domains says in words what it is."""

    community: CommunityCode
    about: Domain | Literal["other"]
    words: Words | None = None
    urgency: Urgency
    contact: Phone | None = None

    @property
    def domain(self) -> Domain | None:
        return self.about if isinstance(self.about, Domain) else None


@router.get("/ask")
async def blank(page: Page, about: str | None = None) -> Response:
    return await show(page, page.blank(about=about, urgency=Urgency.NORMAL))


@router.post("/ask")
async def ask(page: Page) -> Response:
    need_id, asker_id = page.new_id("need"), page.new_id("asker")
    resident = page.actor.holds(Role.RESIDENT)
    home = await page.read(person, page.actor.id) if resident else None
    form = page.form(Ask, **({"community": home.community} if home else {}))
    _word(page, form)
    if form.ok and not page.signed_in and not _may_ask(page):
        form.refusal = page._(
            "Many requests came from your network within an hour. What you wrote is still here: "
            "send it again in a while, or call your community or 12385."
        )
        return await show(page, form, status=429)
    who = page.actor.id if resident else asker_id

    def raised(asked: Ask) -> RaiseNeed:
        return RaiseNeed(
            need_id=need_id,
            person_id=who,
            community=asked.community,
            channel=Channel.NEIGHBOURS,
            domain=asked.domain,
            words=asked.words,
            contact=asked.contact,
            urgency=asked.urgency,
        )

    if await page.submit(form, raised):
        called = "1" if form.value.contact or resident else None
        return page.redirect(page.url(f"/asked/{ask_number(need_id)}", call=called))
    return await show(page, form)


@router.get("/asked/{number}")
async def asked(page: Page, number: str, call: bool = False) -> Response:
    """What happens next. Says nothing of the request, so it needs no look at the view."""
    read = read_number(number)
    if read is None:
        raise HTTPException(404)
    return page.render("requests/asked.html", number=read, shown=shown_number(read), call=call)


async def show(page: Context, form: Form[Ask], status: int | None = None) -> Response:
    home = await page.read(person, page.actor.id) if page.actor.holds(Role.RESIDENT) else None
    return page.render(
        "requests/ask.html",
        status=status,
        form=form,
        home=await page.read(community_name, home.community) if home else None,
        communities=await page.read(open_communities),
    )


def _may_ask(page: Context) -> bool:
    limit: Limit = page.request.app.state.asks
    return limit.allows(address_of(page.request), page.command_id)


def _word(page: Context, form: Form[Ask]) -> None:
    """Says what to do in words that fit this form."""
    _ = page._
    worded = {
        "about": _("Choose a picture. If none fits, choose “Something else”"),
        "words": _("Use at most %(number)s characters", number=LONGEST),
        "urgency": _("Say whether it is urgent"),
        "community": _("Choose the community you live in"),
        "contact": _("Check the phone number: write digits only, such as 13800001111"),
    }
    # in the order in which the page asks
    form.errors = {name: text for name, text in worded.items() if name in form.errors}
    if form.made and form.made.domain is None and not form.made.words:
        form.errors["words"] = _("Write in a few words what you need")
