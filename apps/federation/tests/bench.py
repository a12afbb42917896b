"""The tool at work, and who looks at it."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from canlian_chassis.bus.client import Accepted
from canlian_chassis.log.jetstream import Log
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.registry.community import OpenCommunity
from canlian_events.terms import Role
from canlian_sheets.made_up.people import COMMUNITIES
from canlian_web.testing import browser, token
from canlian_web.tool import Tool

SCOPE = ("429999001",)
STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), SCOPE)
OTHER_STAFF = Actor("worker_00000002", frozenset({Role.STAFF}), SCOPE)
LEADER = Actor("worker_00000003", frozenset({Role.LEADER}), SCOPE)
OPERATOR = Actor("worker_00000009", frozenset({Role.OPERATOR}), SCOPE)


@dataclass(frozen=True)
class Bench:
    tool: Tool

    async def send(self, command: Command, by: Actor = OPERATOR) -> Accepted:
        sent = await self.tool.client.send(command, token=token(self.tool.settings, by))
        assert self.tool.runner
        assert await self.tool.runner.reached(sent.position)
        return sent

    async def caught_up(self) -> None:
        """Until the views hold all that is in the log now: a showing is recorded without waiting for them."""
        assert self.tool.nats
        assert self.tool.runner
        assert await self.tool.runner.reached(await Log(self.tool.nats).last_position(), timeout=30)

    async def open_communities(self) -> None:
        for code, name in COMMUNITIES.items():
            await self.send(OpenCommunity(community=code, name=name))

    def as_(self, actor: Actor | None, lang: str = "en") -> httpx.AsyncClient:
        return browser(self.tool, actor, lang)
