"""Households (家庭): persons and relatives who live together, who cares for whom, and the hardship that follows.

Hardship (特殊困难家庭) is never typed in: it follows from the members' files, and is derived again when one changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from canlian_events.core import Command, Event, Message, aggregate
from canlian_events.ids import CommunityCode, HouseholdId, MemberId, PersonId, RelativeId
from canlian_events.personal import Personal
from canlian_events.terms import ErasureGround, Hardship, HardshipFact, Kinship, MemberLeftWhy, Role

HOUSEHOLD = aggregate("registry.household")
_REGISTRARS = {Role.STAFF, Role.COMMISSIONER, Role.SOCIAL_WORKER, Role.OPERATOR, Role.PROGRAM}

AGED_FROM = 60
"""Years of age. Source: domain.md, special hardship, `aged_and_disabled` (老残一体)."""
SEVERE_TO_GRADE = 2
"""The last of the severe grades. Source: domain.md, special hardship, `orphaned_or_severe` (孤残重残)."""
SEVERAL_DISABLED = 2
"""So many disabled members, or more. Source: domain.md, special hardship, `multiple_disabled` (一户多残)."""
VISIT_EVERY_DAYS: Mapping[Hardship, int] = {
    Hardship.AGED_AND_DISABLED: 30,
    Hardship.ORPHANED_OR_SEVERE: 30,
    Hardship.MULTIPLE_DISABLED: 90,
    Hardship.MULTIPLE_DISABILITIES: 90,
}
"""How often a household of each kind is visited; one of several kinds as often as the most frequent asks.

Ours: the plan asks for regular visits and names no number. Monthly where nobody at home may be able to call, else
quarterly."""

Ids = Annotated[tuple[PersonId, ...], Field(min_length=1, max_length=30)]
Text = Annotated[str, StringConstraints(max_length=60)]


class Relative(Message):
    """残疾人亲友, as they are first told of: known by their household only, with a key of their own."""

    relative_id: RelativeId
    name: Text
    kinship: Kinship
    birth_date: date | None = None
    phone: Text | None = None


class HardshipReason(Message):
    """One fact that makes a kind of hardship hold, and whose it is. Two or more may each suffice."""

    member_id: MemberId
    fact: HardshipFact
    carer_id: MemberId | None = None


class FormHousehold(Command, to=HOUSEHOLD, by=_REGISTRARS):
    """These live together, in this community, where each of them is registered. Refused where one is elsewhere."""

    household_id: HouseholdId
    community: CommunityCode
    persons: Ids
    relatives: tuple[Relative, ...] = ()


class DeclineHousehold(Command, to=HOUSEHOLD, by=_REGISTRARS):
    """These have one address, and are no household: it is not proposed again until another person is found there."""

    household_id: HouseholdId
    community: CommunityCode
    persons: Ids


class AddMember(Command, to=HOUSEHOLD, by=_REGISTRARS | {Role.POLICY}):
    household_id: HouseholdId
    person_id: PersonId


class AddRelative(Command, to=HOUSEHOLD, by=_REGISTRARS):
    household_id: HouseholdId
    relative: Relative


class CorrectRelative(Command, to=HOUSEHOLD, by=_REGISTRARS):
    """What is given replaces what was recorded; what is left out stays."""

    household_id: HouseholdId
    relative_id: RelativeId
    name: Text | None = None
    kinship: Kinship | None = None
    birth_date: date | None = None
    phone: Text | None = None


class RemoveMember(Command, to=HOUSEHOLD, by=_REGISTRARS | {Role.POLICY}):
    """The household of whose persons the last has left is dissolved."""

    household_id: HouseholdId
    member_id: MemberId
    why: MemberLeftWhy = MemberLeftWhy.MOVED_OUT


class NameCarer(Command, to=HOUSEHOLD, by=_REGISTRARS):
    """A member who cares for a person of the household; a person may have several."""

    household_id: HouseholdId
    person_id: PersonId
    carer_id: MemberId


class ReleaseCarer(Command, to=HOUSEHOLD, by=_REGISTRARS):
    household_id: HouseholdId
    person_id: PersonId
    carer_id: MemberId


class RecomputeHardship(Command, to=HOUSEHOLD, by={Role.POLICY, Role.STAFF, Role.OPERATOR}):
    """Something the hardship follows from has changed, or a birthday has come."""

    household_id: HouseholdId


class MoveHousehold(Command, to=HOUSEHOLD, by={Role.POLICY}):
    """All its persons have moved there."""

    household_id: HouseholdId
    community: CommunityCode


class DissolveHousehold(Command, to=HOUSEHOLD, by=_REGISTRARS):
    """They do not live together, or never did."""

    household_id: HouseholdId


class EraseRelative(Command, to=HOUSEHOLD, by={Role.STAFF, Role.OPERATOR}):
    """What is known of the relative is destroyed for ever."""

    household_id: HouseholdId
    relative_id: RelativeId
    ground: ErasureGround


class HouseholdFormed(Event, type="registry.household.formed"):
    """Its members follow, each in an event of their own."""

    household_id: HouseholdId


class HouseholdDeclined(Event, type="registry.household.declined"):
    household_id: HouseholdId
    persons: tuple[PersonId, ...]


class MemberJoined(Event, type="registry.household.member-joined", about="member_id"):
    """A person, of whom the registry knows the rest, or a relative.

    `birth_date`, as ISO 8601 writes it, is absent where nobody knows it.
    """

    household_id: HouseholdId
    member_id: MemberId
    kinship: Kinship | None = None
    """A relative's."""
    name: Personal[str] | None = None
    birth_date: Personal[str] | None = None
    phone: Personal[str] | None = None


