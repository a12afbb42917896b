"""Files that may be of one person, side by side, and those that were merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from canlian_chassis.views.merged_ids import same
from canlian_federation.people.views import PersonEntry, within
from canlian_federation.shared.rows import ALIKE
from canlian_person_file.record_linkage.rows import in_order
from canlian_person_file.record_linkage.scoring import Likeness, compare


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair of the queue: names and places, no more of either file."""

    one: PersonEntry
    other: PersonEntry
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Sides:
    """Two files beside each other."""

    one: PersonEntry
    other: PersonEntry
    likeness: Likeness
    distinct: bool
    """Somebody looked at them before and found two persons."""


def queue(
    db: Session, scopes: Sequence[str], *, limit: int | None = None, skip: int = 0
) -> tuple[list[Candidate], int]:
    """The most alike first, and how many there are."""
    pairs = ALIKE.pairs(db, scopes)
    shown = pairs[skip:] if limit is None else pairs[skip : skip + limit]
    rows = entries(db, [id_ for pair in shown for id_ in (pair.one, pair.other)])
    found = [
        Candidate(rows[pair.one], rows[pair.other], pair.likeness)
        for pair in shown
        if pair.one in rows and pair.other in rows
    ]
    return found, len(pairs)


def sides(db: Session, one: str, other: str) -> Sides | None:
    """None where one of them is not there (any more)."""
    rows, traits = entries(db, [one, other]), [db.get(ALIKE.row, id_) for id_ in (one, other)]
    if (
        one == other
        or len(rows) < 2
        or any(row.erased_on for row in rows.values())
        or traits[0] is None
        or traits[1] is None
    ):
        return None
    distinct = in_order(one, other) in ALIKE.found_distinct(db)
    return Sides(rows[one], rows[other], compare(traits[0].traits, traits[1].traits), distinct)


def entries(db: Session, ids: Sequence[str]) -> dict[str, PersonEntry]:
    rows: dict[str, PersonEntry] = {}
    for start in range(0, len(ids), 400):
        query = select(PersonEntry).where(col(PersonEntry.person_id).in_(ids[start : start + 400]))
        rows |= {row.person_id: row for row in db.exec(query)}
    return rows


def merged(db: Session, scopes: Sequence[str]) -> list[tuple[PersonEntry, PersonEntry | None]]:
    """Each merged file with the one that is kept, by the kept one's name."""
    query = select(PersonEntry).where(
        col(PersonEntry.merged_into).is_not(None), col(PersonEntry.erased_on).is_(None), within(scopes)
    )
    rows = list(db.exec(query))
    kept = entries(db, [row.merged_into for row in rows if row.merged_into])
    pairs = [(row, kept.get(row.merged_into or "")) for row in rows]
    return sorted(pairs, key=lambda pair: (pair[1].sound if pair[1] else "", pair[0].person_id))


def other_names(db: Session, person_id: str) -> list[str]:
    """The ids of files merged into this one."""
    return same(db, PersonEntry, person_id)[1:]
