"""A server, settings, and the exchange with two communities open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from apps.exchange.tests.running import HERE, THERE, Api, open_communities, person, registry, serving

from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, free_port, nats_server


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """The same, with two persons here and one there, for all tests of a module that store nothing.

    Such a test says `@pytest.mark.asyncio(loop_scope="module")`.
    """
    folder = tmp_path_factory.mktemp("standing")
    with nats_server(folder / "nats") as running:
        settings = Settings(nats_url=running.url, data=folder / "var", port=free_port())
        async with registry(settings):
            await open_communities(settings)
            async with serving(settings) as api:
                await register_three(api)
                yield api


@pytest.fixture
async def people(api: Api) -> Api:
    """Two persons here, one there."""
    await register_three(api)
    return api


async def register_three(api: Api) -> None:
    for number, community in enumerate((HERE, HERE, THERE), 1):
        done = await api.send("RegisterPerson", person(number, community=community))
        assert done.status_code == 200, done.text
