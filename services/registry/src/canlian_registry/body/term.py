"""What the registry remembers of one term of a body, and how each event changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, assert_never

from canlian_events.registry.body import (
    BodyEvent,
    CompositionConfirmed,
    MemberNominated,
    NominationWithdrawn,
    SeatHolderErased,
    SeatVacated,
    TermClosed,
    TermOpened,
)
from canlian_events.terms import BodyKind, Category, Position, SpecialKind


@dataclass(frozen=True, slots=True)
class Seat:
    """`state`: nominated until the composition is confirmed, then held, until it falls vacant."""

    nominated: MemberNominated
    state: Literal["nominated", "held", "vacant"] = "nominated"
    erased: bool = False

    @property
    def member_id(self) -> str:
        return self.nominated.member_id

    @property
    def categories(self) -> frozenset[Category]:
        return self.nominated.categories

    @property
    def represents(self) -> SpecialKind | None:
        return self.nominated.represents

    @property
    def position(self) -> Position:
        return self.nominated.position


@dataclass(frozen=True, slots=True)
class Term:
    kind: BodyKind
    begins: date
    ends: date
    seats: Mapping[str, Seat] = field(default_factory=dict)
    confirmed: bool = False
    closed: bool = False

    @property
    def members(self) -> dict[str, Seat]:
        """Who sits or is nominated: what quotas are counted over."""
        return {seat_id: seat for seat_id, seat in self.seats.items() if seat.state != "vacant"}

    @property
    def vacancies(self) -> set[str]:
        """Vacant seats that nobody was nominated for."""
        filled = {seat.nominated.fills for seat in self.seats.values()}
        return {seat_id for seat_id, seat in self.seats.items() if seat.state == "vacant" and seat_id not in filled}


Body = Term | None


def evolve(body: Body, event: BodyEvent) -> Body:
    if isinstance(event, TermOpened):
        return Term(event.kind, event.begins, event.ends)
    assert body, f"{type(event).__name__} cannot have happened to nothing"
    match event:
        case MemberNominated():
            return _with(body, event.seat_id, Seat(event))
        case NominationWithdrawn():
            return replace(body, seats={id_: seat for id_, seat in body.seats.items() if id_ != event.seat_id})
        case CompositionConfirmed():
            held = {id_: replace(s, state="held") if s.state == "nominated" else s for id_, s in body.seats.items()}
            return replace(body, seats=held, confirmed=True)
        case SeatVacated():
            return _with(body, event.seat_id, replace(body.seats[event.seat_id], state="vacant"))
        case SeatHolderErased():
            return _with(body, event.seat_id, replace(body.seats[event.seat_id], erased=True))
        case TermClosed():
            return replace(body, closed=True)
        case _:
            assert_never(event)


def _with(term: Term, seat_id: str, seat: Seat) -> Term:
    return replace(term, seats={**term.seats, seat_id: seat})
