"""Households: who lives together, in which hardship they are, and when somebody was with them last. Nothing personal.
Rows, folds and queries are in one file, because tools get them together.

HOMES = homes(FederationRow)
Views("federation", …, projections=[…, *HOMES.projections])
await page.read(HOMES.lines, Wanted(scopes), today)
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import JSON, ColumnElement, Subquery, and_, case, false, func, or_, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import Projection, projection
from canlian_chassis.row import Row
from canlian_events.assistance.visit import (
    FALLS_DUE_DAYS,
    VisitCancelled,
    VisitCompleted,
    VisitFellDue,
    VisitMissed,
    VisitReassigned,
    VisitScheduled,
    VisitTransferred,
)
from canlian_events.calendar import day_of
from canlian_events.core import plain
from canlian_events.meta import Meta
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.household import (
    VISIT_EVERY_DAYS,
    CarerNamed,
    CarerReleased,
    HardshipCleared,
    HardshipExplained,
    HardshipReason,
    HardshipRecognised,
    HouseholdDissolved,
    HouseholdFormed,
    HouseholdMoved,
    MemberJoined,
    MemberLeft,
)
from canlian_events.terms import Hardship

R = TypeVar("R", bound=Row)


class HouseholdRow(Row):
    """`told` says of each kind of hardship that holds since when, and for which reasons."""

    household_id: str = Field(primary_key=True)
    community: str = Field(index=True)
    persons: list[str] = Field(default_factory=list, sa_type=JSON)
    relatives: list[str] = Field(default_factory=list, sa_type=JSON)
    carers: list[list[str]] = Field(default_factory=list, sa_type=JSON)
    """Pairs: who is cared for, and who cares."""
    carerless: bool = False
    """Of some person of it nobody is named who cares for them."""
    told: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    multiple_disabled: bool = False
    aged_and_disabled: bool = False
    orphaned_or_severe: bool = False
    multiple_disabilities: bool = False
    since: date | None = Field(default=None, index=True)
    """When the first hardship that holds now was recognised; None for none."""
    every_days: int | None = None
    formed_on: date
    dissolved_on: date | None = None

    @property
    def kinds(self) -> list[Hardship]:
        return [kind for kind in Hardship if kind in self.told]

    def reasons(self, kind: Hardship) -> list[HardshipReason]:
        return [HardshipReason.model_validate(reason) for reason in self.told[kind]["reasons"]]

    def recognised_on(self, kind: Hardship) -> date:
        return date.fromisoformat(self.told[kind]["on"])

    def carers_of(self, person_id: str) -> list[str]:
        return [carer for cared_for, carer in self.carers if cared_for == person_id]


class MemberRow(Row):
    """Whose household it is, of a person. `same_as` is the file that this one, a duplicate, was merged into."""

    person_id: str = Field(primary_key=True)
    household_id: str | None = Field(default=None, index=True)
    same_as: str | None = Field(default=None, index=True)


class VisitedRow(Row):
    """The last visit to a person that was made."""

    person_id: str = Field(primary_key=True)
    on: date


class OwedRow(Row):
    """A visit that is open."""

    visit_id: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    due: date
    worker_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which households. `late`: those not visited in their rhythm."""

    scopes: Sequence[str]
    kind: Hardship | None = None
    in_hardship: bool = False
    carerless: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A household in a list: when it was visited last, and the visit that is open for it."""

    row: HouseholdRow
    last: date | None
    owed: OwedRow | None = None

    def due(self) -> date | None:
        return due_on(self.last, self.row.since, self.row.every_days)

    def late_days(self, today: date) -> int:
        due = self.due()
        return max((today - due).days, 0) if due else 0


def due_on(last: date | None, since: date | None, every_days: int | None) -> date | None:
    """The day by which a household is to be visited: in its rhythm since the last visit, or soon after the hardship."""
    if since is None or every_days is None:
        return None
    first = since + timedelta(days=FALLS_DUE_DAYS)
    return first if last is None else max(first, last + timedelta(days=every_days))


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many households are of a kind, and how many of those lack what."""

    kind: Hardship
    households: int
    carerless: int
    late: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How many households there are, and of how many what holds."""

    households: int
    hardship: int
    late: int
    carerless: int
    kinds: Sequence[KindCount]


@dataclass(frozen=True, slots=True)
class Homes:
    """One tool's tables of households."""

    household: type[HouseholdRow]
    member: type[MemberRow]
    visited: type[VisitedRow]
    open_visit: type[OwedRow]
    projections: Sequence[Projection]

    def one(self, db: Session, household_id: str, today: date) -> Line | None:
        row = db.get(self.household, household_id)
        return self._lines(db, [(row, self._last(db, row))])[0] if row else None

    def of_person(self, db: Session, person_id: str) -> HouseholdRow | None:
        """The household a person lives in."""
        member = db.get(self.member, person_id)
        if member and member.household_id is None and member.same_as:
            member = db.get(self.member, member.same_as)
        return db.get(self.household, member.household_id) if member and member.household_id else None

    def lines(
        self, db: Session, wanted: Wanted, today: date, *, limit: int | None = None, skip: int = 0
    ) -> tuple[list[Line], int]:
        """Those that fit and how many there are: in hardship the longest waiting first, then the others."""
        last = self._last_visits()
        where = self._where(wanted, last, today)
        row = self.household
        joined = select(row, last.c.last).outerjoin(last, last.c.household_id == row.household_id).where(*where)
        order = (col(row.since).is_(None), func.coalesce(last.c.last, row.since), col(row.household_id))
        found = db.exec(joined.order_by(*order).offset(skip).limit(limit)).all()
        return self._lines(db, found), self.number(db, wanted, today)

    def standing(self, db: Session, scopes: Sequence[str], today: date) -> Standing:
        """The figures of some communities, counted in one go. A household of two kinds counts for both."""
        last = self._last_visits()
        late = self._late(last, today)
        alone = col(self.household.carerless).is_(True)
        kinds = [getattr(self.household, kind.value).is_(True) for kind in Hardship]
        wanted = [col(self.household.since).is_not(None), late, alone]
        wanted += [part for kind in kinds for part in (kind, and_(kind, alone), and_(kind, late))]
        columns: Any = [func.count(), *(func.sum(case((one, 1), else_=0)) for one in wanted)]
        joined = select(*columns).select_from(self.household)
        joined = joined.outerjoin(last, last.c.household_id == self.household.household_id)
        households, hardship, late_ones, carerless, *of_kinds = (
            int(number or 0) for number in db.exec(joined.where(*self._where(Wanted(scopes), last, today))).one()
        )
        counted = [KindCount(kind, *of_kinds[n * 3 : n * 3 + 3]) for n, kind in enumerate(Hardship)]
        return Standing(households, hardship, late_ones, carerless, counted)

    def number(self, db: Session, wanted: Wanted, today: date) -> int:
        last = self._last_visits()
        counted = select(func.count()).select_from(self.household)
        if wanted.late:  # else it does not matter when they were visited
            counted = counted.outerjoin(last, last.c.household_id == self.household.household_id)
        return db.exec(counted.where(*self._where(wanted, last, today))).one()

    def _where(self, wanted: Wanted, last: Subquery, today: date) -> list[ColumnElement[bool]]:
        row = self.household
        scopes = (col(row.community).startswith(scope, autoescape=True) for scope in wanted.scopes)
        where: list[ColumnElement[bool]] = [col(row.dissolved_on).is_(None), or_(false(), *scopes)]
        if wanted.kind is not None:
            where.append(getattr(row, wanted.kind.value).is_(True))
        if wanted.in_hardship:
            where.append(col(row.since).is_not(None))
        if wanted.carerless:
            where.append(col(row.carerless).is_(True))
        if wanted.late:
            where.append(self._late(last, today))
        return where

    def _late(self, last: Subquery, today: date) -> ColumnElement[bool]:
        """Like `due_on`, whose day is over: never visited, or last longer ago than the rhythm."""
        long_ago = [
            and_(col(self.household.every_days) == days, last.c.last < today - timedelta(days=days))
            for days in sorted(set(VISIT_EVERY_DAYS.values()))
        ]
        begun = col(self.household.since) < today - timedelta(days=FALLS_DUE_DAYS)
        return and_(begun, or_(last.c.last.is_(None), *long_ago))

    def _last_visits(self) -> Subquery:
        """Of each household the last visit made to one of its persons, under whichever of their files."""
        member, visited = self.member, self.visited
        columns: Any = (member.household_id, visited.on)
        own = select(*columns).join(visited, col(visited.person_id) == member.person_id)
        second: Any = aliased(member)
        merged = select(*columns).join(second, second.same_as == member.person_id)
        merged = merged.join(visited, col(visited.person_id) == second.person_id)
        every = union_all(own.where(col(member.household_id).is_not(None)), merged).subquery()
        household_id, on = every.c
        return select(household_id.label("household_id"), func.max(on).label("last")).group_by(household_id).subquery()

    def _last(self, db: Session, row: HouseholdRow) -> date | None:
        last = self._last_visits()
        found: Any = db.exec(select(last.c.last).where(last.c.household_id == row.household_id)).first()
        return found if found is None or isinstance(found, date) else date.fromisoformat(str(found))

    def _lines(self, db: Session, found: Iterable[tuple[HouseholdRow, Any]]) -> list[Line]:
        found = list(found)
        persons = [person for row, _ in found for person in row.persons]
        owed: dict[str, OwedRow] = {}
        for start in range(0, len(persons), 400):
            part = persons[start : start + 400]
            query = select(self.open_visit).where(col(self.open_visit.person_id).in_(part))
            owed |= {one.person_id: one for one in db.exec(query.order_by(col(self.open_visit.due).desc()))}
        lines = []
        for row, last in found:
            theirs = [owed[person] for person in row.persons if person in owed]
            lines.append(Line(row, last, min(theirs, key=lambda one: (one.due, one.visit_id), default=None)))
        return lines


