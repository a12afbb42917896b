"""A server, settings, and the exchange with two communities open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from apps.exchange.tests.running import Api, free_port, open_communities, registry, serving

from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as running:
        yield running


@pytest.fixture
def settings(nats: NatsServer, tmp_path: Path) -> Settings:
    return Settings(nats_url=nats.url, data=tmp_path / "var", port=free_port())


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    async with registry(settings):
        await open_communities(settings)
        async with serving(settings) as running:
            yield running
