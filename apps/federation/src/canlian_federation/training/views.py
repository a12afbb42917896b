"""Training as the federation's pages show it: what is planned, who came, and who lacks what this year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import JSON, DateTime
from sqlmodel import Field, Session, col, func, select

from canlian_chassis.projection import projection
from canlian_events.calendar import day_of
from canlian_events.meta import Meta
from canlian_events.registry.training import (
    SESSIONS_A_YEAR,
    TRAINED_KINDS,
    AttendanceStruck,
    OnlineCoursePassed,
    TrainingAttended,
    TrainingCancelled,
    TrainingPlanned,
)
from canlian_federation.shared.rows import FederationRow
from canlian_federation.team.views import WorkerRow, working


class TrainingRow(FederationRow, table=True):
    """`starts` is None for an online course, whose `day` is when it was first passed."""

    __tablename__ = "training"

    training_id: str = Field(primary_key=True)
    community: str
    title: str
    day: date = Field(index=True)
    starts: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    place: str | None = None
    kinds: list[str] = Field(default_factory=list, sa_type=JSON)
    communities: list[str] = Field(default_factory=list, sa_type=JSON)
    cancelled: str | None = None
    """Why, where it was."""

    @property
    def online(self) -> bool:
        return self.starts is None

    def is_meant_for(self, worker: WorkerRow) -> bool:
        """Nothing said means everybody."""
        kind = not self.kinds or worker.kind in self.kinds
        return kind and (not self.communities or not set(self.communities).isdisjoint(worker.places))


class AttendanceRow(FederationRow, table=True):
    """One a person, training and calendar year: an online course may be passed again another year."""

    __tablename__ = "attendance"

    training_id: str = Field(primary_key=True)
    worker_id: str = Field(primary_key=True, index=True)
    year: int = Field(primary_key=True)
    on: date
    signed_in: bool = False


@projection(TrainingRow, key=lambda event: event.training_id)
def trainings(
    row: TrainingRow | None, event: TrainingPlanned | OnlineCoursePassed | TrainingCancelled, meta: Meta
) -> TrainingRow | None:
    match event, row:
        case TrainingPlanned(), _:
            return TrainingRow(
                training_id=event.training_id,
                community=meta.community,
                title=event.title,
                day=day_of(event.starts),
                starts=event.starts.astimezone(UTC),  # SQLite keeps no offset
                place=event.place,
                kinds=sorted(event.kinds),
                communities=sorted(event.communities),
            )
        case OnlineCoursePassed(), None:
            return TrainingRow(training_id=event.training_id, community=meta.community, title=event.title, day=event.on)
        case TrainingCancelled(), TrainingRow():
            return row.with_(cancelled=event.reason)
        case _:
            return row


@projection(AttendanceRow, key=lambda event: (event.training_id, event.worker_id, event.on.year))
def attendances(
    row: AttendanceRow | None, event: TrainingAttended | OnlineCoursePassed | AttendanceStruck, _: Meta
) -> AttendanceRow | None:
    if isinstance(event, AttendanceStruck):
        return None
    return AttendanceRow(
        training_id=event.training_id,
        worker_id=event.worker_id,
        year=event.on.year,
        on=event.on,
        signed_in=isinstance(event, TrainingAttended) and event.signed_in,
    )


@dataclass(frozen=True, slots=True)
class Trained:
    """One person's training in a year, beside what is asked of their kind."""

    worker: WorkerRow
    sessions: int

    @property
    def lacking(self) -> int:
        needed = SESSIONS_A_YEAR if self.worker.kind in TRAINED_KINDS else 0
        return max(needed - self.sessions, 0)


@dataclass(frozen=True, slots=True)
class CommunityTrained:
    """How many who must be trained have how many sessions: enough, one, none (for two sessions a year)."""

    community: str
    enough: int
    some: int
    none: int

    @property
    def lacking(self) -> int:
        return self.some + self.none


def listed(db: Session, scopes: Sequence[str], year: int) -> list[tuple[TrainingRow, int]]:
    """The trainings of a year in one's subdistricts, the latest first, each with how many attended in it."""
    counted: dict[str, int] = dict(
        db.exec(
            select(AttendanceRow.training_id, func.count())
            .where(AttendanceRow.year == year)
            .group_by(col(AttendanceRow.training_id))
        ).all()
    )
    rows = db.exec(select(TrainingRow).order_by(col(TrainingRow.day).desc(), col(TrainingRow.training_id))).all()
    of_year = (row for row in rows if row.day.year == year or row.training_id in counted)
    return [(row, counted.get(row.training_id, 0)) for row in of_year if _is_ours(row, scopes)]


def training_called(db: Session, training_id: str, scopes: Sequence[str]) -> TrainingRow | None:
    row = db.get(TrainingRow, training_id)
    return row if row and _is_ours(row, scopes) else None


def one_training(db: Session, training_id: str) -> TrainingRow | None:
    """Whosever it is: for somebody who came to it."""
    return db.get(TrainingRow, training_id)


def _is_ours(row: TrainingRow, scopes: Iterable[str]) -> bool:
    """Trainings are held by subdistricts: whoever acts in one community of it may see them."""
    return any(row.community.startswith(scope[:9]) for scope in scopes)


def attended(db: Session, training_id: str) -> list[AttendanceRow]:
    return list(
        db.exec(
            select(AttendanceRow)
            .where(AttendanceRow.training_id == training_id)
            .order_by(col(AttendanceRow.on), col(AttendanceRow.worker_id))
        )
    )


def trained_by(db: Session, worker_id: str) -> list[tuple[AttendanceRow, TrainingRow | None]]:
    """What somebody attended, the latest first."""
    rows = db.exec(
        select(AttendanceRow).where(AttendanceRow.worker_id == worker_id).order_by(col(AttendanceRow.on).desc())
    )
    return [(row, db.get(TrainingRow, row.training_id)) for row in rows]


def sessions_of(db: Session, year: int) -> Mapping[str, int]:
    """Worker → how many sessions and courses in the year."""
    return Counter(db.exec(select(AttendanceRow.worker_id).where(AttendanceRow.year == year)))


def to_be_trained(db: Session, scopes: Sequence[str], year: int) -> list[Trained]:
    """Those who work and must be trained, by name."""
    found = sessions_of(db, year)
    return [Trained(row, found.get(row.worker_id, 0)) for row in working(db, scopes) if row.kind in TRAINED_KINDS]


def by_community(trained: Iterable[Trained], communities: Iterable[str]) -> list[CommunityTrained]:
    """Somebody with two communities is counted in both."""
    held = list(trained)
    found = []
    for community in communities:
        here = [one for one in held if community in one.worker.places]
        none = sum(1 for one in here if one.lacking and not one.sessions)
        enough = sum(1 for one in here if not one.lacking)
        found.append(CommunityTrained(community, enough, len(here) - none - enough, none))
    return found