class RelativeCorrected(Event, type="registry.household.relative-corrected", about="relative_id"):
    """The fields that changed, with their new values."""

    household_id: HouseholdId
    relative_id: RelativeId
    kinship: Kinship | None = None
    name: Personal[str] | None = None
    birth_date: Personal[str] | None = None
    phone: Personal[str] | None = None


class MemberLeft(Event, type="registry.household.member-left"):
    """They care for nobody there any more, and nobody there for them."""

    household_id: HouseholdId
    member_id: MemberId
    why: MemberLeftWhy


class CarerNamed(Event, type="registry.household.carer-named"):
    household_id: HouseholdId
    person_id: PersonId
    carer_id: MemberId


class CarerReleased(Event, type="registry.household.carer-released"):
    household_id: HouseholdId
    person_id: PersonId
    carer_id: MemberId


class HouseholdMoved(Event, type="registry.household.moved"):
    """Happens in the new community; says what is derived of it, for that community's reader to begin from."""

    household_id: HouseholdId
    from_community: CommunityCode
    to_community: CommunityCode
    hardships: frozenset[Hardship] = frozenset()


class HouseholdDissolved(Event, type="registry.household.dissolved"):
    household_id: HouseholdId


class HardshipRecognised(Event, type="registry.household.hardship-recognised"):
    """The household is of this kind from `on`, for these reasons."""

    household_id: HouseholdId
    kind: Hardship
    on: date
    reasons: tuple[HardshipReason, ...]


class HardshipExplained(Event, type="registry.household.hardship-explained"):
    """It is of this kind still, for other reasons than before."""

    household_id: HouseholdId
    kind: Hardship
    on: date
    reasons: tuple[HardshipReason, ...]


class HardshipCleared(Event, type="registry.household.hardship-cleared"):
    """No reason is left for this kind."""

    household_id: HouseholdId
    kind: Hardship
    on: date


class RelativeErased(Event, type="registry.household.relative-erased", about="relative_id", erases=True):
    """Nothing sealed for the relative can be read any more."""

    household_id: HouseholdId
    relative_id: RelativeId
    ground: ErasureGround


HouseholdCommand = (
    FormHousehold
    | DeclineHousehold
    | AddMember
    | AddRelative
    | CorrectRelative
    | RemoveMember
    | NameCarer
    | ReleaseCarer
    | RecomputeHardship
    | MoveHousehold
    | DissolveHousehold
    | EraseRelative
)
HouseholdEvent = (
    HouseholdFormed
    | HouseholdDeclined
    | MemberJoined
    | RelativeCorrected
    | MemberLeft
    | CarerNamed
    | CarerReleased
    | HouseholdMoved
    | HouseholdDissolved
    | HardshipRecognised
    | HardshipExplained
    | HardshipCleared
    | RelativeErased
)
