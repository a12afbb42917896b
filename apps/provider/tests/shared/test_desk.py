"""Whose desk it is."""

from __future__ import annotations

from apps.provider.tests.conftest import (
    ONE,
    PROVIDER,
    STAFF,
    Bench,
)

from canlian_web.testing import fill_in


async def test_staff_choose_whose_desk_they_look_at(bench: Bench):
    await bench.refer(1)
    client = bench.desk(STAFF)
    choice = await client.get("/provider/referrals")
    assert f"/provider/referrals?provider={PROVIDER}" in choice.text
    assert "王小明" in (await client.get(f"/provider?provider={PROVIDER}")).text
    page = await fill_in(client, ONE, f"{ONE}/accept")
    assert "已接收，名额已留给本人。" in page.text
