"""Who plays in the demonstration: everybody is made up, and has the same id on every system."""

from dataclasses import dataclass

from canlian_events.ids import derive
from canlian_events.meta import Actor
from canlian_events.terms import Role, WorkerKind
from canlian_sheets.made_up.people import COMMUNITIES

CODES = tuple(COMMUNITIES)
SUBDISTRICT = CODES[0][:9]


@dataclass(frozen=True, slots=True)
class Worker:
    """`key` tells them apart; `scopes` are the communities, or the subdistrict's prefix, their role is held for."""

    key: str
    kind: WorkerKind
    name: str
    scopes: tuple[str, ...]

    @property
    def id(self) -> str:
        return derive("worker", "demonstration", self.key)

    @property
    def role(self) -> Role:
        """Each kind of worker has the role of the same name."""
        return Role(self.kind.value)

    @property
    def actor(self) -> Actor:
        return Actor(self.id, frozenset({self.role}), self.scopes)


STAFF = Worker("staff", WorkerKind.STAFF, "周敏", (SUBDISTRICT,))
SOCIAL_WORKERS = (
    Worker("social-1", WorkerKind.SOCIAL_WORKER, "林晓燕", CODES[0:3]),
    Worker("social-2", WorkerKind.SOCIAL_WORKER, "陈立新", CODES[3:6]),
    Worker("social-3", WorkerKind.SOCIAL_WORKER, "何雨桐", CODES[6:8]),
)
GRID_WORKERS = tuple(
    Worker(f"grid-{number}", WorkerKind.GRID_WORKER, name, (code,))
    for number, (code, name) in enumerate(
        zip(CODES, ("郭海涛", "唐玉芬", "许建国", "韩小满", "邓秀珍", "曹志强", "彭静", "曾云帆"), strict=True), 1
    )
)
DIRECTORS = tuple(
    Worker(f"director-{number}", WorkerKind.DIRECTOR, name, (code,))
    for number, (code, name) in enumerate(
        zip(CODES, ("梁桂兰", "谢明", "宋和平", "冯春华", "罗文博", "高秋实", "马思齐", "朱博雅"), strict=True), 1
    )
)
VOLUNTEERS = (
    Worker("volunteer-1", WorkerKind.VOLUNTEER, "孙家乐", CODES[0:2]),
    Worker("volunteer-2", WorkerKind.VOLUNTEER, "吴晨", CODES[2:4]),
    Worker("volunteer-3", WorkerKind.VOLUNTEER, "胡若水", CODES[4:6]),
    Worker("volunteer-4", WorkerKind.VOLUNTEER, "徐安", CODES[6:8]),
)
WORKERS = (STAFF, *SOCIAL_WORKERS, *GRID_WORKERS, *DIRECTORS, *VOLUNTEERS)


def of_community(workers: tuple[Worker, ...], community: str) -> Worker:
    """Who of these works in the community."""
    return next(worker for worker in workers if community in worker.scopes)


def resident(person_id: str) -> Actor:
    return Actor(person_id, frozenset({Role.RESIDENT}))


def front_desk(provider_id: str) -> Actor:
    return Actor(provider_id, frozenset({Role.PROVIDER}), provider_id=provider_id)
