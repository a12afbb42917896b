"""Households, the relatives in them, and which people might be one: those registered at the same address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, Session, col, func, or_, select

from canlian_chassis.projection import projection
from canlian_events.ids import derive
from canlian_events.meta import Meta
from canlian_events.personal import now_known, opened
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.household import (
    HouseholdDeclined,
    HouseholdFormed,
    MemberJoined,
    MemberLeft,
    RelativeCorrected,
)
from canlian_events.registry.person import (
    DeathWithdrawn,
    PersonCorrected,
    PersonDied,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_federation.households.addresses import home_of, is_vague
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.rows import TRAIL, FederationRow
from canlian_overview.households import HouseholdRow, homes
from canlian_overview.trail import EventRow

HOMES = homes(FederationRow)
MOST_AT_HOME = 8
"""More at one address are hardly one household: an institution, or an address without its flat. Ours."""
MOST = 30
"""More than a household can have are not proposed at all."""


class RelativeEntry(FederationRow, table=True):
    """A relative of a household. What is personal is None where it is sealed or was never said."""

    __tablename__ = "relative_entry"

    relative_id: str = Field(primary_key=True)
    household_id: str = Field(index=True)
    kinship: str | None = None
    name: str | None = None
    birth_date: date | None = None
    phone: str | None = None


class AddressEntry(FederationRow, table=True):
    """Where a person is registered: `home` is what `home_of` makes of the address, None where it names none."""

    __tablename__ = "address_entry"
    # holds all that is read to find who shares an address, in the order in which they are
    __table_args__ = (Index("address_entry_homes", "community", "home", "person_id", "household_id", "died", "merged"),)

    person_id: str = Field(primary_key=True)
    community: str
    home: str | None = None
    household_id: str | None = None
    died: bool = False
    merged: bool = False


class DeclinedEntry(FederationRow, table=True):
    """People who have one address and are no household, as somebody found."""

    __tablename__ = "declined_household"

    household_id: str = Field(primary_key=True)
    persons: list[str] = Field(default_factory=list, sa_type=JSON)


RelativeNews = MemberJoined | MemberLeft | RelativeCorrected
AddressNews = (
    PersonRegistered
    | PersonCorrected
    | PersonMoved
    | PersonDied
    | DeathWithdrawn
    | MergedInto
    | MergedIntoUndone
    | MemberJoined
    | MemberLeft
    | RegistrationWithdrawn
    | PersonErased
)


@projection(RelativeEntry, key=lambda event: event.relative_id if hasattr(event, "relative_id") else event.member_id)
def relatives(row: RelativeEntry | None, event: RelativeNews, _: Meta) -> RelativeEntry | None:
    match event:
        case MemberLeft():
            return None
        case MemberJoined(kinship=None):
            return None
        case MemberJoined():
            return RelativeEntry(
                relative_id=event.member_id,
                household_id=event.household_id,
                kinship=event.kinship.value if event.kinship else None,
                name=opened(event.name),
                birth_date=_day(opened(event.birth_date)),
                phone=opened(event.phone),
            )
        case RelativeCorrected():
            return row and row.with_(
                kinship=event.kinship.value if event.kinship else row.kinship,
                name=now_known(event.name, row.name),
                birth_date=_day(opened(event.birth_date)) or row.birth_date,
                phone=now_known(event.phone, row.phone),
            )


@projection(AddressEntry, key=lambda event: event.member_id if hasattr(event, "member_id") else event.person_id)
def addresses(row: AddressEntry | None, event: AddressNews, _: Meta) -> AddressEntry | None:
    match event, row:
        case PersonRegistered(), _:
            home = home_of(opened(event.address))
            return AddressEntry(person_id=event.person_id, community=event.community, home=home)
        case PersonErased() | RegistrationWithdrawn(), _:
            return None
        case _, None:
            return None
        case PersonCorrected(), AddressEntry():
            return row.with_(home=home_of(opened(event.address))) if event.address is not None else row
        case PersonMoved(), AddressEntry():
            moved = row.with_(community=event.to_community)
            return moved.with_(home=home_of(opened(event.address))) if event.address is not None else moved
        case PersonDied() | DeathWithdrawn(), AddressEntry():
            return row.with_(died=isinstance(event, PersonDied))
        case MergedInto() | MergedIntoUndone(), AddressEntry():
            return row.with_(merged=isinstance(event, MergedInto))
        case MemberJoined(), AddressEntry():
            return row.with_(household_id=event.household_id)
        case MemberLeft(), AddressEntry():
            return row.with_(household_id=None) if row.household_id == event.household_id else row
        case _:
            return row


@projection(DeclinedEntry, key=lambda event: event.household_id)
def declined(_row: DeclinedEntry | None, event: HouseholdDeclined | HouseholdFormed, _: Meta) -> DeclinedEntry | None:
    if isinstance(event, HouseholdFormed):
        return None
    return DeclinedEntry(household_id=event.household_id, persons=sorted(event.persons))


PROJECTIONS = (*HOMES.projections, relatives, addresses, declined)


@dataclass(frozen=True, slots=True)
class Proposal:
    """People at one address. With `joins` the others there are that household already; `vague` says to look twice."""

    proposal_id: str
    """The id that a household of these would have."""
    community: str
    persons: Sequence[str]
    joins: str | None = None
    vague: bool = False


def proposals(db: Session, scopes: Sequence[str], *, alone: bool = False) -> list[Proposal]:
    """The households that there might be, by community and address; `alone`: persons who share theirs with nobody."""
    entry = AddressEntry
    where = [
        or_(*(col(entry.community).startswith(scope, autoescape=True) for scope in scopes)),
        col(entry.home).is_not(None),
        col(entry.died).is_(False),
        col(entry.merged).is_(False),
    ]
    if not scopes:
        return []
    size = func.count(col(entry.person_id))
    homeless = size > func.count(col(entry.household_id))
    fits = size == 1 if alone else size > 1
    shared = select(entry.community, entry.home).where(*where).group_by(col(entry.community), col(entry.home))
    some = shared.having(homeless, fits).subquery()
    query: Any = select(entry.community, entry.home, entry.person_id, entry.household_id)
    query = query.join(some, (some.c.community == entry.community) & (some.c.home == entry.home)).where(*where)
    rows = db.exec(query.order_by(entry.community, entry.home, entry.person_id)).all()
    refused = {frozenset(row.persons) for row in db.exec(select(DeclinedEntry))}
    found = (_proposal(list(group)) for _, group in groupby(rows, key=lambda row: (row[0], row[1])))
    return [one for one in found if one and frozenset(one.persons) not in refused]


def _proposal(rows: Sequence[tuple[str, str, str, str | None]]) -> Proposal | None:
    community, home = rows[0][0], rows[0][1]
    persons = [person_id for _, _, person_id, household_id in rows if household_id is None]
    households = {household_id for *_, household_id in rows if household_id}
    if len(rows) > MOST or len(households) > 1:
        return None
    return Proposal(
        derive("household", *persons),
        community,
        persons,
        next(iter(households), None),
        (is_vague(home) and len(rows) > 1) or len(rows) > MOST_AT_HOME,
    )


def at_the_same_address(db: Session, person_id: str) -> list[str]:
    """Who else is registered there and in no household, to form one with."""
    own = db.get(AddressEntry, person_id)
    if own is None or own.home is None:
        return []
    entry = AddressEntry
    query = select(entry.person_id).where(
        entry.community == own.community,
        entry.home == own.home,
        entry.person_id != person_id,
        col(entry.household_id).is_(None),
        col(entry.died).is_(False),
        col(entry.merged).is_(False),
    )
    return list(db.exec(query.order_by(entry.person_id).limit(MOST)))


def household_of(db: Session, person_id: str) -> HouseholdRow | None:
    """The household a person lives in, for their file's page."""
    return HOMES.of_person(db, person_id)


