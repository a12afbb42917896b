"""Clocks that disagree: the caller's is written down and believed for nothing else; a token outlives some minutes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from libs.chassis.tests.faults.load import STAFF
from libs.chassis.tests.toy import MakeBox, PutIn, box, shelf

from canlian_chassis import tokens
from canlian_chassis.bus.client import Client, NotAllowed, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import Log
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_events import subjects

MADE = MakeBox(box_id="box_1", label="tea")


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    service = Service("toy", context="toy", deciders=[box, shelf], settings=settings)
    async with service.running(), connect(settings, "test") as nc:
        yield Client(nc)


def token_of_a_clock(settings: Settings, ahead: timedelta, monkeypatch: pytest.MonkeyPatch) -> str:
    """As sign-in gives it on a machine whose clock is so much ahead."""
    with monkeypatch.context() as there:
        there.setattr(tokens, "time", SimpleNamespace(time=lambda: time.time() + ahead.total_seconds()))
        return Signer(key_folder(settings)).sign(STAFF)


@pytest.mark.parametrize("minutes", [-4, -1, 1, 60])
async def test_a_token_of_a_machine_whose_clock_is_some_minutes_off_is_taken(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, minutes: int
):
    token = token_of_a_clock(settings, timedelta(minutes=minutes), monkeypatch)
    assert (await client.send(MADE, token=token)).events


async def test_a_token_of_a_clock_that_is_further_behind_than_it_is_good_for_is_refused(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    token = token_of_a_clock(settings, timedelta(minutes=-6), monkeypatch)
    with pytest.raises(NotAllowed) as refused:
        await client.send(MADE, token=token)
    assert refused.value.code == "bad_token"


async def test_when_it_was_said_is_the_callers_and_when_it_was_recorded_the_servers(client: Client, settings: Settings):
    token = Signer(key_folder(settings)).sign(STAFF)
    now = datetime.now(UTC)
    said = [now + timedelta(days=3), now - timedelta(days=3)]
    await client.send(MADE, token=token, said_at=said[0])
    await client.send(PutIn(box_id="box_1", things=1), token=token, said_at=said[1])
    async with connect(settings, "reader") as nc:
        metas = [read_entry(entry)[1] for entry in await Log(nc).read(subjects.EVENTS)]
    assert [meta.said_at for meta in metas] == said
    assert all(abs(meta.at - now) < timedelta(seconds=20) for meta in metas)
    assert metas[0].at < metas[1].at
