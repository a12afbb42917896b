"""The rules of an association (残疾人协会)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never, get_args

from canlian_chassis.decider import Claim, Decider, Given, Rejected
from canlian_events.calendar import day_of
from canlian_events.core import Event
from canlian_events.registry.association import (
    ASSOCIATION,
    ActivityHeld,
    AdmitMember,
    AssociationCommand,
    AssociationEvent,
    AssociationFounded,
    ChairNamed,
    ChairVacated,
    DismissMember,
    EraseMember,
    FoundAssociation,
    HoldActivity,
    MemberAdmitted,
    MemberDismissed,
    MemberErased,
    NameChair,
    VacateChair,
)
from canlian_events.terms import SpecialKind
from canlian_registry.views import Known, Place, known, place, unknown_among

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Association:
    """Of a community, or of a special kind."""

    community: str | None
    special: SpecialKind | None
    chair: str | None = None
    members: frozenset[str] = frozenset()
    activities: Mapping[str, ActivityHeld] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """`place` is the association's community; `whom` whoever a command names; `unknown` counts such attendees."""

    place: Place = field(default_factory=Place)
    whom: Known = field(default_factory=Known)
    unknown: int = 0


def decide(command: AssociationCommand, association: Association | None, given: Given) -> Sequence[AssociationEvent]:
    match command, association:
        case FoundAssociation(), None:
            return _found(command, given.facts)
        case FoundAssociation(), Association(community=community, special=special):
            if (command.community, command.special) != (community, special):
                raise Rejected("association.another")
            return []
        case _, None:
            raise Rejected("association.unknown")
        case NameChair(), Association():
            return _name_chair(command, association, given.facts)
        case VacateChair(), Association(chair=chair):
            return [ChairVacated.from_(command)] if command.chair_id == chair else []
        case AdmitMember(), Association():
            return _admit(command, association, given.facts)
        case DismissMember(), Association():
            _must_be_member(command.member_id, association)
            return [MemberDismissed.from_(command)]
        case EraseMember(), Association():
            return _erase(command, association)
        case HoldActivity(), Association():
            return _hold(command, association, given)
        case _:
            raise AssertionError(f"{type(command).__name__} is not decided")


def _found(command: FoundAssociation, facts: Facts) -> Sequence[AssociationEvent]:
    if (command.community is None) == (command.special is None):
        raise Rejected("association.of_what")
    if command.community and facts.place.standing != "open":
        code = "community.closed" if facts.place.standing else "community.unknown"
        raise Rejected(code, community=command.community)
    return [AssociationFounded.from_(command)]


def _name_chair(command: NameChair, association: Association, facts: Facts) -> Sequence[AssociationEvent]:
    """Chaired by the community director (domain.md); a special one by somebody the registry knows."""
    if command.chair_id == association.chair:
        return []
    if association.community:
        if facts.place.director is None:
            raise Rejected("association.no_director", community=association.community)
        if command.chair_id != facts.place.director:
            raise Rejected("association.chair_not_director", director=facts.place.director)
    elif not facts.whom.exists:
        raise Rejected("association.chair_unknown")
    return [ChairNamed.from_(command)]


def _admit(command: AdmitMember, association: Association, facts: Facts) -> Sequence[AssociationEvent]:
    if not association.members.isdisjoint({command.member_id, *facts.whom.also}):
        raise Rejected("association.member_already")
    if is_registered(command.member_id):
        if not facts.whom.exists:
            raise Rejected("association.member_unknown")
        if facts.whom.died:
            raise Rejected("association.member_died")
        if association.community and facts.whom.community not in (None, association.community):
            raise Rejected("association.lives_elsewhere", community=facts.whom.community)
        _must_be_of_its_kind(association, facts.whom)
        return [MemberAdmitted.from_(command, name=None)]
    if not command.name:
        raise Rejected("association.no_name")
    return [MemberAdmitted.from_(command)]


def _must_be_of_its_kind(association: Association, whom: Known) -> None:
    """A registered person's class says which of the five kinds they are; of several disabilities, whichever they say.

    Who is not registered as disabled, a relative or a worker, is admitted to any.
    """
    kind = SpecialKind.of(whom.disability) if whom.disability else None
    if association.special and kind not in (None, association.special):
        raise Rejected("association.other_kind", special_kind=association.special, recorded=kind)


def is_registered(member_id: str) -> bool:
    """Whether the id is of a person or a worker, whose names are kept on their own files."""
    return not member_id.startswith("member_")


def _must_be_member(member_id: str, association: Association) -> None:
    if member_id not in association.members:
        raise Rejected("association.not_a_member")


def _erase(command: EraseMember, association: Association) -> Sequence[AssociationEvent]:
    if is_registered(command.member_id):
        raise Rejected("association.has_a_file")
    return [MemberErased.from_(command)] if command.member_id in association.members else []


def _hold(command: HoldActivity, association: Association, given: Given) -> Sequence[AssociationEvent]:
    held = ActivityHeld.from_(command)
    if (before := association.activities.get(command.activity_id)) is not None:
        if before != held:
            raise Rejected("association.another_activity")
        return []
    if not command.title:
        raise Rejected("association.no_title")
    if command.on > day_of(given.at):
        raise Rejected("association.not_yet", on=command.on)
    if not command.attendees:
        raise Rejected("association.nobody_came")
    if given.facts.unknown:
        raise Rejected("association.attendees_unknown", number=given.facts.unknown)
    return [held]


def evolve(association: Association | None, event: AssociationEvent) -> Association:
    if isinstance(event, AssociationFounded):
        return Association(event.community, event.special)
    assert association, f"{type(event).__name__} cannot have happened to nothing"
    match event:
        case ChairNamed():
            return replace(association, chair=event.chair_id)
        case ChairVacated():
            return replace(association, chair=None)
        case MemberAdmitted():
            return replace(association, members=association.members | {event.member_id})
        case MemberDismissed() | MemberErased():
            return replace(association, members=association.members - {event.member_id})
        case ActivityHeld():
            return replace(association, activities={**association.activities, event.activity_id: event})
        case _:
            assert_never(event)


def claims(event: Event) -> Iterable[Claim]:
    """One association per community, and one of each special kind."""
    if isinstance(event, AssociationFounded):
        yield Claim("association", str(event.community or event.special), taken="association.exists")


def find_facts(session: Session, command: AssociationCommand, association: Association | None) -> Facts:
    match command, association:
        case FoundAssociation(community=str(community)), _:
            return Facts(place=place(session, community))
        case NameChair(), Association(community=str(community)):
            return Facts(place=place(session, community))
        case NameChair(), _:
            return Facts(whom=known(session, command.chair_id))
        case AdmitMember(), _:
            return Facts(whom=known(session, command.member_id))
        case HoldActivity(), _:
            return Facts(unknown=len(unknown_among(session, command.attendees)))
        case _:
            return Facts()


association: Decider[AssociationCommand, Association | None, AssociationEvent] = Decider(
    ASSOCIATION, get_args(AssociationCommand), decide, evolve, initial=None, claims=claims, facts=find_facts
)
