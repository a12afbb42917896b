from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlmodel import Session, create_engine
from tests.support.town import Town, town

from canlian_social_worker.shared.columns import SocialWorkerRow
from canlian_social_worker.tool import social_worker
from canlian_web.testing import running
from canlian_web.tool import Tool


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("town")) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tool(here: Town) -> AsyncIterator[Tool]:
    async with running(social_worker(here.settings)) as started:
        yield started


@pytest.fixture
def db() -> Session:
    engine = create_engine("sqlite://")
    SocialWorkerRow.metadata.create_all(engine)
    return Session(engine)
