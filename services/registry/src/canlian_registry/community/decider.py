"""The rules of a community."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from canlian_chassis.decider import Decider, Given, Rejected
from canlian_events.registry.community import (
    COMMUNITY,
    CloseCommunity,
    CommunityClosed,
    CommunityCommand,
    CommunityEvent,
    CommunityOpened,
    CommunityRenamed,
    DirectorNamed,
    GridWorkerNamed,
    NameDirector,
    NameGridWorker,
    NameResponsibleMember,
    OpenCommunity,
    PostVacated,
    RenameCommunity,
    ResponsibleMemberNamed,
)
from canlian_events.terms import Post, WorkerKind
from canlian_registry.views import kind_of, residents_of

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Open:
    name: str
    director: str | None = None
    grid_worker: str | None = None
    responsible_member: str | None = None

    def posts_of(self, worker_id: str) -> list[Post]:
        """What this worker is to the community."""
        holders = {
            Post.DIRECTOR: self.director,
            Post.GRID_WORKER: self.grid_worker,
            Post.RESPONSIBLE_MEMBER: self.responsible_member,
        }
        return [post for post, holder in holders.items() if holder == worker_id]


@dataclass(frozen=True, slots=True)
class Closed:
    name: str


Community = Open | Closed | None


@dataclass(frozen=True, slots=True)
class Facts:
    """`worker_kind` is the kind of the worker a command names; None: nobody enrolled has that id."""

    residents: int = 0
    worker_kind: WorkerKind | None = None


def decide(command: CommunityCommand, community: Community, given: Given) -> Sequence[CommunityEvent]:
    match command, community:
        case _, Closed():
            raise Rejected("community.closed", community=command.community)
        case OpenCommunity(), None:
            return [CommunityOpened(community=command.community, name=_name(command))]
        case OpenCommunity(), Open(name=name):
            if _name(command) != name:
                raise Rejected("community.already_open", name=name)
            return []
        case _, None:
            raise Rejected("community.unknown", community=command.community)
        case RenameCommunity(), Open(name=name):
            return [] if _name(command) == name else [CommunityRenamed.from_(command)]
        case NameDirector(), Open(director=director):
            _of_kind(WorkerKind.DIRECTOR, "community.not_a_director", given.facts)
            return [] if command.worker_id == director else [DirectorNamed.from_(command)]
        case NameGridWorker(), Open():
            return _name_grid_worker(command, community, given)
        case NameResponsibleMember(), Open(responsible_member=member):
            _enrolled(given.facts)
            return [] if command.worker_id == member else [ResponsibleMemberNamed.from_(command)]
        case CloseCommunity(), Open():
            if given.facts.residents:
                raise Rejected("community.has_residents", residents=given.facts.residents)
            return [CommunityClosed.from_(command)]
        case _:
            raise AssertionError(f"{type(command).__name__} is not decided")


def _name(command: OpenCommunity | RenameCommunity) -> str:
    if not command.name:
        raise Rejected("community.no_name")
    return command.name


def _name_grid_worker(command: NameGridWorker, community: Open, given: Given) -> Sequence[CommunityEvent]:
    """Exactly one per community (domain.md): a second is refused unless the command says whom they replace."""
    if command.worker_id == community.grid_worker:
        return []
    if community.grid_worker not in (None, command.replaces):
        raise Rejected("community.grid_worker_named", worker_id=community.grid_worker)
    _of_kind(WorkerKind.GRID_WORKER, "community.not_a_grid_worker", given.facts)
    return [GridWorkerNamed.from_(command)]


def _enrolled(facts: Facts) -> WorkerKind:
    if facts.worker_kind is None:
        raise Rejected("community.worker_unknown")
    return facts.worker_kind


def _of_kind(kind: WorkerKind, code: str, facts: Facts) -> None:
    if (found := _enrolled(facts)) is not kind:
        raise Rejected(code, kind=found)


def evolve(community: Community, event: CommunityEvent) -> Community:
    match event, community:
        case CommunityOpened(), _:
            return Open(event.name)
        case CommunityRenamed(), Open():
            return replace(community, name=event.name)
        case DirectorNamed(), Open():
            return replace(community, director=event.worker_id)
        case GridWorkerNamed(), Open():
            return replace(community, grid_worker=event.worker_id)
        case ResponsibleMemberNamed(), Open():
            return replace(community, responsible_member=event.worker_id)
        case PostVacated(), Open():
            return _without(community, event.post)
        case CommunityClosed(), Open():
            return Closed(community.name)
        case _:
            raise AssertionError(f"{type(event).__name__} cannot have happened to {community}")


def _without(community: Open, post: Post) -> Open:
    match post:
        case Post.DIRECTOR:
            return replace(community, director=None)
        case Post.GRID_WORKER:
            return replace(community, grid_worker=None)
        case Post.RESPONSIBLE_MEMBER:
            return replace(community, responsible_member=None)


def find_facts(session: Session, command: CommunityCommand, _: Community) -> Facts:
    match command:
        case NameDirector() | NameGridWorker() | NameResponsibleMember():
            return Facts(worker_kind=kind_of(session, command.worker_id))
        case CloseCommunity():
            return Facts(residents=residents_of(session, command.community))
        case OpenCommunity() | RenameCommunity():
            return Facts()


community: Decider[CommunityCommand, Community, CommunityEvent] = Decider(
    COMMUNITY, get_args(CommunityCommand), decide, evolve, initial=None, facts=find_facts
)
