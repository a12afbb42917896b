"""Finding people: by how they are called, by part of a number, by what is known of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal

from rapidfuzz.distance import OSA
from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_
from sqlmodel import Session, col, select

from canlian_events.registry.person import REMINDER_DAYS
from canlian_events.terms import AccessFeature, DisabilityClass, Grade, Hardship, Sex
from canlian_federation.households.hardship_kinds import households_in
from canlian_federation.people import name_matching
from canlian_federation.people.name_matching import Likeness
from canlian_federation.people.views import PersonEntry, known, living, within
from canlian_federation.shared.coded_columns import among

MOST = 5_000
"""So many different names, or holders of a number, may be meant by what was typed; of more, the most alike."""
NUMBERS: Mapping[Literal["citizen_id", "certificate", "phone"], Any] = {
    "citizen_id": PersonEntry.citizen_id,
    "certificate": PersonEntry.certificate_number,
    "phone": PersonEntry.phone,
}
"""The numbers people are found by, by their `FileField`."""
_WHOLE = 11
"""Characters from which on a number is long enough to be meant as a whole: one may then be wrong."""


class Vague(Exception):
    """More numbers hold what was typed than anybody could mean."""


class CertificateState(StrEnum):
    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    NONE = "none"


class Order(StrEnum):
    BEST = "best"
    NAME = "name"
    COMMUNITY = "community"
    OLDEST = "oldest"
    YOUNGEST = "youngest"
    GRADE = "grade"
    EXPIRES = "expires"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is looked for; what is not said does not matter. `ages` are whole years, both included."""

    name: str = ""
    numbers: Sequence[str] = ()
    """Parts of a number, each of which it holds."""
    seen: Collection[str] = ()
    """Which of NUMBERS whoever asks may see, and so find people by."""
    disability: DisabilityClass | None = None
    grade: Grade | Literal["none"] | None = None
    sex: Sex | None = None
    age_from: int | None = None
    age_to: int | None = None
    need: AccessFeature | None = None
    hardship: Hardship | None = None
    certificate: CertificateState | None = None
    low_income: bool | None = None
    order: Order = Order.BEST


@dataclass(frozen=True, slots=True)
class Found:
    """A page of them, how many they are in all, and how many more are like that whose data was erased.

    `alike`: how each is called like what was typed. `mistyped`: their numbers are not the one typed, but nearly.
    """

    rows: Sequence[PersonEntry]
    number: int
    erased: int = 0
    alike: Mapping[str, Likeness] = field(default_factory=dict)
    mistyped: bool = False


def find(
    db: Session, wanted: Wanted, scopes: Sequence[str], today: date, *, limit: int | None = None, skip: int = 0
) -> Found:
    """Those of the communities who are wanted, the best first, from `skip` on. Raises Vague."""
    where = [within(scopes), *living(), *_conditions(wanted, today)]
    if not wanted.name and not wanted.numbers:
        split = select(func.count(case((known(), 1))), func.count(case((not_(known()), 1))))
        number, erased = db.exec(split.where(*where)).one()
        return Found(_page(db, [*where, known()], wanted.order, limit, skip), number, erased)
    found, how, mistyped = _sought(db, wanted, where)
    ids = found[skip : None if limit is None else skip + limit]
    alike = {person_id: how[person_id] for person_id in ids} if wanted.name else {}
    return Found(_these(db, ids), len(found), alike=alike, mistyped=mistyped and bool(ids))


def ids_of(
    db: Session, wanted: Wanted, scopes: Sequence[str], today: date, *more: ColumnElement[bool]
) -> Sequence[str]:
    """All of those whom `find` shows in pages, who they are alone: a list of any length."""
    where = [within(scopes), *living(), *_conditions(wanted, today), *more]
    if wanted.name or wanted.numbers:
        return _sought(db, wanted, where)[0]
    return db.exec(select(PersonEntry.person_id).where(*where, known()).order_by(*_order(wanted.order))).all()


