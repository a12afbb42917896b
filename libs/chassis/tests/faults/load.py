"""Callers that go on through a fault: each command has an id of its own, and is sent under it until it is answered."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from libs.chassis.tests.toy import MakeBox, PutIn, views
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import Accepted, Client, Unavailable
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Entry, Log
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_chassis.views.check import check
from canlian_events import subjects
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.terms import Role

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))


@dataclass
class Load:
    """What was sent and answered. `answered_at` are seconds of the monotonic clock."""

    client: Client
    signer: Signer
    acknowledged: dict[str, Accepted] = field(default_factory=dict)
    answered_at: list[float] = field(default_factory=list)
    repeats: int = 0

    async def send(self, command: Command, id_: str) -> Accepted:
        while True:
            try:
                answer = await self.client.send(command, token=self.signer.sign(STAFF), command_id=id_)
            except Unavailable:
                self.repeats += 1
            else:
                self.acknowledged[id_] = answer
                self.answered_at.append(time.monotonic())
                return answer

    async def goes_on(self, within: float) -> float:
        """How many seconds a new command waits for its answer. Raises TimeoutError after `within`."""
        start = time.monotonic()
        async with asyncio.timeout(within):
            await self.send(MakeBox(box_id=f"box_at_{start}", label=f"at {start}"), f"at-{start}")
        return time.monotonic() - start


@contextlib.asynccontextmanager
async def under_load(client: Client, settings: Settings, callers: int) -> AsyncIterator[Load]:
    """Callers at work for the length of the block; at its end each waits for its last answer."""
    load = Load(client, Signer(key_folder(settings)))
    ending = asyncio.Event()

    async def caller(number: int) -> None:
        box = f"box_{number}"
        await load.send(MakeBox(box_id=box, label=f"tea {number}"), f"{box}-make")
        n = 0
        while not ending.is_set():
            await load.send(PutIn(box_id=box, things=1 + n % 2), f"{box}-{n}")
            n += 1

    async with asyncio.TaskGroup() as tasks:
        for number in range(callers):
            tasks.create_task(caller(number))
        yield load
        ending.set()


async def each_is_stored_once(log: Log, load: Load) -> list[Entry]:
    """Nothing acknowledged is lost, no command has its events twice; returns the log's events."""
    stored = await log.read(subjects.EVENTS)
    events: dict[str, list[tuple[str, int]]] = {}
    for entry in stored:
        events.setdefault(entry.headers["ce-command"], []).append((entry.headers["ce-id"], entry.position))
    for id_, answer in load.acknowledged.items():
        assert events.get(id_, []) == [(note.id, note.position) for note in answer.events], id_
    assert max(Counter(entry.headers["ce-id"] for entry in stored).values(), default=1) == 1
    return stored


async def view_is_right(nc: Nats, settings: Settings) -> None:
    """The view's rows, and there are some, equal those of a fresh fold of the log."""
    found = await check(views, settings, nc)
    assert found.position == await Log(nc).last_position()
    assert found.equal, found
    assert any(table.rows for table in found.tables)
