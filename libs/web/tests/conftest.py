import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "example"))

from canlian_chassis.decider import Decider, Given, Rejected
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_events.assistance.need import NEED, NeedRaised, RaiseNeed
from canlian_events.terms import Domain


def decide(command: RaiseNeed, state: bool, given: Given) -> Sequence[NeedRaised]:
    if state:
        raise Rejected("already_exists")
    if command.domain is Domain.EMPLOYMENT:
        raise Rejected("test.too_early", due="2026-03-08")
    return [NeedRaised.from_(command)]


def evolve(_state: bool, _event: NeedRaised) -> bool:
    return True


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture
def settings(server: NatsServer, tmp_path: Path) -> Settings:
    return Settings(nats_url=server.url, data=tmp_path)


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    """A service that takes one command, and refuses it for one domain."""
    needs = Decider(NEED, [RaiseNeed], decide, evolve, initial=False)
    async with Service("assistance", context="assistance", deciders=[needs], settings=settings).running() as running:
        yield running
