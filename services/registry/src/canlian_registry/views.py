"""What a decision needs to know beyond its own aggregate: which communities, residents and workers there are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, func, select

from canlian_chassis.projection import projection
from canlian_chassis.views.runner import Views
from canlian_events.calendar import day_of
from canlian_events.meta import Meta
from canlian_events.registry.association import AssociationFounded
from canlian_events.registry.community import CommunityClosed, CommunityOpened, DirectorNamed, PostVacated
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.household import MemberJoined, MemberLeft
from canlian_events.registry.person import (
    DeathWithdrawn,
    DisabilityReclassified,
    PersonDied,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_events.registry.worker import (
    RoleGranted,
    RoleRevoked,
    WorkerAssigned,
    WorkerEnrolled,
    WorkerErased,
    WorkerReleased,
)
from canlian_events.terms import DisabilityClass, MemberLeftWhy, Post, Role, WorkerKind
from canlian_registry import belonging, imported
from canlian_registry.rows import RegistryRow

Opening = Literal["open", "closed"] | None
"""Whether a community works; None where there was never one."""


_SUBDISTRICT = 9
"""Digits of a subdistrict's code."""


class CommunityRow(RegistryRow, table=True):
    __tablename__ = "community"

    community: str = Field(primary_key=True)
    is_open: bool = True
    director: str | None = None


class AssociationRow(RegistryRow, table=True):
    __tablename__ = "association"

    association_id: str = Field(primary_key=True)
    community: str | None = Field(default=None, index=True)


class ResidentRow(RegistryRow, table=True):
    __tablename__ = "resident"

    person_id: str = Field(primary_key=True)
    community: str = Field(index=True)
    disability: int
    died: bool = False
    merged_into: str | None = Field(default=None, index=True)
    """The file that is kept, where this one is another name of it."""


class WorkerRow(RegistryRow, table=True):
    __tablename__ = "worker"

    worker_id: str = Field(primary_key=True)
    kind: str
    places: list[str] = Field(default_factory=list, sa_type=JSON)
    released_on: date | None = None
    """The day they were released from the last of their communities."""
    fixed_for: list[str] = Field(default_factory=list, sa_type=JSON)
    """The subdistricts they are federation staff of, as a whole."""


class HouseholdMemberRow(RegistryRow, table=True):
    """Which household a person or a relative lives in."""

    __tablename__ = "household_member"

    member_id: str = Field(primary_key=True)
    household_id: str = Field(index=True)


class LastHomeRow(RegistryRow, table=True):
    """Which household somebody who died lived in, should the death have been recorded in error."""

    __tablename__ = "last_home"

    member_id: str = Field(primary_key=True)
    household_id: str


@projection(CommunityRow, key=lambda event: event.community)
def communities(
    row: CommunityRow | None, event: CommunityOpened | DirectorNamed | PostVacated | CommunityClosed, _: Meta
) -> CommunityRow | None:
    match event, row:
        case CommunityOpened(), _:
            return CommunityRow(community=event.community)
        case DirectorNamed(), CommunityRow():
            return row.with_(director=event.worker_id)
        case PostVacated(post=Post.DIRECTOR), CommunityRow():
            return row.with_(director=None)
        case CommunityClosed(), CommunityRow():
            return row.with_(is_open=False)
        case _:
            return row


@projection(ResidentRow, key=lambda event: event.person_id)
def residents(
    row: ResidentRow | None,
    event: PersonRegistered
    | PersonMoved
    | DisabilityReclassified
    | PersonDied
    | DeathWithdrawn
    | MergedInto
    | MergedIntoUndone
    | RegistrationWithdrawn
    | PersonErased,
    _: Meta,
) -> ResidentRow | None:
    match event, row:
        case PersonRegistered(), _:
            return ResidentRow(person_id=event.person_id, community=event.community, disability=event.disability)
        case PersonMoved(), ResidentRow():
            return row.with_(community=event.to_community)
        case DisabilityReclassified(), ResidentRow():
            return row.with_(disability=event.disability)
        case PersonDied() | DeathWithdrawn(), ResidentRow():
            return row.with_(died=isinstance(event, PersonDied))
        case MergedInto() | MergedIntoUndone(), ResidentRow():
            return row.with_(merged_into=event.into if isinstance(event, MergedInto) else None)
        case PersonErased() | RegistrationWithdrawn(), _:
            return None
        case _:
            return row


@projection(WorkerRow, key=lambda event: event.worker_id)
def workers(
    row: WorkerRow | None,
    event: WorkerEnrolled | WorkerAssigned | WorkerReleased | RoleGranted | RoleRevoked | WorkerErased,
    meta: Meta,
) -> WorkerRow | None:
    if isinstance(event, WorkerEnrolled):
        return WorkerRow(worker_id=event.worker_id, kind=event.kind)
    if row is None or isinstance(event, WorkerErased):
        return None
    match event:
        case WorkerAssigned():
            return row.with_(places=sorted({*row.places, event.community}), released_on=None)
        case WorkerReleased():
            places = [place for place in row.places if place != event.community]
            return row.with_(places=places, released_on=None if places else day_of(meta.said_at))
        case RoleGranted(role=Role.STAFF, scope=scope) if len(scope) == _SUBDISTRICT:
            return row.with_(fixed_for=sorted({*row.fixed_for, scope}))
        case RoleRevoked(role=Role.STAFF, scope=scope):
            return row.with_(fixed_for=[one for one in row.fixed_for if one != scope])
        case _:
            return row