def _sought(
    db: Session, wanted: Wanted, where: Sequence[ColumnElement[bool]]
) -> tuple[list[str], Mapping[str, Likeness], bool]:
    """Who is meant by a name or a number: all of them in order, how each is called like it, whether it was mistyped.

    Raises Vague.
    """
    held, mistyped = _held(db, wanted) if wanted.numbers else ([], False)
    if len(held) > MOST and not wanted.name:
        raise Vague
    meant, row = _meant(db, wanted.name), PersonEntry
    those = [meant.where()] if wanted.name else []
    if wanted.numbers:
        those += _holding(wanted) if len(held) > MOST else [col(row.person_id).in_(held)]
    query = select(row.person_id, row.name, row.sound, row.initials).where(*where, known(), *those)
    found: Sequence[Any] = db.exec(query.order_by(*_order(wanted.order))).all()
    how = {person_id: meant.how(*called) for person_id, *called in found}
    if wanted.order is Order.BEST:
        found = sorted(found, key=lambda one: how[one.person_id])
    return [one.person_id for one in found], how, mistyped


def _page(
    db: Session, where: Sequence[ColumnElement[bool]], order: Order, limit: int | None, skip: int
) -> list[PersonEntry]:
    """First who they are, which an index alone answers, then their rows."""
    query = select(PersonEntry.person_id).where(*where).order_by(*_order(order)).offset(skip).limit(limit)
    return _these(db, db.exec(query).all())


def _these(db: Session, ids: Sequence[str]) -> list[PersonEntry]:
    """In the order of their ids."""
    rows: dict[str, PersonEntry] = {}
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        rows |= {row.person_id: row for row in db.exec(select(PersonEntry).where(col(PersonEntry.person_id).in_(some)))}
    return [rows[person_id] for person_id in ids]


@dataclass(frozen=True, slots=True)
class _Meant:
    """What may be meant by a name typed: these names, these sounds, names with these initials."""

    names: Mapping[str, Likeness]
    sounds: Mapping[str, Likeness]
    initials: str = ""

    def where(self) -> ColumnElement[bool]:
        row = PersonEntry
        ways = [col(row.name).in_(list(self.names)), col(row.sound).in_(list(self.sounds))]
        if self.initials:
            # an index is used for this, and not for LIKE
            ways.append(col(row.initials).between(self.initials, self.initials + "z" * 20))
        return or_(*ways)

    def how(self, name: str, sound: str, initials: str) -> Likeness:
        ways = [self.names.get(name, Likeness.SIMILAR), self.sounds.get(sound, Likeness.SIMILAR)]
        if self.initials and initials.startswith(self.initials):
            ways.append(Likeness.BEGINS if initials == self.initials else Likeness.HOLDS)
        return min(ways)


def _meant(db: Session, typed: str) -> _Meant:
    """Found out here, among all the different names or sounds that there are: no database knows pinyin."""
    if not typed:
        return _Meant({}, {})
    if typed.isascii():
        sounds = name_matching.like_letters(typed, _different(db, PersonEntry.sound))
        return _Meant({}, _most(sounds), typed.lower())
    spoken = name_matching.like_characters(typed, _different(db, PersonEntry.name))
    return _Meant(_most(spoken), {name_matching.sound(name_matching.pinyin(typed)): Likeness.SOUNDS})


def _most(alike: dict[str, Likeness]) -> Mapping[str, Likeness]:
    if len(alike) <= MOST:
        return alike
    return dict(sorted(alike.items(), key=lambda one: one[1])[:MOST])


def _different(db: Session, column: Any) -> list[str]:
    """All values of a column, each once; as one text, since forty thousand rows would take longer than reading them."""
    each = select(col(column)).where(col(column) > "").distinct().subquery()
    together = db.scalar(select(func.aggregate_strings(each.c[0], "\n")))
    return together.split("\n") if together else []


def _held(db: Session, wanted: Wanted) -> tuple[list[str], bool]:
    """Whose numbers hold all that was typed; where nobody's do, whose number differs from it by one character."""
    ids = list(db.exec(select(PersonEntry.person_id).where(*_holding(wanted)).limit(MOST + 1)))
    return (ids, False) if ids else (_nearly(db, wanted), True)


def _holding(wanted: Wanted) -> list[ColumnElement[bool]]:
    columns = [col(column) for kind, column in NUMBERS.items() if kind in wanted.seen]
    return [or_(false(), *(column.contains(part, autoescape=True) for column in columns)) for part in wanted.numbers]


