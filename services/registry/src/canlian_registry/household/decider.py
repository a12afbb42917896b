"""The rules of a household. Each decision ends with what hardship follows from it, which nobody can type in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, assert_never, get_args

from canlian_chassis.decider import Claim, Decider, Given, Ref, Rejected
from canlian_events.calendar import day_of
from canlian_events.core import Event
from canlian_events.registry.duplicates import PERSON
from canlian_events.registry.household import (
    HOUSEHOLD,
    AddMember,
    AddRelative,
    CarerNamed,
    CarerReleased,
    CorrectRelative,
    DeclineHousehold,
    DissolveHousehold,
    EraseRelative,
    FormHousehold,
    HardshipCleared,
    HardshipExplained,
    HardshipRecognised,
    HouseholdCommand,
    HouseholdDeclined,
    HouseholdDissolved,
    HouseholdEvent,
    HouseholdFormed,
    HouseholdMoved,
    MemberJoined,
    MemberLeft,
    MoveHousehold,
    NameCarer,
    RecomputeHardship,
    Relative,
    RelativeCorrected,
    RelativeErased,
    ReleaseCarer,
    RemoveMember,
)
from canlian_events.terms import MemberLeftWhy
from canlian_registry.calling import must_be_a_name, phone_of
from canlian_registry.household.hardship import hardships
from canlian_registry.household.members import living_here, person_of
from canlian_registry.household.state import Declined, Dissolved, Formed, Household, evolve


def decide(command: HouseholdCommand, household: Household, given: Given) -> Sequence[HouseholdEvent]:
    events = list(_decide(command, household, given))
    after = household
    for event in events:
        after = evolve(after, event)
    if not isinstance(after, Formed):
        return events
    if not after.persons:
        return events + _dissolve(command.household_id, after, given)
    return events + list(_derive(command.household_id, after, given))


def _decide(command: HouseholdCommand, household: Household, given: Given) -> Iterable[HouseholdEvent]:
    match command, household:
        case FormHousehold(), Formed():
            if set(command.persons) != household.persons:
                raise Rejected("household.already_formed")
            return []
        case FormHousehold(), _:
            return _form(command, given)
        case DeclineHousehold(), Formed():
            raise Rejected("household.already_formed")
        case DeclineHousehold(), Declined(persons=persons):
            return [] if persons == set(command.persons) else [HouseholdDeclined.from_(command)]
        case DeclineHousehold(), _:
            return [HouseholdDeclined.from_(command)]
        case EraseRelative(), Formed() | Dissolved():
            return _erase(command, household)
        case RecomputeHardship() | RemoveMember() | DissolveHousehold() | MoveHousehold(), Dissolved():
            return []
        case _, None | Declined():
            raise Rejected("household.unknown")
        case _, Dissolved():
            raise Rejected("household.dissolved")
        case _, Formed():
            return _change(command, household, given)
        case _:
            assert_never(household)


def _change(command: HouseholdCommand, household: Formed, given: Given) -> Iterable[HouseholdEvent]:
    match command:
        case AddMember():
            return [] if command.person_id in household.persons else [_person(command, command.person_id, given)]
        case AddRelative():
            return _add_relative(command, household, given)
        case CorrectRelative():
            return _correct_relative(command, household, given)
        case RemoveMember():
            return [MemberLeft.from_(command)] if command.member_id in household.members else []
        case NameCarer():
            return _name_carer(command, household)
        case ReleaseCarer():
            known = (command.person_id, command.carer_id) in household.carers
            return [CarerReleased.from_(command)] if known else []
        case RecomputeHardship():
            return []
        case MoveHousehold():
            return _move(command, household, given)
        case DissolveHousehold():
            return [_left(command.household_id, member) for member in sorted(household.members)]
        case _:
            raise AssertionError(f"{type(command).__name__} is decided above")


def _form(command: FormHousehold, given: Given) -> Iterator[HouseholdEvent]:
    yield HouseholdFormed.from_(command)
    for person_id in dict.fromkeys(command.persons):
        yield _person(command, person_id, given)
    for relative in command.relatives:
        yield _relative(command.household_id, relative, given)


def _person(command: FormHousehold | AddMember, person_id: str, given: Given) -> MemberJoined:
    """Raises Rejected for somebody the registry does not know, or knows in another community."""
    known = person_of(given.beside[Ref(PERSON, person_id)])
    if known is None:
        raise Rejected("household.person_unknown", person_id=person_id)
    if known.same_as is not None:
        raise Rejected("household.second_file", person_id=person_id, kept=known.same_as)
    here = given.before if isinstance(command, AddMember) else command.community
    if known.community != here:
        raise Rejected("household.lives_elsewhere", person_id=person_id, community=known.community)
    born = known.birth_date
    return MemberJoined(
        household_id=command.household_id, member_id=person_id, birth_date=born.isoformat() if born else None
    )


def _relative(household_id: str, relative: Relative, given: Given) -> MemberJoined:
    must_be_a_name("household.relative_", relative.name)
    _must_be_born(relative.birth_date, given)
    return MemberJoined(
        household_id=household_id,
        member_id=relative.relative_id,
        kinship=relative.kinship,
        name=relative.name,
        birth_date=relative.birth_date.isoformat() if relative.birth_date else None,
        phone=phone_of("household.relative_", relative.phone) or None,
    )


def _add_relative(command: AddRelative, household: Formed, given: Given) -> Iterable[HouseholdEvent]:
    relative_id = command.relative.relative_id
    if relative_id in household.erased:
        raise Rejected("household.relative_erased")
    if relative_id in household.relatives:
        return []
    return [_relative(command.household_id, command.relative, given)]


def _correct_relative(command: CorrectRelative, household: Formed, given: Given) -> Iterable[HouseholdEvent]:
    """An empty phone takes away what was there; an empty name is refused."""
    known = household.relatives.get(command.relative_id)
    if known is None:
        raise Rejected("household.not_a_member")
    if command.name is not None:
        must_be_a_name("household.relative_", command.name)
    _must_be_born(command.birth_date, given)
    born = command.birth_date.isoformat() if command.birth_date else None
    said: dict[str, Any] = {
        "name": command.name,
        "kinship": command.kinship,
        "birth_date": born,
        "phone": phone_of("household.relative_", command.phone),
    }
    changed = {
        name: value for name, value in said.items() if value is not None and value != (getattr(known, name) or "")
    }
    if not changed:
        return []
    return [RelativeCorrected(household_id=command.household_id, relative_id=command.relative_id, **changed)]


def _must_be_born(born: date | None, given: Given) -> None:
    if born is not None and born > day_of(given.at):
        raise Rejected("household.not_born_yet", birth_date=born)


def _name_carer(command: NameCarer, household: Formed) -> Iterable[HouseholdEvent]:
    if command.person_id not in household.persons:
        raise Rejected("household.not_a_member")
    if command.carer_id not in household.members:
        raise Rejected("household.carer_unknown")
    if command.carer_id == command.person_id:
        raise Rejected("household.own_carer")
    known = (command.person_id, command.carer_id) in household.carers
    return [] if known else [CarerNamed.from_(command)]


def _move(command: MoveHousehold, household: Formed, given: Given) -> Iterable[HouseholdEvent]:
    """Only where its persons are all there now: a command that waited may come too late."""
    known = [person_of(given.beside[Ref(PERSON, person_id)]) for person_id in household.persons]
    elsewhere = any(person and person.community != command.community for person in known)
    if given.before in (None, command.community) or elsewhere:
        return []
    return [
        HouseholdMoved(
            household_id=command.household_id,
            from_community=given.before,
            to_community=command.community,
            hardships=frozenset(household.hardships),
        )
    ]


def _erase(command: EraseRelative, household: Formed | Dissolved) -> Iterable[HouseholdEvent]:
    if command.relative_id in household.erased:
        return []
    members = household.relatives.keys() if isinstance(household, Formed) else frozenset[str]()
    if command.relative_id not in household.left | members:
        raise Rejected("household.not_a_member")
    left = MemberLeft(household_id=command.household_id, member_id=command.relative_id, why=MemberLeftWhy.ERASED)
    erased = RelativeErased.from_(command)
    return [left, erased] if command.relative_id in members else [erased]


def _dissolve(household_id: str, household: Formed, given: Given) -> list[HouseholdEvent]:
    """Relatives alone are no household of the federation's: with the last person it ends."""
    on = _day(household, given)
    return [
        *(HardshipCleared(household_id=household_id, kind=kind, on=on) for kind in household.hardships),
        *(_left(household_id, member) for member in sorted(household.relatives)),
        HouseholdDissolved(household_id=household_id),
    ]


