"""What the pages of this tool share: who may see them, one's own records, names, and refusals beside their field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeVar

from fastapi import HTTPException
from pydantic import BaseModel
from sqlmodel import Session

from canlian_chassis.bus.client import Accepted, NotAllowed
from canlian_events.core import COMMANDS, Command
from canlian_events.terms import Role
from canlian_social_worker.views.persons import PersonRow, erased_among, person_names
from canlian_social_worker.views.places import communities_of
from canlian_social_worker.views.services import Offer, offers
from canlian_social_worker.views.workers import WorkerRow, worker_names
from canlian_web.forms import Form
from canlian_web.language.term_labels import say
from canlian_web.page import Context, require

WORKERS = (Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.DIRECTOR, Role.STAFF)
for_workers = require(*WORKERS)
REACHING = (Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.STAFF)
"""Who may see how to reach somebody: those who call and visit. A director sees names only."""
for_reaching = require(*REACHING)


class Somewhere(Protocol):
    community: str


R = TypeVar("R", bound=Somewhere)
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Names:
    """Ids in words. Who has no name that can be read is said to be sealed by the page, where it gets None."""

    persons: Mapping[str, str]
    workers: Mapping[str, str]
    offers: Mapping[str, Offer]
    communities: Mapping[str, str]
    erased: frozenset[str] = frozenset()
    """Who has no name because they were erased."""

    def person(self, person_id: str) -> str | None:
        return self.persons.get(person_id)

    def worker(self, worker_id: str | None) -> str | None:
        return self.workers.get(worker_id, worker_id[:14]) if worker_id else None

    def service(self, service_id: str | None) -> str | None:
        offer = self.offers.get(service_id or "")
        return offer.name if offer else service_id

    def provider(self, service_id: str | None) -> str | None:
        offer = self.offers.get(service_id or "")
        return offer.provider if offer else None

    def community(self, code: str) -> str:
        return self.communities.get(code, code)

    def who(self, actor: str, page: Context) -> str:
        """Who did something, from an event's stamp `role+role:id`."""
        roles, _, id = actor.partition(":")
        worded = say([Role(role) for role in roles.split("+") if role in list(Role)], page.lang)
        if roles == Role.RESIDENT:
            return page._("the person")
        name = self.workers.get(id)
        return page._("%(name)s (%(role)s)", name=name, role=worded) if name else worded


def read_names(db: Session, scopes: Sequence[str], persons: Iterable[str]) -> Names:
    communities = {row.community: row.name for row in communities_of(db, scopes)}
    wanted = frozenset(persons)
    return Names(person_names(db, wanted), worker_names(db), offers(db), communities, erased_among(db, wanted))


async def names_for(page: Context, *rows: Any) -> Names:
    """The names that a page about these rows, or lists of rows, needs."""
    ids: set[str] = set()
    for row in rows:
        ids |= {one.person_id for one in row} if isinstance(row, Sequence) else {row.person_id} if row else set()
    return await page.read(read_names, page.actor.communities, ids)


async def own(page: Context, query: Callable[[Session, str], R | None], id: str) -> R:
    """The record, where it is of one of the actor's communities. Raises 404, or NotAllowed."""
    row = await page.read(query, id)
    if row is None:
        raise HTTPException(404)
    if not page.actor.covers(row.community):
        raise NotAllowed("wrong_community", {"community": row.community})
    return row


def worker_choices(page: Context, workers: Iterable[WorkerRow]) -> list[tuple[str, str]]:
    """Workers for a select: the name and what they are."""
    return [
        (worker.worker_id, f"{worker.name or worker.worker_id} · {say(worker.kind, page.lang)}") for worker in workers
    ]


def choices(page: Context, codes: Iterable[Enum]) -> list[tuple[str, str]]:
    """Some of a table's codes, as `options` gives all of them."""
    return [(str(code.value), say(code, page.lang)) for code in codes]


def may(page: Context, community: str) -> Callable[[str], bool]:
    """For templates: `may("AssignNeed")`, whether to offer a command at all."""
    return lambda command: page.actor.may_act_in(COMMANDS[command], community)


def may_reach(page: Context) -> bool:
    """Whether to offer phone numbers and addresses."""
    return page.actor.holds(*REACHING)


async def community_choices(page: Context) -> list[tuple[str, str]]:
    """The actor's communities, for a select."""
    rows = await page.read(communities_of, page.actor.communities)
    return [(row.community, row.name) for row in rows]


async def submit_by_field(
    page: Context, form: Form[M], fields: Mapping[str, str], command: Callable[[M], Command] | None = None
) -> Accepted | None:
    """`page.submit`, with a refusal about one field (code → field) shown beside that field."""
    return await page.submit(form, command, fields=fields)


def about(row: PersonRow, page: Context) -> str:
    """`女 · 1954年生 · 肢体二级`: what helps to tell one person from another."""
    grade = say(row.grade, page.lang) if row.grade else page._("no grade yet")
    parts = (
        say(row.sex, page.lang),
        page._("born %(year)s", year=row.birth_year),
        f"{say(row.disability, page.lang)} {grade}",
    )
    return " · ".join(parts)
