"""Whether everything is ready: each part is asked, services over the log's server, tools over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import httpx
import nats.errors
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from canlian_edge.settings import EdgeSettings
from canlian_web.tool import Health, Tool

PATIENCE = 2.0
Answer = dict[str, Any]

router = APIRouter()


@router.get("/health")
async def health(request: Request) -> JSONResponse:
    tool: Tool = request.app.state.tool
    settings: EdgeSettings = request.app.state.settings
    own = await tool.health()
    asked: dict[str, Awaitable[Answer]] = {name: of_service(tool, name) for name in settings.services}
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        asked |= {name: of_tool(client, address) for name, address in settings.tools.items()}
        answers = dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))
    parts: dict[str, Any] = {"edge": {"status": "ready" if own.ready else "not ready", "parts": own.parts}} | answers
    return Health(all(part["status"] == "ready" for part in parts.values()), parts).response()


async def of_service(tool: Tool, name: str) -> Answer:
    if tool.nats is None or not tool.nats.is_connected:
        return _silent("the log's server is not reached")
    try:
        answer = await tool.nats.request(f"health.{name}", timeout=PATIENCE)
        return _read(answer.data)
    except nats.errors.Error:
        return _silent("does not answer")


async def of_tool(client: httpx.AsyncClient, address: str) -> Answer:
    try:
        return _read((await client.get(f"http://{address}/health")).content)
    except httpx.HTTPError:
        return _silent("does not answer")


def _read(body: bytes) -> Answer:
    try:
        said = json.loads(body)
        return {"status": str(said["status"]), "parts": said.get("parts", {})}
    except (ValueError, KeyError, TypeError):
        return _silent("answers something else")


def _silent(why: str) -> Answer:
    return {"status": "not ready", "why": why, "parts": {}}