def _left(household_id: str, member_id: str) -> MemberLeft:
    return MemberLeft(household_id=household_id, member_id=member_id, why=MemberLeftWhy.DISSOLVED)


def _derive(household_id: str, household: Formed, given: Given) -> Iterator[HouseholdEvent]:
    """What hardship is recognised, cleared, or holds for other reasons than before."""
    on = _day(household, given)
    found = hardships(living_here(household, given), on)
    for kind, reasons in found.items():
        if kind not in household.hardships:
            yield HardshipRecognised(household_id=household_id, kind=kind, on=on, reasons=reasons)
        elif household.hardships[kind] != reasons:
            yield HardshipExplained(household_id=household_id, kind=kind, on=on, reasons=reasons)
    for kind in household.hardships:
        if kind not in found:
            yield HardshipCleared(household_id=household_id, kind=kind, on=on)


def _day(household: Formed, given: Given) -> date:
    """What is told late must not take back a birthday that has come meanwhile."""
    return max(day_of(given.at), household.derived_on)


def beside(command: HouseholdCommand, household: Household) -> Iterable[Ref]:
    """The files of the persons who are members, or are to be."""
    persons = set(household.persons) if isinstance(household, Formed) else set()
    match command:
        case FormHousehold():
            persons |= set(command.persons)
        case AddMember():
            persons.add(command.person_id)
        case DeclineHousehold():
            persons = set()
    return [Ref(PERSON, person_id) for person_id in sorted(persons)]


def claims(event: Event) -> Iterable[Claim]:
    """Nobody is in two households."""
    match event:
        case MemberJoined():
            yield Claim("household-member", event.member_id, taken="household.member_elsewhere")
        case MemberLeft():
            yield Claim("household-member", event.member_id, taken="household.member_elsewhere", release=True)


household: Decider[HouseholdCommand, Household, HouseholdEvent] = Decider(
    HOUSEHOLD, get_args(HouseholdCommand), decide, evolve, initial=None, beside=beside, claims=claims
)
