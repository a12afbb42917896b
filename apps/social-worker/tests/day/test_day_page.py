"""The day's figures with all services behind them."""

from __future__ import annotations

import re

import pytest
from tests.support.social_worker_pages import AT, raised
from tests.support.town import (
    SOCIAL_WORKER,
    Town,
)

from canlian_web.testing import browser
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_day_opens_the_list_behind_each_figure(here: Town, tool: Tool):
    await raised(here, tool)
    client = browser(tool, SOCIAL_WORKER)
    page = await client.get(AT)
    figures = dict(re.findall(r'figure__link" href="([^"]+)">.*?figure__value">([^<]+)<', page.text, re.S))
    assert len(figures) == 13
    for address, number in figures.items():
        listed = await client.get(address.replace("&amp;", "&"))
        shown = listed.text.count('<th scope="row"')
        assert shown == int(number), address