def _nearly(db: Session, wanted: Wanted) -> list[str]:
    """One character wrong, missing, too many or swapped with the next leaves two of three parts of a number as they
    are, but for where one ends."""
    if len(wanted.numbers) != 1 or len(wanted.numbers[0]) < _WHOLE:
        return []
    [typed] = wanted.numbers
    third = len(typed) // 3
    first, middle, last = typed[:third], typed[third:-third], typed[-third:]
    columns = [col(column) for kind, column in NUMBERS.items() if kind in wanted.seen]
    ways = [
        or_(
            and_(column.endswith(last), or_(column.startswith(first[:-1]), column.contains(middle))),
            and_(column.startswith(first), or_(column.endswith(last[1:]), column.contains(middle))),
        )
        for column in columns
    ]
    query: Any = select(PersonEntry.person_id, *columns)
    some = db.exec(query.where(or_(false(), *ways))).all()
    return [one for one, *held in some if any(OSA.distance(typed, number or "") <= 1 for number in held)]


def _conditions(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    row = PersonEntry
    where: list[ColumnElement[bool]] = []
    if wanted.disability is not None:
        where.append(col(row.disability) == int(wanted.disability))
    if wanted.grade is not None:
        where.append(col(row.grade).is_(None) if wanted.grade == "none" else col(row.grade) == int(wanted.grade))
    if wanted.sex is not None:
        where.append(col(row.sex) == wanted.sex.value)
    if wanted.age_from is not None:
        where.append(born(today, wanted.age_from, "by"))
    if wanted.age_to is not None:
        where.append(born(today, wanted.age_to + 1, "after"))
    if wanted.need is not None:
        where.append(among(row.features, wanted.need))
    if wanted.hardship is not None:
        where.append(col(row.household_id).in_(households_in(wanted.hardship)))
    if wanted.low_income is not None:
        where.append(col(row.low_income).is_(wanted.low_income))
    if wanted.certificate is not None:
        where += certificate_state(wanted.certificate, today)
    return where


def years_before(today: date, years: int) -> date:
    """The last birth date that makes somebody so old today; a birthday on 29 February is kept on 1 March."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return date(today.year - years, 2, 28)


def born(today: date, years: int, when: Literal["by", "after"]) -> ColumnElement[bool]:
    """Where only the year of birth is known, it counts as if it were over."""
    day, year = years_before(today, years), today.year - years
    born = col(PersonEntry.birth_date)
    exactly, about = (
        (born <= day, col(PersonEntry.birth_year) <= year)
        if when == "by"
        else (born > day, col(PersonEntry.birth_year) > year)
    )
    return or_(exactly, and_(born.is_(None), about))


def certificate_state(state: CertificateState, today: date) -> list[ColumnElement[bool]]:
    """A certificate whose paper does not say when it was issued counts as valid."""
    expires, soon = col(PersonEntry.certificate_expires), today + timedelta(days=REMINDER_DAYS)
    certified = col(PersonEntry.certified)
    match state:
        case CertificateState.NONE:
            return [certified.is_(False)]
        case CertificateState.EXPIRED:
            return [certified.is_(True), expires < today]
        case CertificateState.EXPIRING:
            return [certified.is_(True), expires.between(today, soon)]
        case CertificateState.VALID:
            return [certified.is_(True), or_(expires.is_(None), expires > soon)]


def state_of(row: PersonEntry, today: date) -> CertificateState:
    """The same for one row."""
    expires = row.certificate_expires
    if not row.certified:
        return CertificateState.NONE
    if expires is None or expires > today + timedelta(days=REMINDER_DAYS):
        return CertificateState.VALID
    return CertificateState.EXPIRED if expires < today else CertificateState.EXPIRING


def age_of(row: PersonEntry, today: date) -> int:
    """In whole years; where only the year of birth is known, as if it were over."""
    born = row.birth_date
    if born is None:
        return today.year - row.birth_year
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _order(order: Order) -> list[Any]:
    row = PersonEntry
    # no index has this order: one that had would be walked to its end where few are wanted
    by_name = [col(row.sound).concat(""), col(row.name), col(row.person_id)]
    match order:
        case Order.COMMUNITY:
            return [col(row.community), *by_name]
        case Order.OLDEST:
            return [col(row.birth_year), col(row.birth_date), *by_name]
        case Order.YOUNGEST:
            return [col(row.birth_year).desc(), col(row.birth_date).desc(), *by_name]
        case Order.GRADE:
            return [func.coalesce(col(row.grade), 9), col(row.disability), *by_name]
        case Order.EXPIRES:
            return [func.coalesce(col(row.certificate_expires), date.max), *by_name]
        case _:
            return by_name
