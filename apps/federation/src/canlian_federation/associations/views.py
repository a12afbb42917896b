"""The associations (残协): their chairs, members and activities, and where one is lacking."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_events.calendar import day_of
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.association import (
    ActivityHeld,
    AssociationFounded,
    ChairNamed,
    ChairVacated,
    MemberAdmitted,
    MemberDismissed,
    MemberErased,
)
from canlian_events.terms import SpecialKind
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.rows import OVERVIEW, FederationRow
from canlian_federation.team.views import worker_names


class AssociationRow(FederationRow, table=True):
    """Of a community, or of a special kind. `where` is the community, or the subdistrict of a special one."""

    __tablename__ = "association"

    association_id: str = Field(primary_key=True)
    where: str = Field(index=True)
    community: str | None = Field(default=None, index=True)
    special: str | None = None
    chair_id: str | None = None
    founded_on: date


class AssociationMemberRow(FederationRow, table=True):
    """`name` only of members who have neither a person's nor a worker's file."""

    __tablename__ = "association_member"

    association_id: str = Field(primary_key=True)
    member_id: str = Field(primary_key=True)
    name: str | None = None
    since: date


class ActivityRow(FederationRow, table=True):
    __tablename__ = "association_activity"

    activity_id: str = Field(primary_key=True)
    association_id: str = Field(index=True)
    title: str
    on: date
    attendees: list[str] = Field(default_factory=list, sa_type=JSON)
    others: int = 0


@projection(AssociationRow, key=lambda event: event.association_id)
def associations(
    row: AssociationRow | None, event: AssociationFounded | ChairNamed | ChairVacated, meta: Meta
) -> AssociationRow | None:
    match event, row:
        case AssociationFounded(), _:
            return AssociationRow(
                association_id=event.association_id,
                where=meta.community,
                community=event.community,
                special=event.special.value if event.special else None,
                founded_on=day_of(meta.said_at),
            )
        case ChairNamed(), AssociationRow():
            return row.with_(chair_id=event.chair_id)
        case ChairVacated(), AssociationRow():
            return row.with_(chair_id=None)
        case _:
            return row


@projection(AssociationMemberRow, key=lambda event: (event.association_id, event.member_id))
def association_members(
    _row: AssociationMemberRow | None, event: MemberAdmitted | MemberDismissed | MemberErased, meta: Meta
) -> AssociationMemberRow | None:
    if not isinstance(event, MemberAdmitted):
        return None
    return AssociationMemberRow(
        association_id=event.association_id,
        member_id=event.member_id,
        name=opened(event.name),
        since=day_of(meta.said_at),
    )


@projection(ActivityRow, key=lambda event: event.activity_id)
def association_activities(_row: ActivityRow | None, event: ActivityHeld, _: Meta) -> ActivityRow:
    return ActivityRow(
        activity_id=event.activity_id,
        association_id=event.association_id,
        title=event.title,
        on=event.on,
        attendees=sorted(event.attendees),
        others=event.others,
    )


PROJECTIONS = [associations, association_members, association_activities]


@dataclass(frozen=True, slots=True)
class Listed:
    """A community, or a special kind, with the association it has, if any."""

    name: str
    community: str | None
    special: SpecialKind | None
    association: AssociationRow | None
    members: int
    activities: Sequence[ActivityRow]
    chaired: bool
    """By somebody who is still there."""

    @property
    def lacks(self) -> str | None:
        """`association` or `chair`; nothing where it has both."""
        if self.association is None:
            return "association"
        return None if self.chaired else "chair"


def all_associations(db: Session, scopes: Sequence[str]) -> list[Listed]:
    """A line for each open community of these scopes, and for each of the five special kinds."""
    founded = db.exec(select(AssociationRow)).all()
    members = _count(db.exec(select(AssociationMemberRow.association_id)))
    activities: dict[str, list[ActivityRow]] = {}
    for activity in db.exec(select(ActivityRow).order_by(col(ActivityRow.on).desc())):
        activities.setdefault(activity.association_id, []).append(activity)

    gone = _gone(db, {row.chair_id for row in founded if row.chair_id})

    def line(name: str, community: str | None, special: SpecialKind | None, row: AssociationRow | None) -> Listed:
        id_ = row.association_id if row else ""
        chaired = row is not None and row.chair_id is not None and row.chair_id not in gone
        return Listed(name, community, special, row, members.get(id_, 0), activities.get(id_, []), chaired)

    by_community = {row.community: row for row in founded if row.community}
    by_kind = {row.special: row for row in founded if row.special}
    table = OVERVIEW.tables.community
    places = db.exec(select(table).where(col(table.open)).order_by(col(table.community))).all()
    lines = [
        line(place.name, place.community, None, by_community.get(place.community))
        for place in places
        if place.community.startswith(tuple(scopes))
    ]
    return lines + [line(kind.zh, None, kind, by_kind.get(kind.value)) for kind in SpecialKind]


def _gone(db: Session, ids: Collection[str]) -> set[str]:
    """Those of them who died or were erased."""
    return {id_ for id_, row in people_called(db, ids).items() if row.died_on or row.erased_on}


def associations_lacking(db: Session, scopes: Sequence[str] = ("",)) -> list[Listed]:
    """Communities and special kinds without an association, and associations without a chair: see `lacks`."""
    return [line for line in all_associations(db, scopes) if line.lacks]


def association_called(db: Session, association_id: str) -> AssociationRow | None:
    return db.get(AssociationRow, association_id)


def members_of(db: Session, association_id: str) -> list[AssociationMemberRow]:
    query = select(AssociationMemberRow).where(AssociationMemberRow.association_id == association_id)
    return list(db.exec(query.order_by(col(AssociationMemberRow.since), col(AssociationMemberRow.member_id))))


def activities_of(db: Session, association_id: str) -> list[ActivityRow]:
    query = select(ActivityRow).where(ActivityRow.association_id == association_id)
    return list(db.exec(query.order_by(col(ActivityRow.on).desc(), col(ActivityRow.activity_id))))


def activity_called(db: Session, activity_id: str) -> ActivityRow | None:
    return db.get(ActivityRow, activity_id)


def people_called(db: Session, ids: Collection[str]) -> dict[str, PersonEntry]:
    """The persons among these ids."""
    found = db.exec(select(PersonEntry).where(col(PersonEntry.person_id).in_(ids)))
    return {row.person_id: row for row in found}


def names_of(db: Session, ids: Collection[str]) -> dict[str, str]:
    """Id → name, of persons and workers whose name can be read."""
    people = {id_: row.name for id_, row in people_called(db, ids).items() if row.name}
    workers = worker_names(db)
    return people | {id_: workers[id_] for id_ in ids if id_ in workers}


def _count(ids: Iterable[str]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for id_ in ids:
        counts[id_] = counts.get(id_, 0) + 1
    return counts
