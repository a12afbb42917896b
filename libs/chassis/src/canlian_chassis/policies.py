"""Runs policies: follows the log and sends what follows from each event, in order, and exactly once in effect.

The checkpoint and what was parked live in a key-value bucket beside the log, so they survive as the log does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence

import structlog
from nats.aio.client import Client as Nats
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import Error as JetStreamError
from nats.js.errors import KeyNotFoundError, NoKeysError
from nats.js.kv import KeyValue

from canlian_chassis.bus import Client, Refused, Unavailable
from canlian_chassis.following import follow, read_entry
from canlian_chassis.keys import Keys
from canlian_chassis.log import Entry, Log
from canlian_chassis.policy import Policy, command_id
from canlian_chassis.tokens import Signer
from canlian_chassis.views import ViewRunner
from canlian_events import subjects
from canlian_events.core import Event
from canlian_events.meta import Actor, Meta
from canlian_events.terms import Role

log = structlog.get_logger()
BUCKET = "policies"
_TRIES = 3


class PolicyRunner:
    """Runs one service's policies on one follower of the log."""

    def __init__(
        self,
        service: str,
        policies: Sequence[Policy],
        signer: Signer,
        keys: Keys,
        view: ViewRunner | None,
    ) -> None:
        self._service, self._policies, self._signer, self._keys, self._view = service, policies, signer, keys, view
        self._actor = Actor(f"policy:{service}", frozenset({Role.POLICY}))
        self._parked: set[str] = set()
        self.position = 0
        self.level = False

    async def run(self, nc: Nats) -> None:
        """Follow the log for ever. Cancel to stop; what was under way is done again and comes to the same."""
        log_, client = Log(nc), Client(nc)
        await log_.ensure()
        bucket = await _bucket(nc)
        await self._restore(bucket)
        async for batch in follow(nc, self.position, _filters(self._policies)):
            for entry in batch:
                await self._answer(entry, client, bucket)
            if batch:
                self.position = batch[-1].position
                await self._save(bucket, self._service, str(self.position))
            self.level = not batch or batch[-1].pending == 0

    async def _restore(self, bucket: KeyValue) -> None:
        try:
            value = (await bucket.get(self._service)).value
            self.position = int(value or 0)
        except KeyNotFoundError:
            self.position = 0
        try:
            keys = await bucket.keys(filters=[f"parked.{self._service}.>"])
        except NoKeysError:
            keys = []
        self._parked = {key.split(".")[2] for key in keys}

    async def _answer(self, entry: Entry, client: Client, bucket: KeyValue) -> None:
        """Send what follows from one event. What cannot be done is parked, and so is what later happens to the same."""
        try:
            event, meta = read_entry(entry)
        except (ValueError, KeyError, LookupError) as error:
            await self._park(bucket, entry.subject.split(".")[3], entry.position, repr(error))
            return
        wanted = [policy for policy in self._policies if type(event) in policy.on]
        if not wanted:
            return
        if event.aggregate_id in self._parked:
            await self._park(bucket, event.aggregate_id, meta.position, "an earlier event of it is parked")
            return
        event = self._keys.open(event, meta.id)
        for policy in wanted:
            for attempt in range(_TRIES):
                try:
                    await self._react(policy, event, meta, client)
                    break
                except Exception as error:
                    log.exception("policy.failed", policy=policy.name, event_id=meta.id, attempt=attempt)
                    if attempt == _TRIES - 1:
                        await self._park(bucket, event.aggregate_id, meta.position, f"{policy.name}: {error!r}")
                    await asyncio.sleep(0.1 * 4**attempt)

    async def _react(self, policy: Policy, event: Event, meta: Meta, client: Client) -> None:
        facts = None
        if policy.facts is not None:
            assert self._view is not None, f"{policy.name} needs facts, but its service has no view"
            while not await self._view.reached(meta.position):
                log.info("policy.waiting_for_view", policy=policy.name, position=meta.position)
            facts = await self._view.read(policy.facts, event, meta)
        for command in policy.commands(event, meta, facts):
            id_ = command_id(policy, meta.id, command)
            while True:
                try:
                    token = self._signer.sign(self._actor)
                    await client.send(command, token=token, command_id=id_, cause=meta.id, said_at=meta.said_at)
                    break
                except Unavailable:
                    # the other service is down: that is not this event's fault, so wait for it
                    await asyncio.sleep(1)
                except Refused as refused:
                    log.info("policy.refused", policy=policy.name, command=type(command).__name__, code=refused.code)
                    break

    async def _park(self, bucket: KeyValue, aggregate_id: str, position: int, why: str) -> None:
        self._parked.add(aggregate_id)
        log.error("policy.parked", service=self._service, aggregate=aggregate_id, position=position, why=why[:300])
        body = json.dumps({"position": position, "why": why[:300]})
        await self._save(bucket, f"parked.{self._service}.{aggregate_id}.{position}", body)

    async def _save(self, bucket: KeyValue, key: str, value: str) -> None:
        while True:
            try:
                await bucket.put(key, value.encode())
                return
            except (JetStreamError, TimeoutError, OSError):
                await asyncio.sleep(0.3)


async def _bucket(nc: Nats) -> KeyValue:
    config = KeyValueConfig(bucket=BUCKET, history=1, storage=StorageType.FILE)
    while True:
        try:
            return await nc.jetstream(timeout=10).create_key_value(config)
        except (JetStreamError, TimeoutError):
            await asyncio.sleep(0.3)


def _filters(policies: Iterable[Policy]) -> list[str]:
    kinds = {kind.aggregate for policy in policies for kind in policy.on}
    return sorted(subjects.events_of(kind.context, kind.name) for kind in kinds)
