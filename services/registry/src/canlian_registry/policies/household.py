"""A household follows its members: hardship is derived again when a file changes, and on a member's 60th birthday."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, get_args

from canlian_chassis.policy import Cancel, Consequence, Later, policy
from canlian_events.calendar import begin_of
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.household import (
    AddMember,
    MemberJoined,
    MemberLeft,
    MoveHousehold,
    RecomputeHardship,
    RelativeCorrected,
    RemoveMember,
)
from canlian_events.registry.person import (
    CertificateWithdrawn,
    CircumstancesRecorded,
    DeathWithdrawn,
    DisabilityReclassified,
    PersonDied,
    PersonErased,
    PersonMoved,
    RegistrationWithdrawn,
)
from canlian_events.terms import MemberLeftWhy
from canlian_registry.household.hardship import turns_aged
from canlian_registry.views import homes_of, household_of, last_home

if TYPE_CHECKING:
    from sqlmodel import Session

Changed = (
    DisabilityReclassified
    | CertificateWithdrawn
    | CircumstancesRecorded
    | PersonMoved
    | MergedInto
    | MergedIntoUndone
    | PersonDied
    | PersonErased
    | RegistrationWithdrawn
)
GONE: Mapping[type, MemberLeftWhy] = {
    PersonDied: MemberLeftWhy.DIED,
    PersonErased: MemberLeftWhy.ERASED,
    RegistrationWithdrawn: MemberLeftWhy.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Home:
    """A person's household, and where its persons are registered."""

    household_id: str
    communities: frozenset[str] = frozenset()


def home(session: Session, event: Changed, _: Meta) -> Home | None:
    """None where it makes no difference; a roster's rows, which come by the hundred thousand, are not looked up."""
    if isinstance(event, CircumstancesRecorded) and event.circumstances.orphan is None:
        return None
    household_id = household_of(session, event.person_id)
    if household_id is None:
        return None
    return Home(
        household_id, frozenset(homes_of(session, household_id)) if isinstance(event, PersonMoved) else frozenset()
    )


@policy(
    "registry.household",
    on=get_args(Changed),
    facts=home,
)
def follow_members(event: Changed, _: Meta, found: Home | None) -> Iterable[Command]:
    """It moves when the last of its persons has; before that, who moved counts no more at the old home."""
    if found is None:
        return
    match event:
        case PersonDied() | PersonErased() | RegistrationWithdrawn():
            why = GONE[type(event)]
            yield RemoveMember(household_id=found.household_id, member_id=event.person_id, why=why)
        case PersonMoved() if found.communities == {event.to_community}:
            yield MoveHousehold(household_id=found.household_id, community=event.to_community)
        case _:
            yield RecomputeHardship(household_id=found.household_id)


def last_household(session: Session, event: DeathWithdrawn, _: Meta) -> str | None:
    return last_home(session, event.person_id)


@policy("registry.household-of-the-living", on=DeathWithdrawn, facts=last_household)
def rejoin(event: DeathWithdrawn, _: Meta, household_id: str | None) -> Iterable[Command]:
    """Who never died lives where they lived. A household that was dissolved with them stays so: staff form it anew."""
    if household_id:
        yield AddMember(household_id=household_id, person_id=event.person_id)


@policy("registry.household-birthdays", on=[MemberJoined, RelativeCorrected, MemberLeft])
def let_birthdays_come(event: MemberJoined | RelativeCorrected | MemberLeft, meta: Meta) -> Iterable[Consequence]:
    """The one birthday that can change something is waited for, member by member. It is in no event in the open."""
    member_id = event.relative_id if isinstance(event, RelativeCorrected) else event.member_id
    key = f"aged-{member_id}"
    if isinstance(event, MemberLeft):
        yield Cancel(key)
        return
    born = opened(event.birth_date)
    if born is None:
        return
    at = begin_of(turns_aged(date.fromisoformat(born)))
    if at > meta.said_at:
        yield Later(RecomputeHardship(household_id=event.household_id), at=at, key=key)
    else:
        yield Cancel(key)
