"""Who looked at a person's file: one row a showing, for the pages that list them.

    LOOKED = looked_at(FederationRow)
    Views("federation", …, projections=[…, LOOKED.projection])
    await page.read(LOOKED.of, person_id)

The rows outlive the person: once the person is erased the words are gone, and who looked when at what stays.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import JSON, ColumnElement, DateTime, false, func, or_
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import Projection, projection
from canlian_chassis.row import Row
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.showing import FileShown
from canlian_events.terms import FileField, Role, ShownFor
from canlian_web.language.i18n import Lang
from canlian_web.language.term_labels import say
from canlian_web.page import Context

NEWEST = 20
"""How many showings a page lists."""


class Shape(Row):
    """`actor` is the stamp `role+role:id`; `what` are codes of FileField."""

    showing_id: str = Field(primary_key=True)
    position: int
    at: datetime = Field(sa_type=DateTime(timezone=True))
    person_id: str = Field(index=True)
    community: str
    actor: str
    what: list[str] = Field(default_factory=list, sa_type=JSON)
    why: str
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """The showings among a tool's own tables."""

    row: type[Shape]
    projection: Projection

    def of(self, db: Session, *person_ids: str, limit: int = NEWEST, own: bool = True) -> tuple[Sequence[Shape], int]:
        """The newest of this person's file, the newest first; and how many there are. `own`: with the person's own.

        Several ids are those of one person's merged files.
        """
        where: list[ColumnElement[bool]] = [col(self.row.person_id).in_(person_ids)]
        if not own:
            where.append(col(self.row.why) != ShownFor.OWN.value)
        return self._newest(db, where, limit, 0)

    def among(
        self, db: Session, scopes: Sequence[str], *, person: str = "", actor: str = "", limit: int = 100, skip: int = 0
    ) -> tuple[Sequence[Shape], int]:
        """Those in some communities (codes, or what they begin with), of one person or by one account if named."""
        where = [or_(false(), *(col(self.row.community).startswith(scope, autoescape=True) for scope in scopes))]
        if person:
            where.append(col(self.row.person_id) == person)
        if actor:
            where.append(col(self.row.actor).endswith(f":{actor}", autoescape=True))
        return self._newest(db, where, limit, skip)

    def _newest(
        self, db: Session, where: Sequence[ColumnElement[bool]], limit: int, skip: int
    ) -> tuple[Sequence[Shape], int]:
        number = db.exec(select(func.count()).select_from(self.row).where(*where)).one()
        query = select(self.row).where(*where).order_by(col(self.row.position).desc()).limit(limit).offset(skip)
        return db.exec(query).all(), number


def looked_at(base: type[Row]) -> Looked:
    """A tool's own table of showings, and the projection that fills it."""
    names = {"__module__": base.__module__, "__tablename__": "showing"}
    made = types.new_class("ShowingRow", (Shape, base), {"table": True}, lambda space: space.update(names))
    row = cast("type[Shape]", made)

    @projection(row, key=lambda event: event.showing_id)
    def showings(_: Shape | None, event: FileShown, meta: Meta) -> Shape:
        return row(
            showing_id=event.showing_id,
            position=meta.position,
            at=meta.said_at,
            person_id=event.person_id,
            community=meta.community,
            actor=meta.actor,
            what=[field.value for field in FileField if field in event.what],
            why=event.why.value,
            words=opened(event.words),
        )

    return Looked(row, showings)


@dataclass(frozen=True, slots=True)
class Seen:
    """One showing in words, as `ui.looked` lists it."""

    at: datetime
    person_id: str
    account: str
    who: str
    role: str
    what: list[FileField]
    why: ShownFor
    words: str | None

    def as_step(self, lang: Lang) -> dict[str, Any]:
        """For `ui.timeline`, where a table is too wide."""
        why = " · ".join(part for part in (say(self.why, lang), self.words) if part)
        return {"at": self.at, "what": say(self.what, lang), "note": why, "who": f"{self.who} · {self.role}"}


def in_words(page: Context, rows: Iterable[Shape], name: Callable[[str], str | None]) -> list[Seen]:
    """`name` gives the name of an account, None where it has none that can be read: the account's id stands there."""
    found = []
    for row in rows:
        roles, _, id_ = row.actor.partition(":")
        held = [Role(role) for role in roles.split("+") if role in list(Role)]
        who = page._("the person") if held == [Role.RESIDENT] else name(id_) or id_
        what = [FileField(code) for code in row.what]
        found.append(Seen(row.at, row.person_id, id_, who, say(held, page.lang), what, ShownFor(row.why), row.words))
    return found
