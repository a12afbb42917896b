"""Commands of the soak: each has an id of its own, and is sent again under it until it has an answer."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from canlian_chassis.bus.client import Accepted, Client, Refused, Unavailable
from canlian_chassis.tokens import Signer
from canlian_events.core import Command
from canlian_events.ids import derive_uuid
from canlian_events.meta import Actor

PAUSE = 0.2
PATIENCE = 180.0
"""Seconds that a command may wait for its answer while everything around it dies: beyond, something is stuck."""
TOKENS_LAST = round(timedelta(hours=12).total_seconds())


@dataclass(frozen=True)
class Stored:
    """Events as an answer named them: (event id, position), in order."""

    events: tuple[tuple[str, int], ...]


@dataclass
class Ledger:
    """What was sent and what was answered, by command id."""

    sent: int = 0
    retried: int = 0
    acknowledged: dict[str, Stored] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    pages: Counter[str] = field(default_factory=Counter)
    """How pages were answered: `read`, `unavailable` (502, 503, 504 or no connection), or what was wrong."""

    def refusals(self) -> Counter[str]:
        return Counter(self.refused.values())


class Sender:
    """Sends through the exchange API, as a program does, and in bulk over the bus, as an import does."""

    bus: Client
    """Another one when the system came up again elsewhere."""

    def __init__(self, url: str, http: httpx.AsyncClient, signer: Signer, ledger: Ledger) -> None:
        self.url, self._http, self._signer, self.ledger = url, http, signer, ledger

    def token(self, actor: Actor) -> str:
        return self._signer.sign(actor, TOKENS_LAST)

    async def send(self, actor: Actor, name: str, /, **fields: Any) -> bool:
        """Whether the command was accepted; False where it was refused."""
        key = str(uuid4())
        command_id = derive_uuid("exchange", actor.id, key)
        headers = {"Authorization": f"Bearer {self.token(actor)}", "Idempotency-Key": key}
        self.ledger.sent += 1
        given_up = time.monotonic() + PATIENCE
        while True:
            response = await self._post(f"{self.url}/api/v1/commands/{name}", fields, headers)
            if response is not None and response.status_code == httpx.codes.OK:
                notes = response.json()["events"]
                self.ledger.acknowledged[command_id] = Stored(tuple((n["id"], n["position"]) for n in notes))
                return True
            if response is not None and response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                self.ledger.refused[command_id] = f"{name}: {response.json().get('code', response.status_code)}"
                return False
            assert time.monotonic() < given_up, f"{name}: {response.text if response is not None else 'no answer'}"
            self.ledger.retried += 1
            await asyncio.sleep(PAUSE)

    async def _post(self, url: str, fields: dict[str, Any], headers: dict[str, str]) -> httpx.Response | None:
        try:
            return await self._http.post(url, json=fields, headers=headers)
        except httpx.HTTPError:
            return None

    async def send_many(self, actor: Actor, context: str, commands: Sequence[Command]) -> None:
        """All of them in one message, again and again until each has an answer."""
        waiting = {str(uuid4()): command for command in commands}
        self.ledger.sent += len(waiting)
        while waiting:
            try:
                async with asyncio.timeout(15):
                    answers = await self.bus.send_many(context, list(waiting.items()), token=self.token(actor))
            except (Unavailable, TimeoutError):
                answers = [Unavailable()] * len(waiting)
            for command_id, answer in zip(list(waiting), answers, strict=True):
                match answer:
                    case Accepted(events=notes):
                        self.ledger.acknowledged[command_id] = Stored(tuple((n.id, n.position) for n in notes))
                        del waiting[command_id]
                    case Unavailable():
                        self.ledger.retried += 1
                    case Refused(code=code):
                        self.ledger.refused[command_id] = f"{type(waiting.pop(command_id)).__name__}: {code}"
            if waiting:
                await asyncio.sleep(PAUSE)
