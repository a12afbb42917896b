"""The rules of a body's term: who may be nominated, and when a composition may be confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, get_args

from canlian_chassis.decider import Claim, Decider, Given, Rejected
from canlian_events.core import Event
from canlian_events.registry.body import (
    BODY,
    BodyCommand,
    BodyEvent,
    CloseTerm,
    CompositionConfirmed,
    ConfirmComposition,
    EraseSeatHolder,
    NominateMember,
    NominationWithdrawn,
    OpenTerm,
    SeatHolderErased,
    SeatVacated,
    TermClosed,
    TermOpened,
    VacateSeat,
    WithdrawNomination,
)
from canlian_events.registry.quotas import standings
from canlian_events.terms import Role
from canlian_registry.body.nominations import is_registered, nominate
from canlian_registry.body.term import Body, Seat, Term, evolve
from canlian_registry.views import Known, kept_files, known

if TYPE_CHECKING:
    from sqlmodel import Session


def decide(command: BodyCommand, body: Body, given: Given) -> Sequence[BodyEvent]:
    match command, body:
        case OpenTerm(), None:
            if command.ends <= command.begins:
                raise Rejected("body.bad_dates", begins=command.begins, ends=command.ends)
            return [TermOpened.from_(command)]
        case OpenTerm(), Term(kind=kind, begins=begins, ends=ends):
            if (command.kind, command.begins, command.ends) != (kind, begins, ends):
                raise Rejected("body.another")
            return []
        case _, None:
            raise Rejected("body.unknown")
        case EraseSeatHolder(), Term():
            return _erase(command, body)
        case CloseTerm(), Term(closed=closed):
            return [] if closed else [TermClosed.from_(command, kind=body.kind, confirmed=body.confirmed)]
        case _, Term(closed=True):
            raise Rejected("body.closed")
        case NominateMember(), Term():
            return nominate(command, body, given.facts)
        case WithdrawNomination(), Term():
            if _seat(command.seat_id, body).state != "nominated":
                raise Rejected("body.seat_confirmed")
            return [NominationWithdrawn.from_(command)]
        case ConfirmComposition(), Term():
            return _confirm(command, body, given.facts or {})
        case VacateSeat(), Term():
            return _vacate(command, body, given)
        case _:
            raise AssertionError(f"{type(command).__name__} is not decided")


def _seat(seat_id: str, term: Term) -> Seat:
    if seat_id not in term.seats:
        raise Rejected("body.no_such_seat")
    return term.seats[seat_id]


def _confirm(command: ConfirmComposition, term: Term, kept: Mapping[str, str]) -> Sequence[BodyEvent]:
    """Once, and again after each by-election. Refused below any quota, and where two members are files of one person.

    `kept` says of a member's id which file it was merged into.
    """
    if term.confirmed and not any(seat.state == "nominated" for seat in term.seats.values()):
        return []
    persons = Counter(kept.get(seat.member_id, seat.member_id) for seat in term.members.values())
    if twice := sorted(person for person, times in persons.items() if times > 1):
        raise Rejected("body.twice", members=twice)
    stand = standings(term.kind, term.members.values())
    if missing := [standing.facts for standing in stand if not standing.holds]:
        quotas = [standing.facts for standing in stand]
        raise Rejected("body.below_quota", body_kind=term.kind, missing=missing, quotas=quotas)
    return [
        CompositionConfirmed(
            body_id=command.body_id,
            kind=term.kind,
            members=len(term.members),
            shares=tuple(standing.share for standing in stand),
            again=term.confirmed,
        )
    ]


def _vacate(command: VacateSeat, term: Term, given: Given) -> Sequence[BodyEvent]:
    """A policy takes back a nomination too: of somebody who died there is nothing to confirm."""
    match _seat(command.seat_id, term).state:
        case "vacant":
            return []
        case "nominated" if given.by.holds(Role.POLICY):
            return [NominationWithdrawn.from_(command)]
        case "nominated":
            raise Rejected("body.not_confirmed")
        case "held":
            return [SeatVacated.from_(command)]


def _erase(command: EraseSeatHolder, term: Term) -> Sequence[BodyEvent]:
    seat = _seat(command.seat_id, term)
    if is_registered(seat.member_id):
        raise Rejected("body.has_a_file")
    return [] if seat.erased else [SeatHolderErased.from_(command, member_id=seat.member_id)]


def claims(event: Event) -> Iterable[Claim]:
    """Of each kind one term is composed at a time, and one is in force."""
    match event:
        case TermOpened():
            yield _composing(event.kind)
        case CompositionConfirmed(again=False):
            yield _composing(event.kind)._replace(release=True)
            yield _in_force(event.kind)
        case TermClosed():
            claim = _in_force(event.kind) if event.confirmed else _composing(event.kind)
            yield claim._replace(release=True)


def _composing(kind: str) -> Claim:
    return Claim("body-composing", kind, taken="body.composing_already")


def _in_force(kind: str) -> Claim:
    return Claim("body-in-force", kind, taken="body.in_force_already")


def find_facts(session: Session, command: BodyCommand, body: Body) -> Known | dict[str, str]:
    """Whom a command nominates; of a composition to be confirmed, which members are files merged into another."""
    match command, body:
        case NominateMember(), _:
            return known(session, command.member_id)
        case ConfirmComposition(), Term():
            return kept_files(session, {seat.member_id for seat in body.members.values()})
        case _:
            return Known()


body: Decider[BodyCommand, Body, BodyEvent] = Decider(
    BODY, get_args(BodyCommand), decide, evolve, initial=None, claims=claims, facts=find_facts
)
