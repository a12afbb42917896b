"""Which files are like one another, or like what somebody types: kept by each tool that asks, among its own rows.

    ALIKE = alike_among(FederationRow)
    Views("federation", …, projections=[…, *ALIKE.projections])
    await page.read(ALIKE.like, scopes, traits(name, citizen_id, phone, address))
    await page.read(ALIKE.pairs, scopes)

Never all with all: only files that share a key (birth date; sound of the name with the year or with phone or address;
phone or address with the birth date) are compared.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, cast

import sqlalchemy
from sqlalchemy import ColumnElement, Index, and_, false, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import Projection, projection
from canlian_chassis.row import Row
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.duplicates import FoundDistinct, MergedInto, MergedIntoUndone
from canlian_events.registry.person import (
    PersonCorrected,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_web.likeness.scoring import Likeness, compare
from canlian_web.likeness.traits import Traits, address_key, born, name_key, phone_key, plain, sound_of

MOST = 5
"""How many files are proposed to who types."""
_AT_ONCE = 400


class TraitsShape(Row):
    """Texts are "" where nothing is known or can be read."""

    person_id: str = Field(primary_key=True)
    community: str = Field(index=True)
    name: str = ""
    surname: str = ""
    sound: str = ""
    birth_date: date | None = None
    birth_year: int
    phone: str = ""
    address: str = ""
    citizen_id: str = ""
    merged_into: str | None = Field(default=None, index=True)

    @property
    def traits(self) -> Traits:
        return Traits(self.name, self.sound, self.birth_date, self.phone, self.address, self.citizen_id)


class DistinctShape(Row):
    """A pair found to be two persons; `person_id` is the lesser of the ids."""

    person_id: str = Field(primary_key=True)
    other: str = Field(primary_key=True)


class Found(NamedTuple):
    """A file like what was typed."""

    row: TraitsShape
    likeness: Likeness


class Pair(NamedTuple):
    """Two files that may be of one person."""

    one: TraitsShape
    other: TraitsShape
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Alike:
    """The likeness among a tool's own tables. A scope is a community's code or the beginning of several."""

    row: type[TraitsShape]
    distinct: type[DistinctShape]
    projections: Sequence[Projection]

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
        """All pairs to look at, the most alike first; without those found to be two persons."""
        ids = self._sharing(db, scopes) - self.found_distinct(db)
        known = self._known(db, {one for pair in ids for one in pair})
        found = {pair: likeness for pair in ids if (likeness := compare(known[pair[0]], known[pair[1]])).proposed}
        rows = self._rows(db, {one for pair in found for one in pair})
        pairs = (Pair(rows[one], rows[other], likeness) for (one, other), likeness in found.items())
        return sorted(pairs, key=_most_alike_pair)

    def of(self, db: Session, person_id: str, scopes: Sequence[str]) -> list[Found]:
        """The files that may be of the same person as this one."""
        row = db.get(self.row, person_id)
        if row is None or row.merged_into:
            return []
        distinct = self.found_distinct(db)
        found = self.like(db, scopes, row.traits, MOST + 1)
        return [one for one in found if one.row is not row and in_order(person_id, one.row.person_id) not in distinct]

    def pair(self, one: TraitsShape, other: TraitsShape) -> Pair:
        return Pair(one, other, compare(one.traits, other.traits))

    def found_distinct(self, db: Session) -> set[tuple[str, str]]:
        return {(row.person_id, row.other) for row in db.exec(select(self.distinct))}

    def _known(self, db: Session, ids: Iterable[str]) -> Mapping[str, Traits]:
        """Without making rows of them, since most come to nothing."""
        row: Any = self.row
        wanted = sorted(ids)
        known: dict[str, Traits] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            columns = (row.person_id, row.name, row.sound, row.birth_date, row.phone, row.address, row.citizen_id)
            query = sqlalchemy.select(*columns).where(row.person_id.in_(wanted[start : start + _AT_ONCE]))
            known.update({line[0]: Traits(*line[1:]) for line in db.execute(query)})
        return known

    def _rows(self, db: Session, ids: Iterable[str]) -> Mapping[str, TraitsShape]:
        wanted, rows = sorted(ids), {}
        for start in range(0, len(wanted), _AT_ONCE):
            query = select(self.row).where(col(self.row.person_id).in_(wanted[start : start + _AT_ONCE]))
            rows.update({row.person_id: row for row in db.exec(query)})
        return rows

    def _sharing(self, db: Session, scopes: Sequence[str]) -> set[tuple[str, str]]:
        """Pairs of ids worth comparing, the lesser id first."""
        a: Any = aliased(self.row)
        b: Any = aliased(self.row)
        contact = or_(and_(a.phone != "", a.phone == b.phone), and_(a.address != "", a.address == b.address))
        told_by = [
            and_(a.birth_date == b.birth_date, or_(a.surname == b.surname, a.sound == b.sound, contact)),
            and_(a.sound == b.sound, a.birth_year == b.birth_year, a.sound != ""),
            and_(a.phone == b.phone, a.phone != "", a.surname == b.surname),
            and_(a.address == b.address, a.address != "", a.sound == b.sound),
        ]
        pairs: set[tuple[str, str]] = set()
        for shared in told_by:
            counted = (a.person_id < b.person_id, _counts(a), _counts(b))
            query = select(a.person_id, b.person_id).where(shared, *counted, within(a, scopes), within(b, scopes))
            pairs.update((one, other) for one, other in db.exec(query))
        return pairs


def alike_among(base: type[Row]) -> Alike:
    """The likeness with tables of its own, among those of `base`: a tool's own base of rows."""
    row = cast("type[TraitsShape]", _table("Traits", TraitsShape, base, "likeness", _INDEXED))
    distinct = cast("type[DistinctShape]", _table("Distinct", DistinctShape, base, "found_distinct", ()))
    return Alike(row, distinct, (_traits(row), _distinct(distinct)))


