"""Sending somebody to a service that fits, with all services behind the pages."""

from __future__ import annotations

import pytest
from tests.support.social_worker_pages import AT, raised, where
from tests.support.town import (
    NEIGHBOUR,
    SERVICE,
    SOCIAL_WORKER,
    Town,
)

from canlian_web.testing import browser, fill_in, hidden
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_without_consent_nothing_is_sent_and_the_page_records_it_and_goes_on(here: Town, tool: Tool):
    need = await raised(here, tool, NEIGHBOUR)
    client = browser(tool, SOCIAL_WORKER)
    matches = await client.get(f"{need}/matches")
    assert "助听器适配" in matches.text
    choosing = f"{need}/refer?service={SERVICE}"
    refused = await fill_in(client, choosing, f"{need}/refer", note="请发短信")
    assert refused.status_code == 409
    assert "请发短信" in refused.text
    page = await client.post(f"{need}/refer", data=hidden(refused) | {"note": "请发短信", "agreed": "true"})
    assert "转介已发给服务机构。" in page.text
    assert "为什么选这项服务" in page.text
    assert "有空位" in page.text
    again = await client.post(f"{need}/refer", data=hidden(refused) | {"note": "请发短信", "agreed": "true"})
    assert where(again) == where(page)
    listed = await client.get(f"{AT}/referrals?list=waiting")
    assert listed.text.count("张伟") >= 1
    withdrawn = await fill_in(client, where(page), f"{where(page)}/withdraw", why="本人改主意")
    assert "转介已撤回。" in withdrawn.text
