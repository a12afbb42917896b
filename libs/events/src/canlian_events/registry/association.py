"""Associations (残疾人协会): one in every community, and five special ones (专门协会) for the subdistrict."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import ActivityId, AssociateId, AssociationId, CommunityCode, PersonId
from canlian_events.personal import Personal
from canlian_events.terms import Role, SpecialKind

ASSOCIATION = aggregate("registry.association")
_STAFF = {Role.STAFF, Role.OPERATOR}
_NEAR = _STAFF | {Role.COMMISSIONER, Role.SOCIAL_WORKER, Role.DIRECTOR}

MOST_ATTENDEES = 1000
Attendees = Annotated[frozenset[PersonId], Field(max_length=MOST_ATTENDEES)]


class FoundAssociation(Command, to=ASSOCIATION, by=_STAFF):
    """Of a community, or of a special kind: exactly one of the two."""

    association_id: AssociationId
    community: CommunityCode | None = None
    special: SpecialKind | None = None


class NameChair(Command, to=ASSOCIATION, by=_STAFF | {Role.POLICY}):
    """A community's association is chaired by the community director; a special one by a registered person."""

    association_id: AssociationId
    chair_id: AssociateId


class VacateChair(Command, to=ASSOCIATION, by={Role.POLICY}):
    """Where this one still chairs: a director who left without a successor does so no more."""

    association_id: AssociationId
    chair_id: AssociateId


class AdmitMember(Command, to=ASSOCIATION, by=_NEAR):
    """`name` says who it is where the registry does not know them, as a relative (`member_…`)."""

    association_id: AssociationId
    member_id: AssociateId
    name: str | None = None


class DismissMember(Command, to=ASSOCIATION, by=_NEAR | {Role.POLICY}):
    association_id: AssociationId
    member_id: AssociateId


class EraseMember(Command, to=ASSOCIATION, by={Role.STAFF, Role.POLICY}):
    """Dismisses somebody known only as a member (`member_…`), and destroys their name."""

    association_id: AssociationId
    member_id: AssociateId


class HoldActivity(Command, to=ASSOCIATION, by=_NEAR):
    """What has taken place. Attendees are persons of the registry, members or not: each takes part in an activity."""

    association_id: AssociationId
    activity_id: ActivityId
    title: str
    on: date
    attendees: Attendees
    others: int = Field(default=0, ge=0)
    """How many more came whom the registry does not know."""


class AssociationFounded(Event, type="registry.association.founded"):
    """Of a community, or of a special kind."""

    association_id: AssociationId
    community: CommunityCode | None = None
    special: SpecialKind | None = None


class ChairNamed(Event, type="registry.association.chair-named"):
    association_id: AssociationId
    chair_id: AssociateId


class ChairVacated(Event, type="registry.association.chair-vacated"):
    association_id: AssociationId
    chair_id: AssociateId


class MemberAdmitted(Event, type="registry.association.member-admitted", about="member_id"):
    """`name` only where neither the person's file nor the worker's has it."""

    association_id: AssociationId
    member_id: AssociateId
    name: Personal[str] | None = None


class MemberDismissed(Event, type="registry.association.member-dismissed"):
    association_id: AssociationId
    member_id: AssociateId


class MemberErased(Event, type="registry.association.member-erased", about="member_id", erases=True):
    """They are no member any more, and their name can never be read again."""

    association_id: AssociationId
    member_id: AssociateId


class ActivityHeld(Event, type="registry.association.activity-held"):
    """Every attendee took part in an activity on that day: it counts for the participation rate."""

    association_id: AssociationId
    activity_id: ActivityId
    title: str
    on: date
    attendees: frozenset[PersonId]
    others: int = 0


AssociationCommand = (
    FoundAssociation | NameChair | VacateChair | AdmitMember | DismissMember | EraseMember | HoldActivity
)
AssociationEvent = (
    AssociationFounded | ChairNamed | ChairVacated | MemberAdmitted | MemberDismissed | MemberErased | ActivityHeld
)
