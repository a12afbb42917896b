"""Feedback answered, with all services behind the pages."""

from __future__ import annotations

import pytest
from tests.support.social_worker_pages import AT
from tests.support.town import (
    HERE,
    PERSON,
    SOCIAL_WORKER,
    Town,
)

from canlian_events.evaluation.feedback import AskFeedback, GiveFeedback
from canlian_events.ids import new_id
from canlian_events.terms import (
    Occasion,
)
from canlian_web.testing import browser, fill_in
from canlian_web.tool import Tool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_low_feedback_is_answered(here: Town, tool: Tool):
    feedback_id = new_id("feedback")
    asked = AskFeedback(
        feedback_id=feedback_id, person_id=PERSON, community=HERE, occasion=Occasion.VISIT, occasion_id=new_id("visit")
    )
    await here.send(asked, by=SOCIAL_WORKER)
    given = await here.send(GiveFeedback(feedback_id=feedback_id, score=1, words="没人来"), by=SOCIAL_WORKER)
    assert tool.runner
    await tool.runner.reached(given.position)
    client = browser(tool, SOCIAL_WORKER)
    one = f"{AT}/feedback/{feedback_id}"
    listed = await client.get(f"{AT}/feedback")
    assert one in listed.text
    assert "没人来" not in listed.text
    assert "没人来" in (await client.get(one)).text
    page = await fill_in(client, one, f"{one}/reply", words="明天上门")
    assert "明天上门" in page.text
    assert one not in (await client.get(f"{AT}/feedback")).text
