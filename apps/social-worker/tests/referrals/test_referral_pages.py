"""What comes after a provider's no, with all services behind the pages."""

from __future__ import annotations

import pytest
from tests.support.social_worker_pages import AT, raised, where
from tests.support.town import (
    DESK,
    SERVICE,
    SOCIAL_WORKER,
    Town,
)

from canlian_events.catalog.referral import DeclineReferral
from canlian_events.terms import (
    DeclineReason,
)
from canlian_web.testing import browser, fill_in
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_after_a_no_the_page_says_what_comes_next(here: Town, tool: Tool):
    need = await raised(here, tool)
    client = browser(tool, SOCIAL_WORKER)
    page = await fill_in(client, f"{need}/refer?service={SERVICE}", f"{need}/refer")
    referral_id = where(page).rpartition("/")[2]
    told = await here.send(DeclineReferral(referral_id=referral_id, reason=DeclineReason.TOO_FAR), by=DESK)
    assert tool.runner
    await tool.runner.reached(told.position)
    for _ in range(100):
        page = await client.get(where(page))
        if "正在寻找" not in page.text:
            break
    assert "距离太远" in page.text
    assert "目前没有其他合适的服务" in page.text
    assert "欧阳秀兰" in (await client.get(f"{AT}/referrals?list=next")).text