HouseholdNews = (
    HouseholdFormed
    | MemberJoined
    | MemberLeft
    | CarerNamed
    | CarerReleased
    | HouseholdMoved
    | HouseholdDissolved
    | HardshipRecognised
    | HardshipExplained
    | HardshipCleared
)


@cache
def homes(base: type[Row]) -> Homes:
    """The tables of households among those of `base`, a tool's own base of rows, and how they are folded."""
    household, member = _table(HouseholdRow, base), _table(MemberRow, base)
    visited, owed = _table(VisitedRow, base), _table(OwedRow, base)

    @projection(household, key=lambda event: event.household_id)
    def households(row: HouseholdRow | None, event: HouseholdNews, meta: Meta) -> HouseholdRow | None:
        if isinstance(event, HouseholdFormed):
            on = day_of(meta.said_at)
            return household(household_id=event.household_id, community=meta.community, formed_on=on)
        return _changed(row, event, meta) if row else None

    @projection(member, key=_member_of)
    def members(
        row: MemberRow | None, event: MemberJoined | MemberLeft | MergedInto | MergedIntoUndone, _: Meta
    ) -> MemberRow | None:
        match event:
            case MemberJoined():
                same_as = row.same_as if row else None
                return member(person_id=event.member_id, household_id=event.household_id, same_as=same_as)
            case MemberLeft():
                return row.with_(household_id=None) if row and row.household_id == event.household_id else row
            case MergedInto():
                return (row or member(person_id=event.person_id)).with_(same_as=event.into)
            case MergedIntoUndone():
                return row.with_(same_as=None) if row and row.household_id else None

    @projection(visited, key=lambda event: event.person_id)
    def visits(row: VisitedRow | None, event: VisitCompleted, meta: Meta) -> VisitedRow:
        on = day_of(meta.said_at)
        return visited(person_id=event.person_id, on=max(row.on, on) if row else on)

    @projection(owed, key=lambda event: event.visit_id)
    def open_visits(
        row: OwedRow | None,
        event: VisitFellDue
        | VisitScheduled
        | VisitReassigned
        | VisitTransferred
        | VisitCompleted
        | VisitMissed
        | VisitCancelled,
        _: Meta,
    ) -> OwedRow | None:
        match event:
            case VisitFellDue():
                return owed(visit_id=event.visit_id, person_id=event.person_id, due=event.due)
            case VisitScheduled():
                return owed(
                    visit_id=event.visit_id, person_id=event.person_id, due=event.due, worker_id=event.worker_id
                )
            case VisitReassigned():
                return row and row.with_(worker_id=event.worker_id)
            case VisitTransferred():
                return row and row.with_(worker_id=None)
            case _:
                return None

    return Homes(household, member, visited, owed, (households, members, visits, open_visits))


