"""The index behind `why`: a row an event, with its cause, so that what followed from it can be found.

class FederationRow(Row):
    metadata = MetaData()

TRAIL = trail(FederationRow)
VIEWS = Views("federation", version=1, rows=FederationRow, projections=[TRAIL.projection, ...])
found = await runner.read(TRAIL.of, "41")
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import BigInteger, DateTime, or_
from sqlmodel import Field, Session, col, select

from canlian_chassis.log.jetstream import MAX_BATCH
from canlian_chassis.projection import Projection
from canlian_chassis.row import Row
from canlian_events.core import Event
from canlian_events.language import EVENTS
from canlian_events.meta import Meta
from canlian_events.registry.showing import FileShown
from canlian_overview.tree import Happened, Step, grow, veiled

TREES = 20
"""How many trees are shown at once of somebody who is in more."""
LARGEST = 500
"""How many events of one tree are shown; what lies deeper is left out."""
_AT_ONCE = 400
_DIGITS = 18
"""A longer number is no position. A shorter one may still be a community's code."""


class EventRow(Row):
    """A shape: `trail(base)` makes a tool's own table of it."""

    event_id: str = Field(primary_key=True)
    position: int = Field(sa_type=BigInteger, index=True)
    type: str
    aggregate_id: str = Field(index=True)
    about: str | None = Field(default=None, index=True)
    """The person it concerns, where that is not the aggregate itself."""
    community: str
    command: str
    cause: str | None = Field(default=None, index=True)
    actor: str
    said_at: datetime = Field(sa_type=cast(Any, DateTime(timezone=True)))
    at: datetime = Field(sa_type=cast(Any, DateTime(timezone=True)))


@dataclass(frozen=True, slots=True)
class Found:
    """Trees, the oldest first, and how many more there are. `whole`: no event of theirs is left out.

    Where there are none, `elsewhere` is the community that the reader may not look into.
    """

    trees: Sequence[Step]
    more: int = 0
    whole: bool = True
    elsewhere: str | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """One tool's index. `may_see(community)` says where the reader may look; everywhere, unless given."""

    table: type[EventRow]
    projection: Projection

    def of(
        self, db: Session, what: str, may_see: Callable[[str], bool] = lambda _: True, trees: int = TREES
    ) -> Found | None:
        """The trees that an event is in (given by id or position), or a person or anything else with an id.

        A person's are those of the person's needs, visits and referrals too, but not who looked at the file. None where
        there is nothing by that name; no trees where there is, but in communities the reader may not see.
        """
        hits = self._named(db, what)
        if not hits:
            return None
        known = {row.event_id: row for row in hits if may_see(row.community)}
        if not known:
            return Found([], elsewhere=hits[0].community)
        roots = sorted(self._climb(db, known), key=lambda row: row.position)
        commands = list(dict.fromkeys((row.cause, row.command) for row in roots))
        shown = set(commands[:trees])
        first = [row for row in roots if (row.cause, row.command) in shown]
        whole = self._descend(db, first, known)
        grown = grow(map(_happened, known.values()))
        found = [veiled(step, may_see) for step in grown if (step.first.cause, step.first.command) in shown]
        return Found(found, len(commands) - len(shown), whole)

    def _named(self, db: Session, what: str) -> list[EventRow]:
        table = self.table
        if what.isdecimal() and len(what) <= _DIGITS:
            at = list(db.exec(select(table).where(col(table.position) == int(what))))
            if at:
                return at
        if one := db.get(table, what):
            return [one]
        of_it = list(db.exec(select(table).where(or_(col(table.aggregate_id) == what, col(table.about) == what))))
        of_it = [row for row in of_it if row.type != FileShown.type]
        theirs = {row.aggregate_id for row in of_it if row.about == what}
        return of_it + self._where(db, table.aggregate_id, theirs)

    def _climb(self, db: Session, known: dict[str, EventRow]) -> list[EventRow]:
        """From what is known up to the beginnings; what lies between becomes known too."""
        roots, level = [], list(known.values())
        while level:
            causes = {row.cause for row in level if row.cause} - known.keys()
            above = self._where(db, self.table.event_id, causes)
            known |= {row.event_id: row for row in above}
            roots += [row for row in level if not row.cause or row.cause not in known]
            level = above
        return roots

    def _descend(self, db: Session, roots: list[EventRow], known: dict[str, EventRow]) -> bool:
        """Everything that followed becomes known; False where there was too much of it."""
        level = {row.event_id: row for root in roots for row in self._beside(db, root)}
        most = len(known) + LARGEST * max(1, len(roots))
        while level:
            known |= level
            if len(known) >= most:
                return False
            level = {row.event_id: row for row in self._where(db, self.table.cause, level.keys())}
        return True

    def _beside(self, db: Session, row: EventRow) -> Iterable[EventRow]:
        """The events of the same command: one batch, so they lie next to it in the log."""
        table = self.table
        near = col(table.position).between(row.position - MAX_BATCH, row.position + MAX_BATCH)
        return db.exec(select(table).where(near, col(table.command) == row.command))

    def _where(self, db: Session, column: Any, values: Iterable[str]) -> list[EventRow]:
        wanted = sorted(values)
        some = (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
        return [row for part in some for row in db.exec(select(self.table).where(col(column).in_(part)))]


@cache
def trail(base: type[Row]) -> Trail:
    """The index with a table of its own, among those of `base`: a tool's own base of rows."""
    names = {"__tablename__": "trail", "__module__": base.__module__, "__doc__": EventRow.__doc__}
    name = f"{base.__name__.removesuffix('Row')}EventRow"
    made = types.new_class(name, (EventRow, base), {"table": True}, lambda space: space.update(names))
    table = cast("type[EventRow]", made)

    def happened(_row: EventRow | None, event: Event, meta: Meta) -> EventRow:
        return table(
            event_id=meta.id,
            position=meta.position,
            type=event.type,
            aggregate_id=event.aggregate_id,
            about=_about(event),
            community=meta.community,
            command=meta.command,
            cause=meta.cause,
            actor=meta.actor,
            said_at=meta.said_at.astimezone(UTC),
            at=meta.at,
        )

    return Trail(
        table,
        Projection("trail", table, frozenset(EVENTS.values()), lambda _: None, happened, by=lambda meta: meta.id),
    )


def _about(event: Event) -> str | None:
    concerned = getattr(event, "person_id", None) or event.data_subject
    return None if concerned == event.aggregate_id else concerned


def _happened(row: EventRow) -> Happened:
    return Happened(
        row.event_id,
        row.position,
        row.type,
        row.aggregate_id,
        row.about,
        row.community,
        row.command,
        row.cause,
        row.actor,
        _utc(row.said_at),
        _utc(row.at),
    )


def _utc(moment: datetime) -> datetime:
    """SQLite gives back what it was given in UTC without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
