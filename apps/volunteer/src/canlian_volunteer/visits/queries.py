"""What the pages ask the view. Who lives where is told to the assigned visitor, and only once the visit is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from canlian_chassis.views.merged_ids import meant
from canlian_events.terms import AccessFeature, Sex, VisitOccasion
from canlian_volunteer.visits.views import CommunityRow, PersonRow, State, VisitRow

LATELY = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Door:
    """Whom to visit and where."""

    surname: str
    sex: Sex
    address: str | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit of one's own. `door` and `look_for` are absent before its day and after it is over."""

    visit_id: str
    person_id: str
    place: str
    """The community's code."""
    due: date
    community: str
    state: State
    features: tuple[AccessFeature, ...]
    days_late: int
    door: Door | None
    look_for: str | None
    occasion: VisitOccasion | None = None


@dataclass(frozen=True, slots=True)
class Agenda:
    today: Sequence[Stop]
    late: Sequence[Stop]
    later: Sequence[Stop]
    over: Sequence[str] = ()
    """Ids of the visits that ended lately, whose drafts no phone need keep."""

    @property
    def ids(self) -> list[str]:
        return [stop.visit_id for stop in (*self.today, *self.late, *self.later)]


def agenda(db: Session, worker_id: str, today: date) -> Agenda:
    """What the worker has still to do: today's, the overdue with the oldest first, then those to come."""
    to_do = select(VisitRow).where(VisitRow.worker_id == worker_id, VisitRow.state == State.TO_DO)
    stops = [_stop(db, row, today) for row in db.exec(to_do.order_by(col(VisitRow.due), col(VisitRow.visit_id)))]
    return Agenda(
        [stop for stop in stops if stop.due == today],
        [stop for stop in stops if stop.due < today],
        [stop for stop in stops if stop.due > today],
        db.exec(
            select(VisitRow.visit_id).where(
                VisitRow.worker_id == worker_id, VisitRow.state != State.TO_DO, col(VisitRow.due) > today - LATELY
            )
        ).all(),
    )


def own_visit(db: Session, visit_id: str, worker_id: str, today: date) -> Stop | None:
    """The visit, where it is the worker's own."""
    row = db.get(VisitRow, visit_id)
    return _stop(db, row, today) if row and row.worker_id == worker_id else None


def _stop(db: Session, row: VisitRow, today: date) -> Stop:
    person = meant(db, PersonRow, row.person_id)
    community = db.get(CommunityRow, row.community)
    is_on = row.state is State.TO_DO and row.due <= today
    features = set(person.features) if person else set()
    return Stop(
        visit_id=row.visit_id,
        person_id=row.person_id,
        place=row.community,
        due=row.due,
        community=community.name if community else row.community,
        state=row.state,
        features=tuple(feature for feature in AccessFeature if feature in features),
        days_late=max(0, (today - row.due).days) if is_on else 0,
        door=Door(person.surname, person.sex, person.address) if person and is_on else None,
        look_for=row.look_for if is_on else None,
        occasion=VisitOccasion(row.occasion) if row.occasion else None,
    )
