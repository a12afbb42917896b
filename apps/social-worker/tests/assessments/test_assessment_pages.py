"""An assessment filled in with all services behind it."""

from __future__ import annotations

import re

import pytest
from tests.support.social_worker_pages import AT
from tests.support.town import (
    PERSON,
    SOCIAL_WORKER,
    Town,
)

from canlian_web.testing import browser, fill_in, hidden
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_assessment_names_the_question_that_is_unanswered_and_keeps_the_others(here: Town, tool: Tool):
    client = browser(tool, SOCIAL_WORKER)
    form = f"{AT}/persons/{PERSON}/assess?instrument=wg-ss"
    answers = {"seeing": "1", "hearing": "4", "walking": "1", "remembering": "1", "self_care": "1"}
    page = await fill_in(client, form, form, **answers)
    assert page.status_code == 422
    assert "第 6 题还没有回答" in page.text
    assert re.search(r'name="hearing" type="radio" value="4" checked', page.text)
    page = await client.post(form, data=hidden(page) | answers | {"communicating": "3"})
    assert "评估已完成。" in page.text
    assert "达到残疾界定" in page.text
    assert page.text.count("<li>") >= 2