@projection(AssociationRow, key=lambda event: event.association_id)
def associations(_row: AssociationRow | None, event: AssociationFounded, _: Meta) -> AssociationRow:
    return AssociationRow(association_id=event.association_id, community=event.community)


@projection(HouseholdMemberRow, key=lambda event: event.member_id)
def household_members(
    row: HouseholdMemberRow | None, event: MemberJoined | MemberLeft, _: Meta
) -> HouseholdMemberRow | None:
    if isinstance(event, MemberJoined):
        return HouseholdMemberRow(member_id=event.member_id, household_id=event.household_id)
    return row if row and row.household_id != event.household_id else None


@projection(LastHomeRow, key=lambda event: event.member_id)
def last_homes(_row: LastHomeRow | None, event: MemberJoined | MemberLeft, _: Meta) -> LastHomeRow | None:
    if isinstance(event, MemberLeft) and event.why is MemberLeftWhy.DIED:
        return LastHomeRow(member_id=event.member_id, household_id=event.household_id)
    return None


views = Views(
    "registry",
    version=11,
    rows=RegistryRow,
    projections=[
        communities,
        residents,
        workers,
        household_members,
        last_homes,
        associations,
        belonging.seats,
        belonging.memberships,
        imported.acts,
        imported.sheet_rows,
    ],
)


@dataclass(frozen=True, slots=True)
class Place:
    """A community as others see it."""

    standing: Opening = None
    director: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody by their id, a person's or a worker's: what the registry knows of them."""

    exists: bool = False
    community: str | None = None
    """Where a person lives; a worker may work in several."""
    disability: DisabilityClass | None = None
    died: bool = False
    also: frozenset[str] = frozenset()
    """The ids of files that are other names of this one."""


def place(session: Session, community: str) -> Place:
    row = session.get(CommunityRow, community)
    return Place("open" if row.is_open else "closed", row.director) if row else Place()


def residents_of(session: Session, community: str) -> int:
    """Who lives there; not who did until they died."""
    living = (
        ResidentRow.community == community,
        col(ResidentRow.died).is_(False),
        col(ResidentRow.merged_into).is_(None),
    )
    return session.exec(select(func.count()).select_from(ResidentRow).where(*living)).one()


def kind_of(session: Session, worker_id: str) -> WorkerKind | None:
    row = session.get(WorkerRow, worker_id)
    return WorkerKind(row.kind) if row else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A worker as training sees them."""

    released_on: date | None = None

    def worked_on(self, day: date) -> bool:
        """Whether they were not released before it."""
        return self.released_on is None or self.released_on >= day


def standing_of(session: Session, workers: Collection[str]) -> dict[str, Standing]:
    rows = session.exec(select(WorkerRow).where(col(WorkerRow.worker_id).in_(workers))).all()
    return {row.worker_id: Standing(row.released_on) for row in rows}


def fixed_workers(session: Session, subdistrict: str) -> frozenset[str]:
    """The federation staff who hold that role for all of the subdistrict."""
    rows = session.exec(select(WorkerRow).where(WorkerRow.kind == WorkerKind.STAFF)).all()
    return frozenset(row.worker_id for row in rows if subdistrict in row.fixed_for)


def household_of(session: Session, member_id: str) -> str | None:
    row = session.get(HouseholdMemberRow, member_id)
    return row.household_id if row else None


def homes_of(session: Session, household_id: str) -> set[str]:
    """The communities in which the persons of a household are registered."""
    of_household = select(HouseholdMemberRow.member_id).where(HouseholdMemberRow.household_id == household_id)
    return set(session.exec(select(ResidentRow.community).where(col(ResidentRow.person_id).in_(of_household))))


def known(session: Session, id_: str) -> Known:
    if row := session.get(ResidentRow, id_):
        also = session.exec(select(ResidentRow.person_id).where(ResidentRow.merged_into == id_)).all()
        exists = row.merged_into is None
        return Known(exists, row.community, DisabilityClass(row.disability), row.died, frozenset(also))
    return Known(session.get(WorkerRow, id_) is not None)


def kept_files(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Of those that are other names of a file: which one is kept."""
    rows = session.exec(select(ResidentRow).where(col(ResidentRow.person_id).in_(ids)))
    return {row.person_id: row.merged_into for row in rows if row.merged_into}


def last_home(session: Session, member_id: str) -> str | None:
    row = session.get(LastHomeRow, member_id)
    return row.household_id if row else None


def unknown_among(session: Session, person_ids: Collection[str]) -> set[str]:
    """Those of them who are not registered."""
    rows = session.exec(select(ResidentRow.person_id).where(col(ResidentRow.person_id).in_(person_ids)))
    return set(person_ids) - set(rows)


def association_of(session: Session, community: str) -> str | None:
    return session.exec(
        select(AssociationRow.association_id).where(AssociationRow.community == community)
    ).one_or_none()
