"""What the registry remembers of one household, and how each event changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from canlian_events.personal import Sealed
from canlian_events.registry.household import (
    CarerNamed,
    CarerReleased,
    HardshipCleared,
    HardshipExplained,
    HardshipRecognised,
    HouseholdDeclined,
    HouseholdDissolved,
    HouseholdEvent,
    HouseholdFormed,
    HouseholdMoved,
    MemberJoined,
    MemberLeft,
    RelativeCorrected,
    RelativeErased,
)
from canlian_events.terms import Hardship, Kinship
from canlian_registry.household.hardship import Reasons

PERSON = "person_"


@dataclass(frozen=True, slots=True)
class KnownRelative:
    """Personal values are plain, or sealed where the service has no key."""

    kinship: Kinship | None
    name: str | Sealed | None
    birth_date: str | Sealed | None
    phone: str | Sealed | None

    @property
    def born(self) -> date | None:
        return date.fromisoformat(self.birth_date) if isinstance(self.birth_date, str) else None


@dataclass(frozen=True, slots=True)
class Formed:
    """`persons` are members of the registry. `relatives` of before are kept in `left`, until they are erased."""

    persons: frozenset[str] = frozenset()
    relatives: Mapping[str, KnownRelative] = field(default_factory=dict)
    carers: frozenset[tuple[str, str]] = frozenset()
    """(who is cared for, who cares)"""
    hardships: Mapping[Hardship, Reasons] = field(default_factory=dict)
    derived_on: date = date.min
    """The last day for which hardship was told to have changed."""
    left: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()

    @property
    def members(self) -> frozenset[str]:
        return self.persons | self.relatives.keys()


@dataclass(frozen=True, slots=True)
class Declined:
    persons: frozenset[str]


@dataclass(frozen=True, slots=True)
class Dissolved:
    left: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()


Household = Formed | Declined | Dissolved | None


def evolve(household: Household, event: HouseholdEvent) -> Household:
    match event:
        case HouseholdFormed():
            before = household if isinstance(household, Dissolved) else Dissolved()
            return Formed(left=before.left, erased=before.erased)
        case HouseholdDeclined():
            return Declined(frozenset(event.persons))
        case RelativeErased():
            return _without_relative(household, event.relative_id)
        case _:
            assert isinstance(household, Formed), f"{type(event).__name__} cannot have happened to {household}"
            return _changed(household, event)


def _changed(household: Formed, event: HouseholdEvent) -> Household:
    match event:
        case MemberJoined():
            return _joined(household, event)
        case RelativeCorrected():
            known = household.relatives[event.relative_id]
            said = {name: getattr(event, name) for name in ("kinship", "name", "birth_date", "phone")}
            corrected = replace(known, **{name: value for name, value in said.items() if value is not None})
            return replace(household, relatives={**household.relatives, event.relative_id: corrected})
        case MemberLeft():
            return _left(household, event.member_id)
        case CarerNamed():
            return replace(household, carers=household.carers | {(event.person_id, event.carer_id)})
        case CarerReleased():
            return replace(household, carers=household.carers - {(event.person_id, event.carer_id)})
        case HouseholdMoved():
            return household
        case HardshipRecognised() | HardshipExplained():
            hardships = {**household.hardships, event.kind: event.reasons}
            return replace(household, hardships=hardships, derived_on=event.on)
        case HardshipCleared():
            hardships = {kind: why for kind, why in household.hardships.items() if kind is not event.kind}
            return replace(household, hardships=hardships, derived_on=event.on)
        case HouseholdDissolved():
            return Dissolved(household.left | household.relatives.keys(), household.erased)
        case HouseholdFormed() | HouseholdDeclined() | RelativeErased():
            raise AssertionError("folded above")
        case _:
            assert_never(event)


def _joined(household: Formed, event: MemberJoined) -> Formed:
    if event.member_id.startswith(PERSON):
        return replace(household, persons=household.persons | {event.member_id})
    relative = KnownRelative(event.kinship, event.name, event.birth_date, event.phone)
    left = household.left - {event.member_id}
    return replace(household, relatives={**household.relatives, event.member_id: relative}, left=left)


def _left(household: Formed, member_id: str) -> Formed:
    relatives = {id_: known for id_, known in household.relatives.items() if id_ != member_id}
    return replace(
        household,
        persons=household.persons - {member_id},
        relatives=relatives,
        carers=frozenset(pair for pair in household.carers if member_id not in pair),
        left=household.left | (household.relatives.keys() & {member_id}),
    )


def _without_relative(household: Household, relative_id: str) -> Household:
    if isinstance(household, Formed):
        household = _left(household, relative_id)
    assert isinstance(household, Formed | Dissolved)
    return replace(household, left=household.left - {relative_id}, erased=household.erased | {relative_id})
