"""Events as they happen: nothing twice, nothing lost, and an end when it is time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from apps.exchange.tests.running import GRID_WORKER_HERE, HERE, PROGRAM, STAFF, THERE, Api, person

from canlian_chassis.testing.servers import NatsServer
from canlian_events.meta import Actor
from canlian_exchange.access.callers import Caller
from canlian_exchange.events import log_reader, server_sent_events
from canlian_exchange.events.log_reader import Wanted

STREAM = "/api/v1/events/stream"


async def heard(
    api: Api, number: int, who: Actor = PROGRAM, path: str = STREAM, headers: dict[str, str] | None = None, **query: Any
) -> list[tuple[int, dict[str, Any]]]:
    """The next events of a stream: id and data of each."""
    found: list[tuple[int, dict[str, Any]]] = []
    async with aclosing(listen(api, who, path, headers, **query)) as events, asyncio.timeout(20):
        async for event in events:
            found.append(event)
            if len(found) == number:
                break
    return found


async def listen(
    api: Api, who: Actor, path: str, headers: dict[str, str] | None, **query: Any
) -> AsyncGenerator[tuple[int, dict[str, Any]]]:
    async with api.as_(who) as client, client.stream("GET", path, params=query, headers=headers or {}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        position = 0
        async for line in response.aiter_lines():
            if line.startswith("id: "):
                position = int(line.removeprefix("id: "))
            if line.startswith("data: "):
                yield position, json.loads(line.removeprefix("data: "))


async def test_a_stream_begins_with_what_there_is_and_goes_on_with_what_comes(api: Api):
    listening = asyncio.create_task(heard(api, 3))
    await asyncio.sleep(0.3)
    await api.send("RegisterPerson", person())
    events = await listening
    assert [event["name"] for _, event in events] == ["CommunityOpened", "CommunityOpened", "PersonRegistered"]
    assert [position for position, _ in events] == [event["position"] for _, event in events]


async def test_a_stream_resumes_after_the_last_event_received(api: Api):
    first = await heard(api, 1)
    await api.send("RegisterPerson", person())
    rest = await heard(api, 2, headers={"Last-Event-ID": str(first[0][0])})
    assert [event["name"] for _, event in rest] == ["CommunityOpened", "PersonRegistered"]


async def test_the_events_address_streams_to_who_accepts_it(api: Api):
    headers = {"Accept": "text/event-stream"}
    assert len(await heard(api, 2, path="/api/v1/events", headers=headers)) == 2


async def test_a_stream_keeps_to_what_is_asked_for_and_may_be_seen(api: Api):
    for number, community in enumerate((THERE, HERE), 1):
        await api.send("RegisterPerson", person(number, community=community))
    [(_, event)] = await heard(api, 1, who=GRID_WORKER_HERE, type="PersonRegistered", why="visit")
    assert (event["community"], event["data"]["name"]) == (HERE, "张建国2")
    [(_, sealed)] = await heard(api, 1, type="PersonRegistered")
    assert "sealed" in sealed["data"]["name"]


async def test_a_quiet_stream_is_kept_alive_and_moves_its_listener_on(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_sent_events, "HEARTBEAT", 0.1)
    last = (await api.events())[-1]["position"]
    lines: list[str] = []
    async with api.as_(STAFF) as client, client.stream("GET", STREAM, params={"type": "VisitCompleted"}) as response:
        async for line in response.aiter_lines():
            lines.append(line)
            if len([line for line in lines if line.startswith(":")]) == 3:
                break
    assert any(line.startswith("id: ") and int(line[4:]) >= last for line in lines)
    assert not any(line.startswith("data") for line in lines)


async def test_a_stream_ends_cleanly_when_the_exchange_is_stopped(api: Api):
    async with api.as_(STAFF) as client, client.stream("GET", STREAM) as response:
        lines = response.aiter_lines()
        async for line in lines:
            if line.startswith("data: "):
                break
        api.server.should_exit = True
        async with asyncio.timeout(5):
            rest = [line async for line in lines]  # an unfinished answer would raise here
    assert all(not line or line.startswith(("id", "data", ":")) for line in rest)


async def test_a_stream_ends_when_the_token_runs_out(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_sent_events, "HEARTBEAT", 0.2)
    headers = {"Authorization": f"Bearer {api.token(STAFF, seconds=5)}"}
    async with api.as_(None) as client, client.stream("GET", STREAM, headers=headers) as response:
        assert response.status_code == 200
        async with asyncio.timeout(30):
            lines = [line async for line in response.aiter_lines()]
    assert len([line for line in lines if line.startswith("data")]) == 2


async def test_a_stream_outlives_the_log_being_killed(api: Api, nats: NatsServer):
    listening = asyncio.create_task(heard(api, 3))
    await asyncio.sleep(0.3)
    await nats.restart()
    for _ in range(20):
        if (await api.send("RegisterPerson", person(), key="k")).status_code == 200:
            break
    assert [event["name"] for _, event in await listening][-1] == "PersonRegistered"


async def test_a_listener_that_does_not_read_is_read_to_no_further_than_it_takes(
    api: Api, monkeypatch: pytest.MonkeyPatch
):
    """Pages are read one after another, each when the one before was taken: so only one is ever held."""
    monkeypatch.setattr(server_sent_events, "PAGE", 1)
    held: list[int] = []
    original = log_reader.read_page

    async def counted(log: Any, wanted: Any, after: int, limit: int) -> Any:
        held.append(after)
        return await original(log, wanted, after, limit)

    monkeypatch.setattr(server_sent_events, "read_page", counted)
    exchange = api.tool.app.state.exchange
    wanted = Wanted(STAFF)
    caller = Caller(STAFF, api.token(STAFF), "en")
    response = await server_sent_events.stream(exchange, caller, wanted, 0)
    body: Any = response.body_iterator
    async with aclosing(body) as chunks:
        await anext(chunks)
        await anext(chunks)
        await asyncio.sleep(0.2)
        assert held == [0]


async def test_too_many_streams_are_turned_away(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_sent_events, "MAX_STREAMS", 0)
    answer = await api.get(STREAM)
    assert (answer.status_code, answer.json()["code"]) == (503, "too_many_streams")
    assert "Retry-After" in answer.headers


async def test_a_listener_who_goes_away_is_forgotten(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_sent_events, "HEARTBEAT", 0.1)
    await heard(api, 1)
    for _ in range(50):
        if api.tool.app.state.exchange.streams == 0:
            break
        await asyncio.sleep(0.1)
    assert api.tool.app.state.exchange.streams == 0


async def test_a_bad_last_event_id_is_named(api: Api):
    async with api.as_(STAFF) as client:
        answer = await client.get(STREAM, headers={"Last-Event-ID": "x"})
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert list(answer.json()["fields"]) == ["last-event-id"]
