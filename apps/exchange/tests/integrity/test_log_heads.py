"""The log's signed heads, as programs get them from the running exchange."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from apps.exchange.tests.running import PROGRAM, Api, actor, open_communities, registry, serving
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from canlian_chassis.log.chain import Head
from canlian_chassis.settings import Settings
from canlian_events.terms import Role
from canlian_exchange.integrity import chain_signing


@pytest.fixture
async def api(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(chain_signing, "SECONDS", 0.05)
    async with registry(settings):
        await open_communities(settings)
        async with serving(settings) as running:
            yield running


async def first_heads(api: Api) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            answer = await api.get("/api/v1/log/heads", PROGRAM)
            if answer.status_code == 200 and answer.json()["heads"]:
                told: dict[str, Any] = answer.json()
                return told
            await asyncio.sleep(0.05)


async def test_the_exchange_signs_the_log_and_gives_the_heads_and_the_key(api: Api):
    told = await first_heads(api)
    key = load_pem_public_key(told["public_key"].encode())
    assert isinstance(key, Ed25519PublicKey)
    [first, *_] = told["heads"]
    head = Head.model_validate(first["head"])
    assert (first["number"], first["said"].encode()) == (1, head.said)
    assert head.signed_by(key)
    assert (await api.get("/api/v1/log/heads", PROGRAM, after=told["heads"][-1]["number"])).json()["heads"] == []
    for asked in ("last", head.day):
        last = (await api.get(f"/api/v1/log/heads/{asked}", PROGRAM)).json()
        assert last["head"] == told["heads"][-1]["head"]


async def test_heads_are_for_whoever_may_read_and_days_without_one_are_said(api: Api):
    assert (await api.get("/api/v1/log/heads", None)).status_code == 401
    assert (await api.get("/api/v1/log/heads", actor(Role.VOLUNTEER))).status_code == 403
    answer = await api.get("/api/v1/log/heads/2020-01-01", PROGRAM)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_head")
    assert "1 January 2020" in answer.json()["message"]
    assert (await api.get("/api/v1/log/heads/yesterday", PROGRAM)).status_code == 422
