"""The registry running on a real server, in this process, on a folder of the test's."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from nats.aio.client import Client as Nats
from services.registry.tests.people import STAFF

from canlian_chassis import clock
from canlian_chassis.bus.client import Accepted, Client, connect
from canlian_chassis.clock import CLOCK
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_chassis.tokens import Signer
from canlian_events import subjects
from canlian_events.calendar import begin_of
from canlian_events.core import Command, Event
from canlian_events.meta import Actor
from canlian_registry.app import service


@dataclass(frozen=True)
class Registry:
    client: Client
    log: Log
    signer: Signer
    nc: Nats
    settings: Settings

    async def move_clock(self, to: date) -> None:
        """To noon of the day."""
        await clock.move(self.nc, self.settings, begin_of(to) + timedelta(hours=12) - datetime.now(UTC))

    async def until_stored(self, kind: type[Event], count: int = 1) -> None:
        async with asyncio.timeout(20):
            while [entry.headers["ce-type"] for entry in await self.log.read(subjects.EVENTS)].count(kind.type) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.03)

    async def send(self, command: Command, command_id: str | None = None, by: Actor = STAFF) -> Accepted:
        return await self.client.send(command, token=self.signer.sign(by), command_id=command_id)

    async def stored(self) -> int:
        return len(await self.log.read(subjects.EVENTS))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as running:
        yield running


@pytest.fixture
async def registry(server: NatsServer, tmp_path: Path) -> AsyncIterator[Registry]:
    settings = Settings(nats_url=server.url, data=tmp_path / "var", movable_clock=True)
    here = copy.copy(service)
    here.settings = settings
    async with here.running(), connect(settings, "test") as nc:
        yield Registry(Client(nc), Log(nc), Signer(key_folder(settings)), nc, settings)
    CLOCK.set_ahead(timedelta(0))
