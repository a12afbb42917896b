"""For the tests of tools: a tool running in the test's process, and a browser without a screen that is signed in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_events.meta import Actor
from canlian_web.tool import Tool

BASE = "http://canlian.test"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@asynccontextmanager
async def running(tool: Tool, *, level: bool = True) -> AsyncIterator[Tool]:
    """The tool at work; with `level`, once its views have caught up with the log."""
    async with tool.app.router.lifespan_context(tool.app):
        if level:
            await tool.level()
        yield tool


class Browser(httpx.AsyncClient):
    """As `httpx.AsyncClient`; where an address ends in `?why=…&words=…`, those are said in the form that asks."""

    async def get(self, url: Any, **more: Any) -> httpx.Response:
        said = dict(parse_qsl(urlsplit(str(url)).query, keep_blank_values=True))
        if "why" not in said:
            return await super().get(url, **more)
        form = {"to": str(url), "why": said["why"], "words": said.get("words", "")}
        return await self.post(f"/{urlsplit(str(url)).path.split('/')[1]}/because", data=form, **more)


def browser(tool: Tool, actor: Actor | None = None, lang: str = "zh") -> httpx.AsyncClient:
    """Asks the tool for pages as the edge would pass them on; `actor` None is somebody not signed in."""
    headers = {"Host": "canlian.test"}
    if actor:
        headers["Authorization"] = f"Bearer {token(tool.settings, actor)}"
    return Browser(
        transport=httpx.ASGITransport(tool.app, raise_app_exceptions=False),
        base_url=BASE,
        headers=headers,
        cookies={"lang": lang},
        follow_redirects=True,
    )


def token(settings: Settings, actor: Actor) -> str:
    return Signer(settings.data / "keys").sign(actor)


def hidden(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of the page's forms, the command id among them: post them with what the test fills in."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}


async def fill_in(client: httpx.AsyncClient, address: str, action: str, **filled: Any) -> httpx.Response:
    """Open a page, fill in its form, and send it to `action`, following the redirect."""
    return await client.post(action, data=hidden(await client.get(address)) | filled)
