"""A new version of a tool's view goes into use while its pages are read and its forms sent: nobody notices."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx

from canlian_chassis.bus.client import connect
from canlian_chassis.projection import projection
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.views.check import check
from canlian_events.assistance.need import NeedEvent
from canlian_events.meta import Actor, Meta
from canlian_events.terms import Role, Urgency
from canlian_web.testing import browser, fill_in, running
from canlian_web.tool import Tool

example: Any = importlib.import_module("canlian_example.tool")
WORKER = Actor("worker_0000000001", frozenset({Role.SOCIAL_WORKER}), ("429999001003",))


@projection(example.NeedRow, key=lambda event: event.need_id)
def urgent_needs(row: Any, event: NeedEvent, meta: Meta) -> Any:
    """Version 2 takes every need for urgent."""
    before = example.needs.fold(row, event, meta)
    return before.with_(urgency=Urgency.URGENT) if isinstance(before, example.NeedRow) else None


SECOND = replace(example.views, version=2, projections=[urgent_needs])


def of_version(views: Any, settings: Settings) -> Tool:
    return Tool(
        "example",
        prefix="/example",
        package="canlian_example",
        title="Needs",
        routers=[example.router],
        views=views,
        settings=settings,
    )


class Town:
    """People who read and send without pause, to whichever process of the tool is up, and what they were answered."""

    def __init__(self) -> None:
        self.open: list[httpx.AsyncClient] = []
        self.answers: list[int] = []
        self.sent = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Town:
        self._tasks = [asyncio.create_task(work()) for work in (self._read, self._read, self._send)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            for client in list(self.open):
                self.answers.append((await client.get("/example")).status_code)
            await asyncio.sleep(0.01)

    async def _send(self) -> None:
        while True:
            page = await fill_in(self.open[-1], "/example", "/example/needs", domain="day_care", urgency="normal")
            self.answers.append(page.status_code)
            self.sent += "需求已登记。" in page.text
            await asyncio.sleep(0.02)


async def test_a_new_version_of_a_view_goes_into_use_without_a_failed_request(settings: Settings, service: Service):
    old, new = of_version(example.views, settings), of_version(SECOND, settings)
    town = Town()
    async with AsyncExitStack() as ending, AsyncExitStack() as old_ends:
        await old_ends.enter_async_context(running(old))
        town.open = [browser(old, WORKER)]
        async with town:
            await until(lambda: town.sent > 5)
            await ending.enter_async_context(running(new))
            town.open.append(browser(new, WORKER))
            await until(lambda: version(new) == 2)
            # the old process reads what the new one folds, until it is told to end
            await until(lambda: version(old) == 2)
            town.open.pop(0)
            already = town.sent
            await until(lambda: town.sent > already + 5)
        page = await town.open[0].get("/example")
        async with connect(settings, "test") as nc:
            found = await check(SECOND, settings, nc)
    assert set(town.answers) == {200}
    assert found.equal, found
    assert found.database.version == 2
    assert found.tables[0].rows >= town.sent > 0
    assert 'class="foot__views"' in page.text


def version(tool: Tool) -> int:
    assert tool.runner
    return int(tool.runner.state["version"])


async def until(holds: Any, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
