"""Who may see which page and record, and what they are offered to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from fastapi import HTTPException
from sqlmodel import Session

from canlian_chassis.bus.client import NotAllowed
from canlian_events.core import COMMANDS
from canlian_events.terms import Role
from canlian_web.page import Context, require

WORKERS = (Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.DIRECTOR, Role.STAFF)
for_workers = require(*WORKERS)
REACHING = (Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.STAFF)
"""Who may see how to reach somebody: those who call and visit. A director sees names only."""
for_reaching = require(*REACHING)


class HasCommunity(Protocol):
    community: str


R = TypeVar("R", bound=HasCommunity)


async def in_scope(page: Context, query: Callable[[Session, str], R | None], id: str) -> R:
    """The record, where it is of one of the actor's communities. Raises 404, or NotAllowed."""
    row = await page.read(query, id)
    if row is None:
        raise HTTPException(404)
    if not page.actor.covers(row.community):
        raise NotAllowed("wrong_community", {"community": row.community})
    return row


def may(page: Context, community: str) -> Callable[[str], bool]:
    """For templates: `may("AssignNeed")`, whether to offer a command at all."""
    return lambda command: page.actor.may_act_in(COMMANDS[command], community)


def may_reach(page: Context) -> bool:
    """Whether to offer phone numbers and addresses."""
    return page.actor.holds(*REACHING)
