"""The rules of leaving a community: who takes over what, and what ends with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from canlian_chassis.decider import Given, Ref, Rejected
from canlian_events.registry.community import (
    COMMUNITY,
    DirectorNamed,
    GridWorkerNamed,
    PostVacated,
    ResponsibleMemberNamed,
)
from canlian_events.registry.worker import (
    WORKER,
    ReleaseWorker,
    RoleRevoked,
    WorkerAssigned,
    WorkerReleased,
)
from canlian_events.terms import Post
from canlian_registry.community.decider import Open

if TYPE_CHECKING:
    from canlian_registry.worker.states import Enrolled

CommunityFollows = DirectorNamed | GridWorkerNamed | ResponsibleMemberNamed | PostVacated
Decided = CommunityFollows | WorkerAssigned | WorkerReleased | RoleRevoked


def aggregates(command: ReleaseWorker) -> Iterable[Ref]:
    """What a release looks at beside the worker: the community, and who comes after."""
    yield Ref(COMMUNITY, command.community)
    if command.successor and command.successor != command.worker_id:
        yield Ref(WORKER, command.successor)


def release(command: ReleaseWorker, worker: Enrolled, given: Given) -> Sequence[Decided]:
    """All in one batch: what follows for the community and the successor, then the release."""
    community = given.beside.get(Ref(COMMUNITY, command.community))
    posts = community.posts_of(command.worker_id) if isinstance(community, Open) else []
    if not posts and command.community not in worker.communities:
        return []
    if command.successor is None:
        if Post.GRID_WORKER in posts:
            raise Rejected("worker.only_grid_worker", community=command.community)
        taken: Sequence[Decided] = [
            PostVacated(community=command.community, post=post, worker_id=command.worker_id) for post in posts
        ]
    else:
        taken = _take_over(command, worker, posts, given)
    ended = [
        RoleRevoked(worker_id=command.worker_id, role=role, scope=scope)
        for role, scope in sorted(worker.roles)
        if scope == command.community
    ]
    return [*taken, *ended, WorkerReleased.from_(command)]


def _take_over(command: ReleaseWorker, worker: Enrolled, posts: Iterable[Post], given: Given) -> Sequence[Decided]:
    if command.successor == command.worker_id:
        raise Rejected("worker.succeeds_themselves")
    assert command.successor
    successor: Enrolled | None = given.beside[Ref(WORKER, command.successor)]
    if successor is None or successor.erased:
        raise Rejected("worker.successor_unknown")
    if successor.kind is not worker.kind:
        raise Rejected("worker.successor_of_another_kind", kind=successor.kind, needed=worker.kind)
    named = [_named(post, command.community, command.successor) for post in posts]
    if command.community in successor.communities:
        return named
    return [*named, WorkerAssigned(worker_id=command.successor, community=command.community)]


def _named(post: Post, community: str, worker_id: str) -> CommunityFollows:
    match post:
        case Post.DIRECTOR:
            return DirectorNamed(community=community, worker_id=worker_id)
        case Post.GRID_WORKER:
            return GridWorkerNamed(community=community, worker_id=worker_id)
        case Post.RESPONSIBLE_MEMBER:
            return ResponsibleMemberNamed(community=community, worker_id=worker_id)
