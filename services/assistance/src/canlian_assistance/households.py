"""Households as visits see them: which hardship they are in, who lives there, and when somebody was with them last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from canlian_assistance.rows import AssistanceRow
from canlian_chassis.projection import projection
from canlian_events.assistance.visit import VisitCancelled, VisitCompleted, VisitMissed
from canlian_events.calendar import day_of
from canlian_events.meta import Meta
from canlian_events.registry.household import (
    HardshipCleared,
    HardshipRecognised,
    HouseholdDissolved,
    HouseholdFormed,
    HouseholdMoved,
    MemberJoined,
    MemberLeft,
)
from canlian_events.terms import Hardship


class HouseholdRow(AssistanceRow, table=True):
    __tablename__ = "household"

    household_id: str = Field(primary_key=True)
    community: str
    kinds: list[str] = Field(default_factory=list, sa_type=JSON)


class MemberRow(AssistanceRow, table=True):
    """A person of a household."""

    __tablename__ = "household_member"

    member_id: str = Field(primary_key=True)
    household_id: str = Field(index=True)


class VisitedRow(AssistanceRow, table=True):
    """The last visit to a person that was made, and the last one that ended in any way."""

    __tablename__ = "visited"

    person_id: str = Field(primary_key=True)
    visited_on: date | None = None
    ended: str
    ended_at: int
    """Its place in the log."""


HouseholdNews = HouseholdFormed | HouseholdMoved | HardshipRecognised | HardshipCleared | HouseholdDissolved


@projection(HouseholdRow, key=lambda event: event.household_id)
def households(row: HouseholdRow | None, event: HouseholdNews, meta: Meta) -> HouseholdRow | None:
    match event, row:
        case HouseholdFormed(), _:
            return HouseholdRow(household_id=event.household_id, community=meta.community)
        case HouseholdMoved(), HouseholdRow():
            return row.with_(community=event.to_community)
        case HardshipRecognised(), HouseholdRow():
            return row.with_(kinds=sorted({*row.kinds, event.kind.value}))
        case HardshipCleared(), HouseholdRow():
            return row.with_(kinds=[kind for kind in row.kinds if kind != event.kind])
        case HouseholdDissolved(), HouseholdRow():
            return row.with_(kinds=[])
        case _:
            return row


@projection(MemberRow, key=lambda event: event.member_id)
def household_members(row: MemberRow | None, event: MemberJoined | MemberLeft, _: Any) -> MemberRow | None:
    if isinstance(event, MemberLeft):
        return row if row and row.household_id != event.household_id else None
    if event.kinship is not None:
        return None
    return MemberRow(member_id=event.member_id, household_id=event.household_id)


@projection(VisitedRow, key=lambda event: event.person_id)
def visited(row: VisitedRow | None, event: VisitCompleted | VisitMissed | VisitCancelled, meta: Meta) -> VisitedRow:
    last = row.visited_on if row else None
    if isinstance(event, VisitCompleted):
        last = day_of(meta.said_at) if last is None else max(last, day_of(meta.said_at))
    return VisitedRow(person_id=event.person_id, visited_on=last, ended=event.visit_id, ended_at=meta.position)


HOUSEHOLDS = (households, household_members, visited)


@dataclass(frozen=True, slots=True)
class Visited:
    """A household's visits: what a decision about the next one needs."""

    household_id: str
    community: str
    kinds: frozenset[Hardship]
    person_id: str | None
    """Whom a visit would be to: a member who does not refuse visits."""
    last: date | None = None
    """When somebody was with them last."""
    ended: str = ""
    """The visit that ended last, made or not."""
    owed: bool = False
    """Some visit to one of them is open."""
    in_rhythm: Sequence[str] = ()
    """Those of the open ones that hardship is why, with nobody named yet."""
