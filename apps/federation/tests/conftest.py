"""A running registry with the federation's tool beside it."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from apps.federation.tests.bench import Bench

from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_federation.tool import federation
from canlian_registry.app import service as registry
from canlian_web.testing import running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as started:
        yield started


@pytest.fixture
def settings(server: NatsServer, tmp_path: Path) -> Settings:
    return Settings(nats_url=server.url, data=tmp_path / "var")


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    here: Service = copy.copy(registry)
    here.settings = settings
    async with here.running(), running(federation(settings)) as tool:
        yield Bench(tool)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """The same for all tests of a module, with the communities open: each test keeps to its own people."""
    folder = tmp_path_factory.mktemp("standing")
    with nats_server(folder / "nats") as started:
        settings = Settings(nats_url=started.url, data=folder / "var")
        here: Service = copy.copy(registry)
        here.settings = settings
        async with here.running(), running(federation(settings)) as tool:
            bench = Bench(tool)
            await bench.open_communities()
            yield bench
