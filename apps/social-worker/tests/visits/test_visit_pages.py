"""A visit from its plan to what was found, with all services behind the pages."""

from __future__ import annotations

import pytest
from tests.support.social_worker_pages import AT, where
from tests.support.town import (
    GRID_WORKER,
    PERSON,
    SOCIAL_WORKER,
    Town,
)

from canlian_web.language.formats import today
from canlian_web.testing import browser, fill_in
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_visit_is_planned_given_away_and_written_up(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    plan = f"{AT}/visits/new?person={PERSON}"
    past = await fill_in(client, plan, plan, worker_id=SOCIAL_WORKER.id, due="2020-01-01")
    assert past.status_code == 422
    page = await fill_in(client, plan, plan, worker_id=GRID_WORKER.id, due=today().isoformat(), look_for="看看助听器")
    visit = where(page)
    assert "李强" in page.text
    page = await fill_in(client, visit, f"{visit}/reassign", worker_id=SOCIAL_WORKER.id)
    assert "访视已改派。" in page.text
    page = await fill_in(client, visit, f"{visit}/complete", tie="family", findings="要换电池", domains="rights")
    assert "访视情况已记录。" in page.text
    assert "要换电池" in page.text
