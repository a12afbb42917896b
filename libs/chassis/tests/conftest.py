"""A server, settings and a toy service for the chassis's own tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as running:
        yield running


@pytest.fixture
def settings(server: NatsServer, tmp_path: Path) -> Settings:
    return Settings(nats_url=server.url, data=tmp_path / "var")


@pytest.fixture
async def log(settings: Settings) -> AsyncIterator[Log]:
    async with connect(settings, "test") as nc:
        log = Log(nc)
        await log.ensure()
        yield log
