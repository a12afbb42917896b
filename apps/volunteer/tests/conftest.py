from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.support.town import Town, town

from canlian_volunteer.tool import volunteer
from canlian_web.testing import running
from canlian_web.tool import Tool


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("town")) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tool(here: Town) -> AsyncIterator[Tool]:
    async with running(volunteer(here.settings)) as started:
        yield started
