"""The server of the simulation answers as nats-server does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import nats.aio.client
import pytest

from canlian_chassis.bus.client import connect
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import nats_server
from tests.simulation.calls import Calls, Told
from tests.simulation.event_loop import SimulatedLoop
from tests.simulation.model_server import ModelServer, Storage, Watching
from tests.simulation.network import URL, Network, SimulatedTransport

_CALLS = 350


async def _told(settings: Settings, seed: int) -> Told:
    async with connect(settings, "calls") as nc:
        calls = Calls(nc, seed)
        await calls.make(_CALLS)
        return calls.told


def _told_by_model(settings: Settings, seed: int) -> Told:
    loop = SimulatedLoop(Random(seed))
    network = Network(loop, Random(seed), lambda _: None)
    network.slow = 0.0  # what is told within a time may not be late
    SimulatedTransport.network = network
    network.server = ModelServer(loop, Random(seed), Storage(), Watching())
    asyncio.set_event_loop(None)
    return loop.run_until_complete(_told(settings, seed))


@pytest.mark.parametrize("seed", [1, 3])
def test_the_model_answers_as_the_server_does(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with nats_server(tmp_path / "nats") as server:
        real = asyncio.run(_told(Settings(nats_url=server.url, data=tmp_path), seed))
    monkeypatch.setattr(nats.aio.client, "TcpTransport", SimulatedTransport)
    model = _told_by_model(Settings(nats_url=URL, data=tmp_path), seed)
    for number, (expected, found) in enumerate(zip(real, model, strict=True)):
        assert found == expected, f"call {number} of {len(real)}"
