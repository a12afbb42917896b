"""Communities (社区): the unit of every view. A community's id is its 12-digit statistical code."""

from __future__ import annotations

from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import CommunityCode, WorkerId
from canlian_events.terms import Post, Role

COMMUNITY = aggregate("registry.community", id_field="community")
_STAFF = {Role.STAFF, Role.OPERATOR}


class OpenCommunity(Command, to=COMMUNITY, by=_STAFF):
    community: CommunityCode
    name: str


class RenameCommunity(Command, to=COMMUNITY, by=_STAFF):
    community: CommunityCode
    name: str


class NameDirector(Command, to=COMMUNITY, by=_STAFF):
    """The community director (社区主任), who also chairs the association."""

    community: CommunityCode
    worker_id: WorkerId


class NameGridWorker(Command, to=COMMUNITY, by=_STAFF):
    """The one grid worker (网格员) for disability work; `replaces` names the one who goes."""

    community: CommunityCode
    worker_id: WorkerId
    replaces: WorkerId | None = None


class NameResponsibleMember(Command, to=COMMUNITY, by=_STAFF):
    """The member of the two committees (两委) who answers for disability work."""

    community: CommunityCode
    worker_id: WorkerId


class CloseCommunity(Command, to=COMMUNITY, by=_STAFF):
    community: CommunityCode


class CommunityOpened(Event, type="registry.community.opened"):
    community: CommunityCode
    name: str


class CommunityRenamed(Event, type="registry.community.renamed"):
    community: CommunityCode
    name: str


class DirectorNamed(Event, type="registry.community.director-named"):
    community: CommunityCode
    worker_id: WorkerId


class GridWorkerNamed(Event, type="registry.community.grid-worker-named"):
    community: CommunityCode
    worker_id: WorkerId


class ResponsibleMemberNamed(Event, type="registry.community.responsible-member-named"):
    community: CommunityCode
    worker_id: WorkerId


class PostVacated(Event, type="registry.community.post-vacated"):
    """Whoever held the post left without a successor. A grid worker does not: there is always one after the first."""

    community: CommunityCode
    post: Post
    worker_id: WorkerId


class CommunityClosed(Event, type="registry.community.closed"):
    community: CommunityCode


CommunityCommand = (
    OpenCommunity | RenameCommunity | NameDirector | NameGridWorker | NameResponsibleMember | CloseCommunity
)
CommunityEvent = (
    CommunityOpened
    | CommunityRenamed
    | DirectorNamed
    | GridWorkerNamed
    | ResponsibleMemberNamed
    | PostVacated
    | CommunityClosed
)
