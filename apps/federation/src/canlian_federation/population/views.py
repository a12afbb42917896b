"""How many people there are, by what is known of each: class, grade, sex, age and community."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from canlian_events.terms import DisabilityClass, Grade, Sex
from canlian_federation.people.search import born
from canlian_federation.people.views import PersonEntry, living, within

K = TypeVar("K", bound=Hashable)

AGE_BANDS: tuple[tuple[int, int | None], ...] = ((0, 6), (7, 17), (18, 44), (45, 59), (60, 74), (75, None))
"""Ages in whole years, both included: small children, children, and adults in steps; from 60 on as hardship counts."""


@dataclass(frozen=True, slots=True)
class Part:
    """So many people who have all of this in common."""

    community: str
    disability: DisabilityClass
    grade: Grade | None
    sex: Sex
    band: int
    """Which of AGE_BANDS."""
    number: int


def population(db: Session, scopes: Sequence[str], today: date) -> list[Part]:
    """Of everybody who lives there, those whose data was erased among them; second files and the dead are not."""
    row = PersonEntry
    band = case(
        *((born(today, first, "by"), number) for number, (first, _) in reversed([*enumerate(AGE_BANDS)])), else_=0
    )
    kinds = (col(row.community), col(row.disability), col(row.grade), col(row.sex), band)
    query = select(*kinds, func.count()).where(within(scopes), *living()).group_by(*kinds)  # type: ignore[call-overload]
    return [
        Part(community, DisabilityClass(disability), Grade(grade) if grade else None, Sex(sex), int(age), number)
        for community, disability, grade, sex, age, number in db.exec(query)
    ]


def counted(parts: Iterable[Part], by: Callable[[Part], K]) -> dict[K, int]:
    """How many there are of each kind."""
    found: dict[K, int] = {}
    for part in parts:
        kind = by(part)
        found[kind] = found.get(kind, 0) + part.number
    return found
