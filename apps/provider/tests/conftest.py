"""A desk at work: a server, the catalog and evaluation in process, and the tool beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook

from canlian_catalog import app as catalog
from canlian_chassis.bus import wire
from canlian_chassis.bus.client import Accepted, Client, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.deciders import NOON
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_chassis.tokens import Signer
from canlian_events import subjects
from canlian_events.catalog.matching import Reason
from canlian_events.catalog.provider import RegisterProvider
from canlian_events.catalog.referral import ReferPerson
from canlian_events.catalog.service import ListService, ServiceDetails
from canlian_events.core import Command, Event, decode, encode
from canlian_events.evaluation.feedback import FeedbackGiven
from canlian_events.meta import Actor
from canlian_events.registry.person import AccessNeedsRecorded, ConsentGiven, PersonRegistered
from canlian_events.registry.showing import FileShown
from canlian_events.terms import (
    AccessFeature,
    DisabilityClass,
    Domain,
    Grade,
    Layer,
    Occasion,
    ProviderKind,
    Purpose,
    RaterKind,
    Role,
    Sex,
)
from canlian_provider.tool import provider
from canlian_registry.showing.decider import showing
from canlian_web.testing import browser, running
from canlian_web.tool import Tool

HERE = "429999001001"
STAFF = Actor("worker_00000004", frozenset({Role.STAFF}), ("429999001",))
WORKER = Actor("worker_00000005", frozenset({Role.SOCIAL_WORKER}), (HERE,))
PROVIDER, OTHER = "provider_00000001", "provider_00000002"
DESK = Actor("account_desk", frozenset({Role.PROVIDER}), provider_id=PROVIDER)
OTHER_DESK = Actor("account_other", frozenset({Role.PROVIDER}), provider_id=OTHER)
SERVICE = "service_00000001"
NAMES = ("王小明", "李秀英", "张建国")


def person(number: int) -> str:
    return f"person_{number:08}"


def referral(number: int) -> str:
    return f"referral_{number:08}"


ONE, TWO = f"/provider/referrals/{referral(1)}", f"/provider/referrals/{referral(2)}"


def rows(sheet: httpx.Response) -> list[tuple[object, ...]]:
    return list(load_workbook(BytesIO(sheet.content)).active.iter_rows(values_only=True))  # type: ignore[union-attr]


class Bench:
    """A log with people in it, a service of one place, and the tool of its provider."""

    def __init__(self, tool: Tool, client: Client, log: Log, settings: Settings) -> None:
        self.tool, self.client, self.log, self.signer = tool, client, log, Signer(key_folder(settings))

    async def send(self, command: Command, by: Actor = STAFF) -> Accepted:
        accepted = await self.client.send(command, token=self.signer.sign(by))
        await self.seen(accepted.position)
        return accepted

    async def seen(self, position: int) -> None:
        assert self.tool.runner is not None
        assert await self.tool.runner.reached(position)

    async def tell(self, *events: Event) -> None:
        """Events of other services, put into the log as they would."""
        for event in events:
            id_ = f"told-{await self.log.last_position()}"
            headers = wire.event_headers(
                event, id=id_, said_at=NOON, actor="staff:x", command=id_, digest="x", cause=None
            )
            await self.log.append([NewEntry(subjects.event(event, HERE), headers, encode(event))])
        await self.seen(await self.log.last_position())

    async def refer(self, number: int) -> None:
        """The person of this number, to the service; they need a ramp."""
        whom = person(number)
        await self.tell(
            PersonRegistered(
                person_id=whom,
                community=HERE,
                name=NAMES[number - 1],
                citizen_id="429999198001010019",
                phone=f"1380000000{number}",
                birth_year=1980,
                sex=Sex.FEMALE,
                disability=DisabilityClass.PHYSICAL,
                grade=Grade.TWO,
            ),
            ConsentGiven(person_id=whom, purpose=Purpose.SHARE_WITH_PROVIDER),
            AccessNeedsRecorded(person_id=whom, features=frozenset({AccessFeature.RAMP})),
        )
        near, tried = Reason(code="near", counts="for"), Reason(code="tried_before", counts="neutral")
        await self.send(
            ReferPerson(
                referral_id=referral(number),
                person_id=whom,
                community=HERE,
                service_id=SERVICE,
                reasons=(near, tried),
                note="肩部活动受限",
            ),
            by=WORKER,
        )

    async def showings(self) -> list[tuple[str, FileShown]]:
        """Who looked, by their stamp, and at what: all showings there are."""
        entries = await self.log.read(subjects.events_of("registry", "showing"))
        read = [(entry.headers["ce-actor"], decode(FileShown.type, 1, entry.body)) for entry in entries]
        return [(actor, event) for actor, event in read if isinstance(event, FileShown)]

    async def rate(self, score: int) -> None:
        await self.tell(
            FeedbackGiven(
                feedback_id="feedback_00000001",
                person_id=person(1),
                occasion=Occasion.SERVICE,
                occasion_id=referral(1),
                score=score,
                rater=RaterKind.PERSON,
                words="师傅很耐心",
                service_id=SERVICE,
            )
        )

    def desk(self, actor: Actor | None = DESK, lang: str = "zh") -> httpx.AsyncClient:
        return browser(self.tool, actor, lang)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as started:
        yield started


@pytest.fixture
async def bench(server: NatsServer, tmp_path: Path) -> AsyncIterator[Bench]:
    settings = Settings(nats_url=server.url, data=tmp_path / "var")
    service = Service(
        "services-catalog",
        context="catalog",
        deciders=catalog.DECIDERS,
        policies=catalog.POLICIES,
        questions=catalog.QUESTIONS,
        views=catalog.service.views,
        settings=settings,
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(service.running())
        # of the registry only what records showings: the people are told, not registered
        showings = Service("registry", context="registry", deciders=[showing], settings=settings)
        await stack.enter_async_context(showings.running())
        tool = await stack.enter_async_context(running(provider(settings)))
        nc = await stack.enter_async_context(connect(settings, "test"))
        made = Bench(tool, Client(nc), Log(nc), settings)
        for number, id_ in enumerate((PROVIDER, OTHER), start=1):
            name = ("阳光康复中心", "别家机构")[number - 1]
            await made.send(RegisterProvider(provider_id=id_, number=str(number), name=name, kind=ProviderKind.MEDICAL))
        details = ServiceDetails(name="肩颈康复", domain=Domain.REHABILITATION, layer=Layer.COMMUNITY)
        await made.send(ListService(service_id=SERVICE, provider_id=PROVIDER, details=details, places=1))
        yield made
