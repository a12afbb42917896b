"""What the log says was erased, made true in the key store: also in one that was put back from an old copy."""

from __future__ import annotations

import asyncio

from canlian_chassis.bus.wire import Headers
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import Entry, Log, NewEntry
from canlian_events import subjects
from canlian_events.core import Event

_EVENT = "Canlian-Event"
_BATCH = 100


def entry(event: Event, event_id: str) -> NewEntry | None:
    """For an event that erases: a message stored with it, under which the erased are found without reading the log."""
    subject = event.data_subject
    if not event.erases or subject is None:
        return None
    name = subjects.erasure(subject)
    headers: Headers = {"Nats-Msg-Id": f"{event_id}:{name}", _EVENT: event_id}
    return NewEntry(name, headers, b"")


async def enforce_erasures(log: Log, keys: Keys) -> list[str]:
    """Destroy the keys that are back though they were destroyed before; returns whose. Done before a service starts.

    Costs one message for each who was ever erased.
    """
    stones = {tombstone.subject for tombstone in await asyncio.to_thread(keys.erased)}
    listed = {subjects.erased(found.subject): found for found in await log.read(subjects.ERASURES)}
    back = [subject for subject in listed if subject not in stones or await asyncio.to_thread(keys.has, subject)]
    for subject in back:
        event = await event_of(log, listed[subject])
        await asyncio.to_thread(keys.destroy, subject, event.position)
    return back


async def event_of(log: Log, listed: Entry) -> Entry:
    """The event that this message was stored with: a little behind it, in the same batch."""
    after = listed.position
    while True:
        page, more = await log.page(subjects.EVENTS, after, _BATCH)
        for found in page:
            if found.headers.get("ce-id") == listed.headers[_EVENT]:
                return found
            after = found.position
        if not more:
            raise LookupError(f"the log lacks the event {listed.headers[_EVENT]}")
