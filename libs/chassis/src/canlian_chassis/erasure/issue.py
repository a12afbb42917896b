"""Makes certificates of erasure: counts in the log, looks at the databases of views, signs, keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.client import Client as Nats
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from canlian_chassis.erasure import enforce
from canlian_chassis.erasure.certificate import (
    KEY,
    Destroyed,
    ErasureProof,
    Released,
    Tally,
    View,
    in_the_open,
    releases,
    same_act,
)
from canlian_chassis.keys.signing import private_key
from canlian_chassis.keys.store import Keys
from canlian_chassis.keys.tables import Tombstone
from canlian_chassis.log.chain import Head, recorded_day, utc_text
from canlian_chassis.log.following import follow
from canlian_chassis.log.heads import Heads
from canlian_chassis.log.jetstream import Entry, Log
from canlian_chassis.settings import Settings
from canlian_chassis.views.databases import ERASED_BEFORE, Databases, slugs
from canlian_events import subjects

log = structlog.get_logger()
MOST_IN_A_BATCH = 1000
"""Messages that the server stores at once: what one command did lies within so many."""


class NotErased(Exception):
    """The log holds no event that erases this subject."""


def views_without(settings: Settings, subject: str) -> list[View]:
    """The databases in which nothing of the subject was ever open. Blocks."""
    found: list[View] = []
    for slug in slugs(settings):
        databases = Databases(settings, slug)
        for one in databases.all():
            engine = databases.engine(one.name)
            with suppress(DatabaseError), engine.connect() as db:
                if db.scalar(select(ERASED_BEFORE.c.subject).where(ERASED_BEFORE.c.subject == subject)):
                    found.append(View(name=str(one.name), position=one.position))
            if databases.file(one.name):
                engine.dispose()
        databases.close()
    return found


async def certify(
    nc: Nats, keys: Keys, subject: str, key: Ed25519PrivateKey, views: Iterable[View] = ()
) -> ErasureProof:
    """The certificate for a subject, counted from the log. Raises NotErased."""
    log, stones = Log(nc), {stone.subject: stone for stone in await asyncio.to_thread(keys.erased)}
    listed = {subjects.erased(found.subject): found for found in await log.read(subjects.ERASURES)}
    if subject not in listed or subject not in stones:
        raise NotErased(subject)
    event = await enforce.event_of(log, listed[subject])
    found = await _found(log, subject, event, {one: found for one, found in listed.items() if one in stones})
    act = {entry.headers["ce-id"] for entry in found.values()}
    tally = Tally({name: entry.position for name, entry in found.items()})
    last = max(entry.position for entry in found.values())
    released: list[Released] = []
    async for batch in follow(nc, 0, (subjects.EVENTS, subjects.CLAIMS)):
        for entry in batch:
            tally.take(entry)
            if any(releases(entry, event_id) for event_id in act):
                released.append(Released(claim=entry.subject, position=entry.position))
        if batch and batch[-1].position >= last:
            break
    proof = ErasureProof(
        destroyed=tuple(_destroyed(name, entry, tally, stones[name]) for name, entry in found.items()),
        said=in_the_open(event),
        actor=event.headers["ce-actor"],
        said_at=datetime.fromisoformat(event.headers["ce-time"]),
        released=tuple(released),
        views=tuple(views),
        head=await _head(nc, event),
        issued_at=datetime.now(UTC),
        signed_by="",
    )
    return proof.signed(key)


async def _found(log: Log, subject: str, event: Entry, listed: Mapping[str, Entry]) -> dict[str, Entry]:
    """Who was erased by the same command, or because of one of its events; the one asked for is the first."""
    near = {
        other: await enforce.event_of(log, message)
        for other, message in listed.items()
        if other != subject and message.position > event.position - MOST_IN_A_BATCH
    }
    at_once = {other: entry for other, entry in near.items() if same_act(entry, event)}
    act = {event.headers["ce-id"], *(entry.headers["ce-id"] for entry in at_once.values())}
    caused = {other: entry for other, entry in near.items() if entry.headers.get("ce-cause") in act}
    return {subject: event} | at_once | caused


async def keep(nc: Nats, keys: Keys, settings: Settings, subject: str) -> ErasureProof:
    """The proof, made now and kept under `data/erasures`. Raises NotErased."""
    views = await asyncio.to_thread(views_without, settings, subject)
    made = await certify(nc, keys, subject, private_key(settings.key_folder, KEY), views)
    file = kept_file(settings, subject)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(made.model_dump_json(indent=2), encoding="utf-8")
    except OSError as error:
        # a part that may not write here; whoever asked has it, and it can be made again
        log.warning("erasure_proof.not_kept", file=str(file), error=type(error).__name__)
    return made


def kept(settings: Settings, subject: str) -> ErasureProof | None:
    """The one that was made last, where one was."""
    try:
        return ErasureProof.model_validate_json(kept_file(settings, subject).read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def kept_file(settings: Settings, subject: str) -> Path:
    return settings.data / "erasures" / f"{subject}.json"


async def _head(nc: Nats, event: Entry) -> Head | None:
    """The head of the event's day, or the last there is, if it is beyond the event."""
    heads = Heads(nc)
    await heads.ensure()
    for found in (await heads.last(recorded_day(event)), await heads.last()):
        if found and found.head.position >= event.position:
            return found.head
    return None


def _destroyed(subject: str, entry: Entry, tally: Tally, stone: Tombstone) -> Destroyed:
    return Destroyed(
        subject=subject,
        event_id=entry.headers["ce-id"],
        type=entry.headers["ce-type"],
        position=entry.position,
        recorded_at=utc_text(entry.recorded_ns),
        events=tally.events[subject],
        sealed=tally.sealed[subject],
        key=stone.fingerprint,
        destroyed_at=stone.destroyed_at,
    )
