"""From entries of the log to what a caller is told: sealed, or opened once that is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from canlian_chassis.log.jetstream import Entry
from canlian_exchange.access.access_purpose import record
from canlian_exchange.access.callers import Caller, Exchange
from canlian_exchange.events.log_reader import as_line, opened, read_events
from canlian_person_file.disclosure import Stated


async def told(exchange: Exchange, caller: Caller, entries: Sequence[Entry], reason: Stated | None) -> list[bytes]:
    """A line for each entry. Raises Refused or Unavailable where values are to be opened and it cannot be recorded."""
    read = read_events(entries)
    if reason:
        read = await asyncio.to_thread(opened, read, caller.actor, await exchange.keys())
        await record(exchange, caller, reason, ((one.event, one.community) for one in read if one.event))
    return await asyncio.to_thread(lambda: [as_line(one) for one in read])
