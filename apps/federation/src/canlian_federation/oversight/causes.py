"""Why something happened and what followed: the trees of causes and effects that an event or a person is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from canlian_chassis.bus.client import NotAllowed
from canlian_federation.shared.access import for_looking, places_of, scopes_of
from canlian_federation.shared.names import account_names
from canlian_federation.shared.rows import TRAIL
from canlian_overview.tree import Happened, Step
from canlian_web.language.event_labels import say_event, say_gap, say_who
from canlian_web.language.i18n import Lang
from canlian_web.page import Page

router = APIRouter(prefix="/why", dependencies=[for_looking])


@dataclass(frozen=True, slots=True)
class Line:
    """An event as it is shown, and what policies did because of it."""

    event: Happened
    what: str
    asked: bool
    then: list[Shown]


@dataclass(frozen=True, slots=True)
class Shown:
    """A step as it is shown: `when` for the beginning of a tree, `gap` after its cause for what followed."""

    who: str | None
    when: datetime | None
    gap: str
    lines: list[Line]


@router.get("")
async def ask(page: Page, of: str = "") -> Response:
    if of.strip():
        return page.redirect(f"/why/{quote(of.strip(), safe='')}")
    return page.render("oversight/causes.html", of="", trees=[], found=None, places={})


@router.get("/{of}")
async def why(page: Page, of: str) -> Response:
    scopes = scopes_of(page)
    found = await page.read(TRAIL.of, of, lambda community: community.startswith(tuple(scopes)))
    if found and found.elsewhere:
        raise NotAllowed("wrong_community", {"community": found.elsewhere})
    places = await places_of(page)
    names = await page.read(account_names)
    trees = [shown(tree, of, page.lang, names) for tree in found.trees] if found else []
    return page.render(
        "oversight/causes.html", status=200 if found else 404, of=of, trees=trees, found=found, places=places
    )


def shown(step: Step, of: str, lang: Lang, names: Mapping[str, str], cause: Happened | None = None) -> Shown:
    """A tree in words. Of what happened elsewhere nothing is said of who did it."""
    lines = [
        Line(
            node.event,
            say_event(node.event.type, lang),
            of in node.event.ids,
            [shown(then, of, lang, names, node.event) for then in node.then],
        )
        for node in step.nodes
    ]
    actor = next((event.actor for event in (line.event for line in lines) if event.seen), None)
    return Shown(
        say_who(actor, lang, names) if actor else None,
        None if cause else step.first.said_at,
        say_gap(step.first.at - cause.at, lang) if cause else "",
        lines,
    )
