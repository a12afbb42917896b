"""Feedback on a real log, without a name."""

from __future__ import annotations

from apps.provider.tests.conftest import (
    Bench,
    rows,
)


async def test_feedback_is_listed_without_a_name(bench: Bench):
    await bench.refer(1)
    await bench.rate(2)
    page = (await bench.desk().get("/provider/feedback")).text
    assert "师傅很耐心" in page
    assert "王小明" not in page
    assert rows(await bench.desk().get("/provider/feedback/sheet"))[1][2] == 2
    assert "1 条未回复" in (await bench.desk().get("/provider")).text