def relatives_of(db: Session, household_id: str) -> list[RelativeEntry]:
    query = select(RelativeEntry).where(RelativeEntry.household_id == household_id)
    return list(db.exec(query.order_by(col(RelativeEntry.relative_id))))


def people_by_id(db: Session, ids: Iterable[str]) -> dict[str, PersonEntry]:
    wanted, found = sorted(set(ids)), dict[str, PersonEntry]()
    for start in range(0, len(wanted), 400):
        query = select(PersonEntry).where(col(PersonEntry.person_id).in_(wanted[start : start + 400]))
        found |= {row.person_id: row for row in db.exec(query)}
    return found


def relative_names(db: Session, ids: Iterable[str]) -> dict[str, str]:
    wanted, found = sorted(set(ids)), dict[str, str]()
    for start in range(0, len(wanted), 400):
        query = select(RelativeEntry).where(col(RelativeEntry.relative_id).in_(wanted[start : start + 400]))
        found |= {row.relative_id: row.name for row in db.exec(query) if row.name}
    return found


def history_of(db: Session, household_id: str, limit: int = 50) -> list[EventRow]:
    """What happened to the household, the newest first."""
    table = TRAIL.table
    query = (
        select(table)
        .where(table.aggregate_id == household_id)
        .order_by(col(table.said_at).desc(), col(table.position).desc())
    )
    return list(db.exec(query.limit(limit)))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
