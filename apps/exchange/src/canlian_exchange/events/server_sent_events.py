"""The log as server-sent events: what there is, then what comes, for as long as somebody listens.

A listener is read to a page at a time, and the next page only when the last was sent: a slow one costs one page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.responses import StreamingResponse

from canlian_chassis.bus.client import Refused, Unavailable
from canlian_chassis.tokens import BadToken
from canlian_exchange.access.callers import Caller, Exchange
from canlian_exchange.events.log_reader import Page, Wanted, read_page
from canlian_exchange.events.render_events import told
from canlian_exchange.problems import RETRY_AFTER, Problem
from canlian_person_file.disclosure import Stated

HEARTBEAT = 15.0
PAGE = 200
MAX_STREAMS = 200
_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


async def stream(
    exchange: Exchange, caller: Caller, wanted: Wanted, after: int, opening: Stated | None = None
) -> StreamingResponse:
    """Raises Unavailable where the log cannot be read now, and Problem where too many listen.

    Where values are to be opened and that cannot be recorded the stream ends: the listener comes back to where it was.
    """
    if exchange.streams >= MAX_STREAMS:
        raise Problem(503, "too_many_streams", headers={"Retry-After": str(RETRY_AFTER)})
    first = await read_page(exchange.log, wanted, after, PAGE)
    await exchange.keys()

    async def events() -> AsyncIterator[bytes]:
        exchange.streams += 1
        try:
            yield b"retry: 2000\n: canlian\n\n"
            page, last = first, after
            while not exchange.ending.is_set():
                try:
                    lines = await told(exchange, caller, page.entries, opening)
                except Refused:
                    return
                for entry, line in zip(page.entries, lines, strict=True):
                    yield b"id: %d\ndata: %s\n\n" % (entry.position, line)
                    last = entry.position
                if not _still_signed_in(exchange, caller):
                    return
                if not page.more and not await _something_new(exchange, page.position + 1):
                    # an id without data is remembered by the listener, and shown to nobody
                    yield b": %d\nid: %d\n\n" % (page.position, page.position) if page.position > last else b":\n\n"
                    last = page.position
                page = await _next(exchange, wanted, page)
        finally:
            exchange.streams -= 1

    return StreamingResponse(events(), media_type="text/event-stream", headers=_HEADERS)


def _still_signed_in(exchange: Exchange, caller: Caller) -> bool:
    """A token that has run out ends the stream; the listener comes back with a new one and goes on where it was."""
    try:
        exchange.tool.verifier.actor(caller.token)
    except BadToken:
        return False
    return True


async def _something_new(exchange: Exchange, position: int) -> bool:
    """Whether the log reached a position before the next heartbeat is due; ends early when the exchange is stopped."""
    runner = exchange.tool.runner
    assert runner is not None
    tasks = [
        asyncio.create_task(runner.reached(position, timeout=HEARTBEAT)),
        asyncio.create_task(exchange.ending.wait()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].done() and tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _next(exchange: Exchange, wanted: Wanted, page: Page) -> Page:
    """The page after this one; an empty one while the log is away, so that the listener keeps hearing from us."""
    with suppress(Unavailable):
        return await read_page(exchange.log, wanted, page.position, PAGE)
    await asyncio.sleep(1)
    return Page([], page.position, False)
