"""Links the log's messages to a chain and signs its head: soon after something is new, and where a day ends.

Its place is the last head, so a restart goes on from there. A head follows from the log alone, and is kept only as the
next after the one it went on from: two of these at once can't give a position two heads.
"""

from __future__ import annotations

import asyncio
from datetime import date
from functools import cached_property
from pathlib import Path

import nats.errors
import nats.js.errors
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from nats.aio.client import Client as Nats

from canlian_chassis.keys.signing import private_key
from canlian_chassis.log.chain import BEGINNING, link, recorded_day, sign_head
from canlian_chassis.log.heads import KEY, Heads
from canlian_chassis.log.jetstream import Conflict, Entry, Log
from canlian_events import subjects

log = structlog.get_logger()

SECONDS = 20.0
"""How long something new may wait for a head that covers it."""
MESSAGES = 10_000
"""And how many may be under one head: what is looked through again when two heads don't agree."""
PAGE = 100
"""Messages read at a time: on a long way to the end the requests that come meanwhile wait for one page, not more."""


class Chaining:
    """`keys` is `data/keys`."""

    def __init__(self, nc: Nats, keys: Path, replicas: int = 1) -> None:
        self._log, self._heads, self._replicas = Log(nc), Heads(nc), replicas
        self._keys = keys

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return private_key(self._keys, KEY)

    async def run(self) -> None:
        """Until cancelled, through restarts of the server."""
        await self._heads.ensure(self._replicas)
        while True:
            try:
                await self.catch_up()
            except (Conflict, nats.errors.Error, nats.js.errors.Error) as error:
                log.info("chain.waits", error=repr(error))
            except Exception:
                log.exception("chain.failed")
            await asyncio.sleep(SECONDS)

    async def catch_up(self) -> None:
        """Link what is new, up to the end of the log, and sign. Raises Conflict where another has signed meanwhile."""
        before: Entry | None
        public = self._key.public_key()  # made before there is anything to sign: who verifies looks for it
        number, position, hash_ = await self._place(public)
        signed, before, day = position, None, date.min
        more = True
        while more:
            entries, more = await self._log.page(subjects.EVERYTHING, position, PAGE)
            for entry in entries:
                day_before, day = day, recorded_day(entry)
                if before and day > day_before and signed < position:
                    number, signed = await self._sign(before, hash_, number), position
                if entry.position != position + 1:
                    log.error("chain.gap", after=position, next=entry.position)
                hash_, position, before = link(hash_, entry), entry.position, entry
                if position - signed >= MESSAGES:
                    number, signed = await self._sign(entry, hash_, number), position
        if before and signed < position:
            await self._sign(before, hash_, number)

    async def _place(self, public: Ed25519PublicKey) -> tuple[int, int, bytes]:
        """The number of the last head, and position and hash to go on from: its own, unless somebody else signed it."""
        found = await self._heads.last()
        if found is None:
            return 0, 0, BEGINNING
        number, head = found
        if not head.signed_by(public):
            log.error("chain.head_of_another_key", number=number, position=head.position, key=head.key)
            return number, 0, BEGINNING
        if (end := await self._log.last_position()) < head.position:
            log.error("chain.log_is_shorter", signed=head.position, end=end)
        return number, head.position, bytes.fromhex(head.hash)

    async def _sign(self, entry: Entry, hash_: bytes, number: int) -> int:
        head = sign_head(self._key, entry, hash_)
        return await self._heads.add(head, after=number)
