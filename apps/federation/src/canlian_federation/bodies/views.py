"""The bodies, a row a term: who is nominated, who sits, what is vacant, how the composition stood when confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_events.calendar import day_of
from canlian_events.core import plain
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.body import (
    CompositionConfirmed,
    MemberNominated,
    NominationWithdrawn,
    SeatHolderErased,
    SeatVacated,
    TermClosed,
    TermOpened,
)
from canlian_events.registry.quotas import Standing, standings
from canlian_events.terms import BodyKind, Category, Position, SpecialKind, VacancyReason
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.rows import FederationRow


class BodyRow(FederationRow, table=True):
    """`seats` and `compositions` hold what `Seat` and `Composition` read: JSON, so that one event may change many."""

    __tablename__ = "body"

    body_id: str = Field(primary_key=True)
    kind: str = Field(index=True)
    begins: date
    ends: date
    opened_on: date
    confirmed_on: date | None = None
    closed_on: date | None = None
    seats: dict[str, dict[str, Any]] = Field(default_factory=dict, sa_type=JSON)
    compositions: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)

    @property
    def state(self) -> str:
        """composing, in_force or closed."""
        return "closed" if self.closed_on else "in_force" if self.confirmed_on else "composing"

    def is_overdue(self, today: date) -> bool:
        """Whether its last day has passed and nobody closed it."""
        return self.closed_on is None and self.ends < today

    @property
    def all_seats(self) -> list[Seat]:
        return [_seat(id_, values) for id_, values in self.seats.items()]

    @property
    def members(self) -> list[Seat]:
        """Who sits or is nominated, in the order of positions: what quotas are counted over."""
        order = list(Position)
        counted = (seat for seat in self.all_seats if seat.state != "vacant" and seat.same_as is None)
        return sorted(counted, key=lambda seat: order.index(seat.position))

    @property
    def seconds(self) -> list[Seat]:
        """Seats of somebody who sits here already by another file, merged with this one: they count as one person."""
        return [seat for seat in self.all_seats if seat.same_as is not None]

    @property
    def vacancies(self) -> list[Seat]:
        """Vacant seats for which nobody is nominated."""
        filled = {seat.fills for seat in self.all_seats}
        return [seat for seat in self.all_seats if seat.state == "vacant" and seat.seat_id not in filled]

    @property
    def standings(self) -> list[Standing]:
        return standings(BodyKind(self.kind), self.members)


@dataclass(frozen=True, slots=True)
class Seat:
    """`state` is nominated, held or vacant. `name` only of members who have neither a person's nor a worker's file."""

    seat_id: str
    member_id: str
    name: str | None
    categories: frozenset[Category]
    represents: SpecialKind | None
    position: Position
    fills: str | None
    state: str
    reason: VacancyReason | None = None
    vacated_on: date | None = None
    same_as: str | None = None
    """The seat that the same person has, where the files were merged."""

    @property
    def has_file(self) -> bool:
        return not self.member_id.startswith("member_")


BodyNews = (
    TermOpened
    | MemberNominated
    | NominationWithdrawn
    | CompositionConfirmed
    | SeatVacated
    | SeatHolderErased
    | TermClosed
)


@projection(BodyRow, key=lambda event: event.body_id)
def bodies(row: BodyRow | None, event: BodyNews, meta: Meta) -> BodyRow | None:
    on = day_of(meta.said_at)
    if isinstance(event, TermOpened):
        return BodyRow(body_id=event.body_id, kind=event.kind.value, begins=event.begins, ends=event.ends, opened_on=on)
    if row is None:
        return None
    match event:
        case MemberNominated():
            values = plain(event) | {"name": opened(event.name), "state": "nominated"}
            return row.with_(seats={**row.seats, event.seat_id: values})
        case NominationWithdrawn():
            return row.with_(seats={id_: values for id_, values in row.seats.items() if id_ != event.seat_id})
        case CompositionConfirmed():
            return _confirmed(row, event, on)
        case SeatVacated():
            return _changed(row, event.seat_id, state="vacant", reason=event.reason.value, vacated_on=on.isoformat())
        case SeatHolderErased():
            return _changed(row, event.seat_id, name=None)
        case TermClosed():
            return row.with_(closed_on=on)


def _confirmed(row: BodyRow, event: CompositionConfirmed, on: date) -> BodyRow:
    held = {
        id_: values | {"state": "held"} if values["state"] == "nominated" else values
        for id_, values in row.seats.items()
    }
    shares = {share.code: [share.count, share.total] for share in event.shares}
    composition = {"on": on.isoformat(), "members": event.members, "shares": shares, "again": event.again}
    return row.with_(seats=held, confirmed_on=row.confirmed_on or on, compositions=[*row.compositions, composition])


def _changed(row: BodyRow, seat_id: str, **changes: Any) -> BodyRow:
    return row.with_(seats={**row.seats, seat_id: row.seats[seat_id] | changes})


def _seat(seat_id: str, values: dict[str, Any]) -> Seat:
    return Seat(
        seat_id=seat_id,
        member_id=values["member_id"],
        name=values["name"],
        categories=frozenset(map(Category, values["categories"])),
        represents=SpecialKind(values["represents"]) if values["represents"] else None,
        position=Position(values["position"]),
        fills=values["fills"],
        state=values["state"],
        reason=VacancyReason(values["reason"]) if values.get("reason") else None,
        vacated_on=date.fromisoformat(values["vacated_on"]) if values.get("vacated_on") else None,
        same_as=values.get("same_as"),
    )


def all_bodies(db: Session) -> list[BodyRow]:
    """By kind, the newest term first."""
    order = [kind.value for kind in BodyKind]
    rows = db.exec(select(BodyRow).order_by(col(BodyRow.begins).desc(), col(BodyRow.opened_on).desc())).all()
    return [by_person(db, row) for row in sorted(rows, key=lambda row: order.index(row.kind))]


def body_called(db: Session, body_id: str) -> BodyRow | None:
    row = db.get(BodyRow, body_id)
    return by_person(db, row) if row else None


def by_person(db: Session, row: BodyRow) -> BodyRow:
    """With the seats marked that a person has by a second file: the kept file comes first, else the earlier."""
    sitting = [seat for seat in row.all_seats if seat.state != "vacant"]
    ids = {seat.member_id for seat in sitting}
    merged = dict(
        db.exec(
            select(PersonEntry.person_id, PersonEntry.merged_into).where(
                col(PersonEntry.person_id).in_(ids), col(PersonEntry.merged_into).is_not(None)
            )
        ).all()
    )
    if not merged:
        return row
    first: dict[str, str] = {}
    seats = dict(row.seats)
    for seat in sorted(sitting, key=lambda seat: seat.member_id in merged):
        person = merged.get(seat.member_id) or seat.member_id
        if person in first:
            seats[seat.seat_id] = seats[seat.seat_id] | {"same_as": first[person]}
        first.setdefault(person, seat.seat_id)
    return row.with_(seats=seats)


def terms_of(db: Session, kind: str) -> Sequence[BodyRow]:
    """Those whose composition was ever confirmed, oldest first."""
    query = select(BodyRow).where(BodyRow.kind == kind, col(BodyRow.confirmed_on).is_not(None))
    return db.exec(query.order_by(col(BodyRow.begins))).all()
