"""Bodies of the federation, a term of one at a time: congress, presidium, executive board, leading group.

A body's id stands for one term. It is composed (members nominated), confirmed, and closed; between the two seats fall
vacant and are filled by by-election: somebody is nominated into the confirmed term, and it is confirmed again.
"""

from __future__ import annotations

from datetime import date

from canlian_events.core import Command, Event, Message, aggregate
from canlian_events.ids import AssociateId, BodyId, SeatId
from canlian_events.personal import Personal
from canlian_events.terms import BodyKind, Category, Position, Role, SpecialKind, VacancyReason

BODY = aggregate("registry.body")
_STAFF = {Role.STAFF, Role.OPERATOR}


class Share(Message):
    """How a quota stood: `count` of `total` members fit. `code` is the quota's name in the rules."""

    code: str
    count: int
    total: int


class OpenTerm(Command, to=BODY, by=_STAFF):
    """`begins` and `ends` are the term's first and last day."""

    body_id: BodyId
    kind: BodyKind
    begins: date
    ends: date


class NominateMember(Command, to=BODY, by=_STAFF):
    """`name` says who it is where the registry does not know them (`member_…`): a relative, a department's head.

    `represents` is which of the five kinds they stand for; it follows from a registered person's class where left out.
    """

    body_id: BodyId
    seat_id: SeatId
    member_id: AssociateId
    name: str | None = None
    categories: frozenset[Category] = frozenset()
    represents: SpecialKind | None = None
    position: Position
    fills: SeatId | None = None
    """The vacant seat that a by-election fills."""


class WithdrawNomination(Command, to=BODY, by=_STAFF):
    """Before the nomination was confirmed; after that the seat is vacated."""

    body_id: BodyId
    seat_id: SeatId


class ConfirmComposition(Command, to=BODY, by=_STAFF):
    """Refused below any quota: the refusal holds every quota, its share and what is missing."""

    body_id: BodyId


class VacateSeat(Command, to=BODY, by=_STAFF | {Role.POLICY}):
    body_id: BodyId
    seat_id: SeatId
    reason: VacancyReason


class CloseTerm(Command, to=BODY, by=_STAFF):
    body_id: BodyId


class EraseSeatHolder(Command, to=BODY, by={Role.STAFF, Role.POLICY}):
    """Destroys the name of somebody known only as a member (`member_…`); the seat and what it counts for stay."""

    body_id: BodyId
    seat_id: SeatId


class TermOpened(Event, type="registry.body.term-opened"):
    body_id: BodyId
    kind: BodyKind
    begins: date
    ends: date


class MemberNominated(Event, type="registry.body.member-nominated", about="member_id"):
    """`name` only where neither the person's file nor the worker's has it."""

    body_id: BodyId
    seat_id: SeatId
    member_id: AssociateId
    name: Personal[str] | None = None
    categories: frozenset[Category] = frozenset()
    represents: SpecialKind | None = None
    position: Position
    fills: SeatId | None = None


class NominationWithdrawn(Event, type="registry.body.nomination-withdrawn"):
    body_id: BodyId
    seat_id: SeatId


class CompositionConfirmed(Event, type="registry.body.composition-confirmed"):
    """All who are nominated hold their seats from now on. `again` after a by-election."""

    body_id: BodyId
    kind: BodyKind
    members: int
    shares: tuple[Share, ...]
    again: bool = False


class SeatVacated(Event, type="registry.body.seat-vacated"):
    body_id: BodyId
    seat_id: SeatId
    reason: VacancyReason


class TermClosed(Event, type="registry.body.term-closed"):
    """`confirmed` is whether its composition ever was."""

    body_id: BodyId
    kind: BodyKind
    confirmed: bool


class SeatHolderErased(Event, type="registry.body.seat-holder-erased", about="member_id", erases=True):
    """The name of somebody known only as a member can never be read again."""

    body_id: BodyId
    seat_id: SeatId
    member_id: AssociateId


BodyCommand = (
    OpenTerm | NominateMember | WithdrawNomination | ConfirmComposition | VacateSeat | CloseTerm | EraseSeatHolder
)
BodyEvent = (
    TermOpened
    | MemberNominated
    | NominationWithdrawn
    | CompositionConfirmed
    | SeatVacated
    | TermClosed
    | SeatHolderErased
)
