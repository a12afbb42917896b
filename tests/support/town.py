"""All four services on a real server in the test's process, with a small community: for the tests of tools."""

import asyncio
import copy
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import uvicorn

from canlian_assistance.app import service as assistance
from canlian_catalog.app import service as catalog
from canlian_chassis.bus.client import Accepted, Client, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import nats_server
from canlian_chassis.tokens import Signer
from canlian_evaluation.app import service as evaluation
from canlian_events.assistance.visit import ScheduleVisit
from canlian_events.calendar import day_of
from canlian_events.catalog.provider import RegisterProvider, VetProvider
from canlian_events.catalog.service import ListService, ServiceDetails
from canlian_events.core import Command
from canlian_events.ids import new_id
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.community import NameGridWorker, OpenCommunity
from canlian_events.registry.person import GiveConsent, RecordAccessNeeds, RegisterPerson
from canlian_events.registry.worker import AssignWorker, EnrolWorker
from canlian_events.terms import (
    AccessFeature,
    DisabilityClass,
    Domain,
    Grade,
    Layer,
    ProviderKind,
    Purpose,
    Role,
    WorkerKind,
)
from canlian_registry.app import service as registry
from canlian_web.tool import Tool

HERE, THERE = "429999001001", "429999001002"
PERSON, NEIGHBOUR = "person_00000001", "person_00000002"
PROVIDER, SERVICE = "provider_00000001", "service_00000001"
STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
SOCIAL_WORKER = Actor("worker_00000002", frozenset({Role.SOCIAL_WORKER}), (HERE, THERE))
GRID_WORKER = Actor("worker_00000003", frozenset({Role.GRID_WORKER}), (HERE,))
VOLUNTEER = Actor("worker_00000004", frozenset({Role.VOLUNTEER}), (HERE,))
OTHER_VOLUNTEER = Actor("worker_00000005", frozenset({Role.VOLUNTEER}), (HERE,))
RESIDENT = Actor(PERSON, frozenset({Role.RESIDENT}))
OTHER_RESIDENT = Actor(NEIGHBOUR, frozenset({Role.RESIDENT}))
DESK = Actor("account_desk", frozenset({Role.PROVIDER}), provider_id=PROVIDER)


def today() -> date:
    return day_of(datetime.now(UTC))


@dataclass(frozen=True)
class Town:
    settings: Settings
    client: Client
    signer: Signer

    async def send(self, command: Command, by: Actor = STAFF) -> Accepted:
        return await self.client.send(command, token=self.signer.sign(by))

    async def visit(self, days: int = 0, worker: Actor = VOLUNTEER, look_for: str | None = None) -> str:
        """A visit to the person, due in so many days; its id."""
        visit_id = new_id("visit")
        await self.send(
            ScheduleVisit(
                visit_id=visit_id,
                person_id=PERSON,
                community=HERE,
                worker_id=worker.id,
                due=today() + timedelta(days=days),
                look_for=look_for,
            ),
            by=SOCIAL_WORKER,
        )
        return visit_id


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    """Two communities, two persons, their workers, one provider with one service."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(_server(folder))
        settings = Settings(nats_url=server, data=folder / "var")
        for service in (registry, assistance, catalog, evaluation):
            here = copy.copy(service)
            here.settings = settings
            await stack.enter_async_context(here.running())
        nc = await stack.enter_async_context(connect(settings, "test"))
        found = Town(settings, Client(nc), Signer(key_folder(settings)))
        for command in SETTLED:
            await found.send(command)
        yield found


@asynccontextmanager
async def served(tool: Tool) -> AsyncIterator[str]:
    """The tool's address on a port of its own, for a browser."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(tool.app, log_config=None))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await tool.level()
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    with nats_server(folder / "nats") as server:
        yield server.url


def _person(person_id: str, name: str, born: date, sequence: int, phone: str, address: str) -> RegisterPerson:
    return RegisterPerson(
        person_id=person_id,
        community=HERE,
        name=name,
        citizen_id=make_citizen_id("429999", born, sequence),
        disability=DisabilityClass.HEARING,
        grade=Grade.TWO,
        phone=phone,
        address=address,
    )


SETTLED: list[Command] = [
    OpenCommunity(community=HERE, name="新华社区"),
    OpenCommunity(community=THERE, name="清芬社区"),
    EnrolWorker(worker_id=SOCIAL_WORKER.id, kind=WorkerKind.SOCIAL_WORKER, name="王芳", phone="13900000002"),
    EnrolWorker(worker_id=GRID_WORKER.id, kind=WorkerKind.GRID_WORKER, name="李强", phone="13900000003"),
    EnrolWorker(worker_id=VOLUNTEER.id, kind=WorkerKind.VOLUNTEER, name="周敏"),
    EnrolWorker(worker_id=OTHER_VOLUNTEER.id, kind=WorkerKind.VOLUNTEER, name="吴勇"),
    AssignWorker(worker_id=SOCIAL_WORKER.id, community=HERE),
    AssignWorker(worker_id=GRID_WORKER.id, community=HERE),
    NameGridWorker(community=HERE, worker_id=GRID_WORKER.id),
    _person(PERSON, "欧阳秀兰", date(1961, 3, 14), 122, "13800000001", "和平路3号2单元501"),
    _person(NEIGHBOUR, "张伟", date(1980, 7, 1), 7, "13800000002", "和平路5号"),
    RecordAccessNeeds(person_id=PERSON, features=frozenset({AccessFeature.SIGN_LANGUAGE, AccessFeature.LARGE_PRINT})),
    GiveConsent(person_id=PERSON, purpose=Purpose.SHARE_WITH_PROVIDER),
    RegisterProvider(
        provider_id=PROVIDER,
        number="R0001",
        name="春晖康复中心",
        kind=ProviderKind.SOCIAL_ORGANISATION,
        phone="02780000001",
    ),
    VetProvider(provider_id=PROVIDER),
    ListService(
        service_id=SERVICE,
        provider_id=PROVIDER,
        details=ServiceDetails(
            name="助听器适配", domain=Domain.ASSISTIVE_DEVICES, layer=Layer.COMMUNITY, address="建设路8号"
        ),
        places=1,
    ),
]
