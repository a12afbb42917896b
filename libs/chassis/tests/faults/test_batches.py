"""The server lets about fifty atomic batches be open on a stream: whoever finds no room waits, and stores once."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AsyncExitStack

from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.settings import Settings
from canlian_events import subjects

OPEN = 50
"""How many a server allows unless its `jetstream { limits { batch { … } } }` say otherwise."""


def batch(name: str, size: int) -> list[NewEntry]:
    subject = f"evt.toy.box.{name}.429999001001"
    expects = (f"evt.toy.box.{name}.*", 0)
    return [NewEntry(subject, {"Nats-Msg-Id": f"{name}-{n}"}, b"x" * 300, None if n else expects) for n in range(size)]


async def leave_open(nc: Nats, count: int) -> list[str]:
    """Batches that were begun and are not finished, as a writer leaves them that dies; their ids."""
    ids = [uuid.uuid4().hex for _ in range(count)]
    for id_ in ids:
        headers = {"Nats-Batch-Id": id_, "Nats-Batch-Sequence": "1"}
        assert not (await nc.request(f"evt.toy.left.{id_}.429999001001", b"{}", headers=headers)).data
    return ids


async def test_many_writers_store_all_once_where_almost_no_batch_may_be_open(settings: Settings):
    async with AsyncExitStack() as stack:
        logs = [Log(await stack.enter_async_context(connect(settings, f"writer-{n}"))) for n in range(16)]
        await logs[0].ensure()
        await leave_open(await stack.enter_async_context(connect(settings, "dies")), OPEN - 1)
        appended = await asyncio.gather(*(logs[n % 16].append(batch(f"box_{n}", 100)) for n in range(32)))
        stored = await logs[0].read(subjects.EVENTS)
    assert [entry.position for entry in stored] == sorted(position for some in appended for position in some)
    assert len({entry.headers["Nats-Msg-Id"] for entry in stored}) == len(stored) == 3200


async def test_a_writer_that_finds_no_room_waits_until_there_is_some(settings: Settings):
    async with connect(settings, "a") as a, connect(settings, "b") as b:
        log = Log(b)
        await log.ensure()
        first, *_ = await leave_open(a, OPEN)
        waiting = asyncio.create_task(log.append(batch("box_1", 3)))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        headers = {"Nats-Batch-Id": first, "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1"}
        await a.request(f"evt.toy.left.{first}.429999001001", b"{}", headers=headers)
        assert await asyncio.wait_for(waiting, 2) == [3, 4, 5]
