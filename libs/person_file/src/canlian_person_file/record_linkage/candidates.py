"""Which files are like one another, or like what somebody types: kept by each tool that asks, among its own rows.

    ALIKE = alike_among(FederationRow)
    Views("federation", …, projections=[…, *ALIKE.projections])
    await page.read(ALIKE.like, scopes, traits(name, citizen_id, phone, address))
    await page.read(ALIKE.pairs, scopes)

Never all with all: only files that share a key (birth date; sound of the name with the year or with phone or address;
phone or address with the birth date) are compared.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

import sqlalchemy
from sqlalchemy import ColumnElement, and_, false, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from canlian_chassis.projection import Projection
from canlian_chassis.row import Row
from canlian_person_file.record_linkage.comparison_keys import (
    Traits,
)
from canlian_person_file.record_linkage.rows import (
    INDEXED,
    DistinctShape,
    TraitsShape,
    distinct_told,
    in_order,
    table_of,
    traits_told,
)
from canlian_person_file.record_linkage.scoring import Likeness, compare

MOST = 5
"""How many files are proposed to who types."""
_AT_ONCE = 400
_FEW = 5_000
"""Of more files that changed it is quicker to compare all anew."""


class Found(NamedTuple):
    """A file like what was typed."""

    row: TraitsShape
    likeness: Likeness


class Pair(NamedTuple):
    """Two files that may be of one person, the lesser id first."""

    one: str
    other: str
    likeness: Likeness


Ids = tuple[str, str]


@dataclass(slots=True)
class _Queue:
    """All pairs of one database as they were at `position`: ids, points and communities, nothing personal."""

    position: int = 0
    pairs: dict[Ids, tuple[Likeness, str, str]] = field(default_factory=dict)
    """With the community of each of the two."""
    ordered: list[Ids] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Alike:
    """The likeness among a tool's own tables. A scope is a community's code or the beginning of several."""

    row: type[TraitsShape]
    distinct: type[DistinctShape]
    projections: Sequence[Projection]
    queues: WeakKeyDictionary[Any, _Queue] = field(default_factory=WeakKeyDictionary)
    """Of each database that is read; gone with it."""

    def like(self, db: Session, scopes: Sequence[str], wanted: Traits, most: int = MOST) -> list[Found]:
        """The files that may be of whom is typed, the most alike first."""
        row: Any = self.row
        shared = [
            row.sound == wanted.sound if wanted.sound and wanted.birth_date is None else false(),
            and_(row.sound == wanted.sound, row.birth_year == wanted.birth_date.year) if wanted.birth_date else false(),
            row.phone == wanted.phone if wanted.phone else false(),
            row.address == wanted.address if wanted.address else false(),
            row.birth_date == wanted.birth_date if wanted.birth_date else false(),
        ]
        query = select(self.row).where(or_(*shared), _counts(row), within(row, scopes))
        found = (Found(one, compare(one.traits, wanted)) for one in db.exec(query))
        proposed = sorted((one for one in found if one.likeness.proposed), key=_most_alike)
        return proposed[:most]

    def pairs(self, db: Session, scopes: Sequence[str]) -> list[Pair]:
        """All pairs to look at, the most alike first; without those found to be two persons.

        Kept from one time to the next: only who changed since is compared again.
        """
        queue = self.queues.setdefault(db.get_bind(), _Queue())
        with queue.lock:
            self._follow(db, queue)
            found = [(ids, queue.pairs[ids]) for ids in queue.ordered]
        distinct, scopes = self.found_distinct(db), tuple(scopes)
        return [
            Pair(*ids, likeness)
            for ids, (likeness, *places) in found
            if ids not in distinct and all(place.startswith(scopes) for place in places)
        ]

    def _follow(self, db: Session, queue: _Queue) -> None:
        newest = db.scalar(select(func.max(self.row.changed))) or 0
        if newest < queue.position:  # folded anew
            queue.position, queue.pairs = 0, {}
        if newest == queue.position:
            return
        query = select(self.row.person_id).where(col(self.row.changed) > queue.position)
        changed = list(db.exec(query)) if queue.position else []
        if queue.position and len(changed) <= _FEW:
            again = set(changed)
            kept = {ids: known for ids, known in queue.pairs.items() if again.isdisjoint(ids)}
            queue.pairs = kept | self._compared(db, self._sharing(db, changed))
        else:
            queue.pairs = self._compared(db, self._sharing(db))
        queue.ordered = sorted(queue.pairs, key=lambda ids: (-queue.pairs[ids][0].score, *ids))
        queue.position = newest

    def _compared(self, db: Session, pairs: set[Ids]) -> dict[Ids, tuple[Likeness, str, str]]:
        """Those to be proposed."""
        known, found = self._known(db, {one for ids in pairs for one in ids}), {}
        for ids in pairs:
            (one, here), (other, there) = (known[id_] for id_ in ids)
            if (likeness := compare(one, other)).proposed:
                found[ids] = (likeness, here, there)
        return found

    def of(self, db: Session, person_id: str, scopes: Sequence[str]) -> list[Found]:
        """The files that may be of the same person as this one."""
        row = db.get(self.row, person_id)
        if row is None or row.merged_into:
            return []
        distinct = self.found_distinct(db)
        found = self.like(db, scopes, row.traits, MOST + 1)
        return [one for one in found if one.row is not row and in_order(person_id, one.row.person_id) not in distinct]

    def found_distinct(self, db: Session) -> set[tuple[str, str]]:
        return {(row.person_id, row.other) for row in db.exec(select(self.distinct))}

    def _known(self, db: Session, ids: Iterable[str]) -> Mapping[str, tuple[Traits, str]]:
        """Each with its community. Without making rows of them, since most come to nothing."""
        row: Any = self.row
        wanted = sorted(ids)
        known: dict[str, tuple[Traits, str]] = {}
        columns = (row.name, row.sound, row.birth_date, row.phone, row.address, row.citizen_id)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            query = sqlalchemy.select(row.person_id, row.community, *columns).where(row.person_id.in_(some))
            known.update({line[0]: (Traits(*line[2:]), line[1]) for line in db.execute(query)})
        return known

    def _sharing(self, db: Session, among: Sequence[str] | None = None) -> set[Ids]:
        """Pairs of ids worth comparing, the lesser id first; with `among`, those of which one is among them."""
        a: Any = aliased(self.row)
        b: Any = aliased(self.row)
        contact = or_(and_(a.phone != "", a.phone == b.phone), and_(a.address != "", a.address == b.address))
        told_by = [
            and_(a.birth_date == b.birth_date, or_(a.surname == b.surname, a.sound == b.sound, contact)),
            and_(a.sound == b.sound, a.birth_year == b.birth_year, a.sound != ""),
            and_(a.phone == b.phone, a.phone != "", a.surname == b.surname),
            and_(a.address == b.address, a.address != "", a.sound == b.sound),
        ]
        if among is None:
            which = [a.person_id < b.person_id]
        else:
            parts = [among[start : start + _AT_ONCE] for start in range(0, len(among), _AT_ONCE)]
            which = [and_(a.person_id.in_(part), a.person_id != b.person_id) for part in parts]
        pairs: set[Ids] = set()
        for shared in told_by:
            for these in which:
                query = select(a.person_id, b.person_id).where(shared, these, _counts(a), _counts(b))
                pairs.update(in_order(one, other) for one, other in db.exec(query))
        return pairs


def alike_among(base: type[Row]) -> Alike:
    """The likeness with tables of its own, among those of `base`: a tool's own base of rows."""
    row = cast("type[TraitsShape]", table_of("Traits", TraitsShape, base, "likeness", INDEXED))
    distinct = cast("type[DistinctShape]", table_of("Distinct", DistinctShape, base, "found_distinct", ()))
    return Alike(row, distinct, (traits_told(row), distinct_told(distinct)))


def within(row: Any, scopes: Sequence[str]) -> ColumnElement[bool]:
    return or_(false(), *(row.community.startswith(scope, autoescape=True) for scope in scopes))


def _counts(row: Any) -> ColumnElement[bool]:
    """As an expression, so that no database begins with the index of the few that are merged."""
    return func.coalesce(row.merged_into, "") == ""


def _most_alike(found: Found) -> tuple[int, str]:
    return -found.likeness.score, found.row.person_id
