"""Ids in words: who, which service, which community; and what tells one person from another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from canlian_events.terms import Role
from canlian_social_worker.persons.views import PersonRow, erased_among, person_names
from canlian_social_worker.shared.communities import communities_of
from canlian_social_worker.shared.services import Offer, offers
from canlian_social_worker.shared.workers import worker_names
from canlian_web.language.event_labels import say_roles
from canlian_web.language.term_labels import say
from canlian_web.page import Context


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
        worded = say_roles(actor, page.lang)
        name = None if roles == Role.RESIDENT else self.workers.get(id)
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


def about(row: PersonRow, page: Context) -> str:
    """`女 · 1954年生 · 肢体二级`: what helps to tell one person from another."""
    grade = say(row.grade, page.lang) if row.grade else page._("no grade yet")
    parts = (
        say(row.sex, page.lang),
        page._("born %(year)s", year=row.birth_year),
        f"{say(row.disability, page.lang)} {grade}",
    )
    return " · ".join(parts)