_SEEN = ("community", "merged_into", "person_id")
_INDEXED = (
    ("birth_date", "surname", "sound", "phone", "address", *_SEEN),
    ("sound", "birth_year", *_SEEN),
    ("phone", "surname", *_SEEN),
    ("address", "sound", *_SEEN),
)
"""Each holds all that one way of looking for pairs reads, so that the rows themselves are not."""


def _table(name: str, shape: type[Row], base: type[Row], table: str, indexed: Sequence[tuple[str, ...]]) -> type[Row]:
    names: dict[str, Any] = {
        "__tablename__": table,
        "__module__": base.__module__,
        "__doc__": shape.__doc__,
        "__table_args__": tuple(Index(f"{table}_{columns[0]}", *columns) for columns in indexed),
    }
    made = types.new_class(
        base.__name__.removesuffix("Row") + name, (shape, base), {"table": True}, lambda space: space.update(names)
    )
    return cast("type[Row]", made)


def _traits(table: type[TraitsShape]) -> Projection:
    @projection(table, key=lambda event: event.person_id)
    def likeness(
        row: TraitsShape | None,
        event: PersonRegistered
        | PersonCorrected
        | PersonMoved
        | MergedInto
        | MergedIntoUndone
        | RegistrationWithdrawn
        | PersonErased,
        _: Meta,
    ) -> TraitsShape | None:
        if isinstance(event, PersonRegistered):
            number = plain(opened(event.citizen_id)).upper()
            return table(
                person_id=event.person_id,
                community=event.community,
                **_named(opened(event.name)),
                birth_date=born(number),
                birth_year=event.birth_year,
                phone=phone_key(opened(event.phone)),
                address=address_key(opened(event.address)),
                citizen_id=number,
            )
        if row is None:
            return None
        match event:
            case PersonCorrected():
                return row.with_(**_corrected(event))
            case PersonMoved():
                address = opened(event.address)
                return row.with_(
                    community=event.to_community, address=row.address if address is None else address_key(address)
                )
            case MergedInto():
                return row.with_(merged_into=event.into)
            case MergedIntoUndone():
                return row.with_(merged_into=None)
            case PersonErased() | RegistrationWithdrawn():
                return None

    return likeness


def _corrected(event: PersonCorrected) -> dict[str, Any]:
    name, phone, address = opened(event.name), opened(event.phone), opened(event.address)
    changed: dict[str, Any] = _named(name) if name else {}
    if phone is not None:
        changed["phone"] = phone_key(phone)
    if address is not None:
        changed["address"] = address_key(address)
    return changed


def _named(name: str | None) -> dict[str, str]:
    key = name_key(name)
    return {"name": key, "surname": key[:1], "sound": sound_of(name)}


def _distinct(table: type[DistinctShape]) -> Projection:
    @projection(table, key=lambda event: in_order(event.person_id, event.other))
    def found_distinct(_row: DistinctShape | None, event: FoundDistinct, _: Meta) -> DistinctShape:
        one, other = in_order(event.person_id, event.other)
        return table(person_id=one, other=other)

    return found_distinct


def in_order(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def within(row: Any, scopes: Sequence[str]) -> ColumnElement[bool]:
    return or_(false(), *(row.community.startswith(scope, autoescape=True) for scope in scopes))


def _counts(row: Any) -> ColumnElement[bool]:
    """As an expression, so that no database begins with the index of the few that are merged."""
    return func.coalesce(row.merged_into, "") == ""


def _most_alike(found: Found) -> tuple[int, str]:
    return -found.likeness.score, found.row.person_id


def _most_alike_pair(pair: Pair) -> tuple[int, str, str]:
    return -pair.likeness.score, pair.one.person_id, pair.other.person_id
