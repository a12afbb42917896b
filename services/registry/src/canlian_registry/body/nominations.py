"""Nominating somebody for a seat: what the registry knows of them decides what they count for."""

from __future__ import annotations

from collections.abc import Sequence

from canlian_chassis.decider import Rejected
from canlian_events.registry.body import BodyEvent, MemberNominated, NominateMember
from canlian_events.registry.quotas import POSITIONS
from canlian_events.terms import Category, Position, SpecialKind
from canlian_registry.body.term import Term
from canlian_registry.views import Known

HELD_BY_ONE = frozenset({Position.CHAIR, Position.DIRECTOR})
"""Positions of which a body has one: the presidium's chair, the board's director."""
WITH_RELATIVES = frozenset({SpecialKind.INTELLECTUAL, SpecialKind.PSYCHIATRIC})
"""The two of the five kinds that relatives stand for too (domain.md: 智力残疾人及亲友, 精神残疾人及亲友)."""


def nominate(command: NominateMember, term: Term, whom: Known) -> Sequence[BodyEvent]:
    _must_be_named(command, whom)
    categories, represents = _stands_for(command, whom)
    name = None if is_registered(command.member_id) else command.name
    nominated = MemberNominated.from_(command, name=name, categories=categories, represents=represents)
    if (seat := term.seats.get(command.seat_id)) is not None:
        if seat.nominated != nominated:
            raise Rejected("body.another_seat")
        return []
    if command.position not in POSITIONS[term.kind]:
        raise Rejected("body.wrong_position", position=command.position, positions=list(POSITIONS[term.kind]))
    members = term.members.values()
    same = {command.member_id, *whom.also}
    if any(seat.member_id in same for seat in members):
        raise Rejected("body.nominated_already")
    if command.position in HELD_BY_ONE and any(seat.position is command.position for seat in members):
        raise Rejected("body.position_taken", position=command.position)
    if command.fills is not None and command.fills not in term.vacancies:
        raise Rejected("body.not_vacant")
    return [nominated]


def is_registered(member_id: str) -> bool:
    """Whether the id is of a person or a worker, whose names are kept on their own files."""
    return not member_id.startswith("member_")


def _must_be_named(command: NominateMember, whom: Known) -> None:
    if is_registered(command.member_id):
        if not whom.exists:
            raise Rejected("body.member_unknown")
        if whom.died:
            raise Rejected("body.member_died")
    elif not command.name:
        raise Rejected("body.no_name")


def _stands_for(command: NominateMember, whom: Known) -> tuple[frozenset[Category], SpecialKind | None]:
    """A registered person is a disabled person, and of the kind their class says; others are what is said of them."""
    categories, represents = command.categories, command.represents
    if whom.disability is not None:
        recorded = SpecialKind.of(whom.disability)
        if None not in (recorded, represents) and represents is not recorded:
            raise Rejected("body.kind_conflict", special_kind=represents, recorded=recorded)
        return categories | {Category.DISABLED_PERSON}, recorded or represents
    if represents and not _may_stand_for(represents, categories):
        raise Rejected("body.cannot_represent", special_kind=represents)
    return categories, represents


def _may_stand_for(kind: SpecialKind, categories: frozenset[Category]) -> bool:
    if Category.DISABLED_PERSON in categories:
        return True
    return Category.RELATIVE in categories and kind in WITH_RELATIVES
