"""Who calls, and the parts of the exchange that answer them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.security import HTTPBearer

from canlian_chassis.bus.client import Unavailable
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.heads import Heads
from canlian_chassis.log.jetstream import Log
from canlian_chassis.tokens import BadToken
from canlian_chassis.views.as_of import Snapshots
from canlian_events.meta import Actor
from canlian_events.terms import Role
from canlian_exchange.access.permissions import READERS, may_read
from canlian_exchange.problems import Problem, language_of
from canlian_exchange.views import as_it_stood
from canlian_web.language.i18n import Lang
from canlian_web.tool import Tool

PATIENCE = 5.0
"""Seconds to wait for the view to reach a position."""


@dataclass
class Exchange:
    """What the routes share: the tool with its bus and views, the keys, and whether the exchange is being stopped."""

    tool: Tool
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    streams: int = 0
    _keys: Keys | None = None

    @property
    def log(self) -> Log:
        """Raises Unavailable while the log has not been reached."""
        if self.tool.nats is None:
            raise Unavailable
        return Log(self.tool.nats)

    @property
    def heads(self) -> Heads:
        """Raises Unavailable while the log has not been reached."""
        if self.tool.nats is None:
            raise Unavailable
        return Heads(self.tool.nats)

    @property
    def position(self) -> int:
        """Up to where the exchange's own view is filled."""
        return self.tool.runner.position if self.tool.runner else 0

    async def reach(self, position: int) -> None:
        """Wait until the view is there. Raises Unavailable where that takes too long."""
        runner = self.tool.runner
        if position and (runner is None or not await runner.reached(position, timeout=PATIENCE)):
            raise Unavailable

    @cached_property
    def snapshots(self) -> Snapshots:
        """The overview as it stood at earlier positions."""
        return Snapshots(as_it_stood, self.tool.settings)

    async def keys(self) -> Keys:
        """The key store, opened when it is first needed: its database may come later than we do."""
        if self._keys is None:
            try:
                self._keys = await asyncio.to_thread(Keys.of, self.tool.settings)
            except Exception as error:
                raise Unavailable from error
        return self._keys


@dataclass(frozen=True)
class Caller:
    actor: Actor
    token: str
    lang: Lang


def exchange_of(request: Request) -> Exchange:
    found: Exchange = request.app.state.exchange
    return found


def caller_of(request: Request) -> Caller:
    """Who calls. Somebody whom the edge let through without sign-in is asked for a token too."""
    exchange = exchange_of(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _not_signed_in("not_signed_in")
    try:
        actor = exchange.tool.verifier.actor(token.strip())
    except BadToken:
        raise _not_signed_in("bad_token") from None
    if actor.roles <= {Role.ANONYMOUS}:
        raise _not_signed_in("not_signed_in")
    return Caller(actor, token.strip(), language_of(request))


def reader_of(request: Request) -> Caller:
    """Who calls, where they may read at all."""
    caller = caller_of(request)
    if not may_read(caller.actor):
        raise Problem(403, "wrong_role", facts={"needed": sorted(READERS)})
    return caller


def _not_signed_in(code: str) -> Problem:
    return Problem(401, code, headers={"WWW-Authenticate": "Bearer"})


_BEARER = Depends(HTTPBearer(auto_error=False, description="`canlian token --role … --community …` prints one."))
"""Only for the OpenAPI document: `caller_of` reads the header itself, so that it can answer in the right language."""

Shared = Annotated[Exchange, Depends(exchange_of)]
SignedIn = Annotated[Caller, Depends(caller_of)]
Reader = Annotated[Caller, Depends(reader_of)]
At = Annotated[
    int, Query(ge=0, le=2**63 - 1, description="Wait until the view has reached the position a command answered")
]
BEARER = [_BEARER]