def _member_of(event: MemberJoined | MemberLeft | MergedInto | MergedIntoUndone) -> str | None:
    if isinstance(event, MergedInto | MergedIntoUndone):
        return event.person_id
    return event.member_id if event.member_id.startswith("person_") else None


def _changed(row: HouseholdRow, event: HouseholdNews, meta: Meta) -> HouseholdRow:
    match event:
        case MemberJoined() if event.member_id.startswith("person_"):
            return _with_carers(row.with_(persons=sorted({*row.persons, event.member_id})), row.carers)
        case MemberJoined():
            return row.with_(relatives=sorted({*row.relatives, event.member_id}))
        case MemberLeft():
            persons = [one for one in row.persons if one != event.member_id]
            relatives = [one for one in row.relatives if one != event.member_id]
            left = [pair for pair in row.carers if event.member_id not in pair]
            return _with_carers(row.with_(persons=persons, relatives=relatives), left)
        case CarerNamed():
            return _with_carers(row, [*row.carers, [event.person_id, event.carer_id]])
        case CarerReleased():
            return _with_carers(row, [pair for pair in row.carers if pair != [event.person_id, event.carer_id]])
        case HouseholdMoved():
            return row.with_(community=event.to_community)
        case HouseholdDissolved():
            return row.with_(dissolved_on=day_of(meta.said_at))
        case HardshipRecognised() | HardshipExplained():
            before = row.told.get(event.kind)
            on = before["on"] if before and isinstance(event, HardshipExplained) else event.on.isoformat()
            reasons = [plain(reason) for reason in event.reasons]
            return _with_told(row, {**row.told, event.kind.value: {"on": on, "reasons": reasons}})
        case HardshipCleared():
            return _with_told(row, {kind: told for kind, told in row.told.items() if kind != event.kind})
        case HouseholdFormed():
            raise AssertionError("folded above")


def _with_carers(row: HouseholdRow, carers: list[list[str]]) -> HouseholdRow:
    cared_for = {person for person, _ in carers}
    return row.with_(carers=carers, carerless=any(person not in cared_for for person in row.persons))


def _with_told(row: HouseholdRow, told: dict[str, Any]) -> HouseholdRow:
    since = min((date.fromisoformat(one["on"]) for one in told.values()), default=None)
    every = min((VISIT_EVERY_DAYS[Hardship(kind)] for kind in told), default=None)
    return row.with_(told=told, since=since, every_days=every, **{kind.value: kind in told for kind in Hardship})


def _table(shape: type[R], base: type[Row]) -> type[R]:
    name = base.__name__.removesuffix("Row") + "Home" + shape.__name__
    names = {
        "__tablename__": f"home_{shape.__name__.removesuffix('Row').lower()}",
        "__module__": base.__module__,
        "__doc__": shape.__doc__,
    }
    return cast("type[R]", types.new_class(name, (shape, base), {"table": True}, lambda space: space.update(names)))
