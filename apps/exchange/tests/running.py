"""The exchange on a real port, with the real registry behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from canlian_chassis.bus.client import Client, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.community import OpenCommunity
from canlian_events.terms import Role
from canlian_exchange.app import Server, exchange, server
from canlian_registry.app import service as registry_service
from canlian_web.tool import Tool

HERE, THERE = "429999001003", "429999001007"
SUBDISTRICT = "429999001"


def actor(role: Role, *communities: str, id: str = "") -> Actor:
    return Actor(id or f"worker_of_{role}", frozenset({role}), communities)


STAFF = actor(Role.STAFF, SUBDISTRICT)
PROGRAM = actor(Role.PROGRAM, SUBDISTRICT, id="program-1")
GRID_WORKER_HERE = actor(Role.GRID_WORKER, HERE)


@dataclass
class Api:
    """The running exchange, as programs see it."""

    tool: Tool
    url: str
    server: Server

    def as_(self, who: Actor | None, lang: str = "en", **headers: str) -> httpx.AsyncClient:
        given = {"Accept-Language": lang} | headers
        if who:
            given["Authorization"] = f"Bearer {self.token(who)}"
        return httpx.AsyncClient(base_url=self.url, headers=given, timeout=20, trust_env=False)

    def token(self, who: Actor, seconds: int = 300) -> str:
        return Signer(key_folder(self.tool.settings)).sign(who, seconds)

    async def send(
        self, name: str, body: Any, who: Actor = STAFF, key: str | None = None, dry_run: str | None = None
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key, "Dry-Run": dry_run}
        given = {header: value for header, value in headers.items() if value is not None}
        async with self.as_(who) as client:
            return await client.post(f"/api/v1/commands/{name}", json=body, headers=given)

    async def get(self, path: str, who: Actor | None = STAFF, **query: Any) -> httpx.Response:
        async with self.as_(who) as client:
            return await client.get(path, params=query)

    async def events(self, who: Actor = STAFF, **query: Any) -> list[dict[str, Any]]:
        response = await self.get("/api/v1/events", who, **query)
        assert response.status_code == 200, response.text
        return [httpx.Response(200, content=line).json() for line in response.text.splitlines()]


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Api]:
    """The exchange for the length of the block, as a server on a port."""
    tool = exchange(settings)
    running = server(tool)
    task = asyncio.create_task(running.serve())
    try:
        await tool.level()
        while not running.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
        yield Api(tool, f"http://127.0.0.1:{settings.port}", running)
    finally:
        running.should_exit = True
        await task


@asynccontextmanager
async def registry(settings: Settings) -> AsyncIterator[Service]:
    own = Service(
        "registry",
        context="registry",
        deciders=registry_service.deciders,
        views=registry_service.views,
        settings=settings,
    )
    async with own.running():
        yield own


async def open_communities(settings: Settings) -> None:
    """Over the bus, so that the exchange finds a log with something in it: on an empty one it waits a second."""
    token = Signer(key_folder(settings)).sign(STAFF)
    async with connect(settings, "test") as nc:
        for code, name in ((HERE, "幸福社区"), (THERE, "和平社区")):
            await Client(nc).send(OpenCommunity(community=code, name=name), token=token)


def person(number: int = 1, **more: Any) -> dict[str, Any]:
    """What RegisterPerson takes, another person for each number; the id is left out."""
    citizen_id = make_citizen_id("429999", date(1958, 3, 8), number)
    return {
        "community": HERE,
        "name": f"张建国{number}",
        "citizen_id": citizen_id,
        "disability": 4,
        "grade": 2,
        "phone": "13800000000",
    } | more
