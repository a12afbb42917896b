"""Runs policies: follows the log and sends what follows from each event, in order, and exactly once in effect.

The checkpoint and what was parked live in a key-value bucket beside the log, so they survive as the log does.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

import structlog
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from canlian_chassis.bus import Client, Refused, Unavailable
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.following import EVERYTHING, follow, read_entry
from canlian_chassis.log.jetstream import Entry, Log
from canlian_chassis.logs import describe
from canlian_chassis.policies.lasting import lasting
from canlian_chassis.policies.parked import Asked, Parked, Parking, changes
from canlian_chassis.policies.timers import Timers
from canlian_chassis.policy import Cancel, Consequence, Later, Policy, command_id
from canlian_chassis.tokens import Signer
from canlian_chassis.views.runner import ViewRunner
from canlian_events import subjects
from canlian_events.core import Command, Event, UnknownEvent
from canlian_events.meta import Actor, Meta
from canlian_events.terms import Role

log = structlog.get_logger()
PAUSES = (0.1, 0.5, 2.0, 5.0, 10.0)
"""Seconds between one try and the next; after the last the event is parked."""
_LOOK_AGAIN_SECONDS = 10.0
"""What was asked while the connection was lost is found by looking again."""


class PolicyRunner:
    """Runs one service's policies on one follower of the log."""

    def __init__(
        self,
        service: str,
        policies: Sequence[Policy],
        signer: Signer,
        keys: Keys,
        view: ViewRunner | None,
        timers: Timers,
        replicas: int = 1,
    ) -> None:
        self._replicas = replicas
        self._service, self._signer, self._keys, self._view, self._timers = service, signer, keys, view, timers
        self._policies: dict[str, list[Policy]] = {}
        for policy in policies:
            for kind in policy.on:
                self._policies.setdefault(kind.type, []).append(policy)
        self._parked: dict[str, list[int]] = {}
        """Aggregate → the positions of its events that are parked."""
        self._asked = True
        self._looked = 0.0
        self.position = 0
        self.level = False

    @property
    def parked(self) -> int:
        """How many events are parked."""
        return sum(map(len, self._parked.values()))

    def token(self) -> str:
        """What the policies act with."""
        return self._signer.sign(Actor(f"policy:{self._service}", frozenset({Role.POLICY})))

    async def run(self, nc: Nats) -> None:
        """Follow the log for ever. Cancel to stop; what was under way is done again and comes to the same."""
        self._client, self._log = Client(nc), Log(nc)
        self._parking = await Parking.open(nc, self._replicas)
        self.position = await self._parking.position(self._service)
        heard = await nc.subscribe(changes(self._service), cb=self._hear)
        try:
            async for batch in follow(nc, self.position, EVERYTHING):
                await self._do_what_was_asked()
                await self._load_keys(batch)
                for entry in batch:
                    await self._answer(entry)
                if batch:
                    await lasting(self._timers.save)
                    self.position = batch[-1].position
                    await self._parking.save_position(self._service, self.position)
                self.level = not batch or batch[-1].pending == 0
        finally:
            with contextlib.suppress(NatsError):
                await heard.unsubscribe()

    async def _load_keys(self, batch: Sequence[Entry]) -> None:
        """Of those that the events are of, all at once: one by one that takes as long as the policies themselves."""
        concerned = {subjects.aggregate_id_of(e.subject) for e in batch if e.headers.get("ce-type") in self._policies}
        if self._keys.lacks(concerned):
            await asyncio.to_thread(self._keys.load, concerned)

    async def _answer(self, entry: Entry) -> None:
        """Send what follows from one event. What cannot be done is parked, and so is what later happens to the same."""
        if entry.headers.get("ce-type") not in self._policies:
            return  # nobody here is concerned, be it of a language newer than ours
        parked = self._parked.get(subjects.aggregate_id_of(entry.subject), [])
        if entry.position in parked:
            return  # it was parked before a restart, and comes again because the place is kept for a batch
        if any(position < entry.position for position in parked):
            await self._park(entry, "an earlier event of it is parked", behind=True)
        elif why := await self._failing(entry):
            await self._park(entry, why)

    async def _failing(self, entry: Entry) -> str | None:
        """Let every policy answer the event; why one of them cannot, after several tries, or None."""
        try:
            event, meta = read_entry(entry)
            event = self._keys.open(event, meta.id)
        except UnknownEvent as unknown:
            return str(unknown)
        except (ValueError, LookupError) as error:
            return describe(error)
        failures = [await self._trying(policy, event, meta) for policy in self._policies[event.type]]
        return next(filter(None, failures), None)

    async def _trying(self, policy: Policy, event: Event, meta: Meta) -> str | None:
        for pause in (*PAUSES, None):
            try:
                await self._react(policy, event, meta)
            except Exception as error:
                if pause is None:
                    log.exception("policy.failed", policy=policy.name, event_id=meta.id)
                    return f"{policy.name}: {describe(error)}"
                await asyncio.sleep(pause)
            else:
                return None
        raise AssertionError("the last pause is None")

    async def _react(self, policy: Policy, event: Event, meta: Meta) -> None:
        facts = None
        if policy.facts is not None:
            assert self._view is not None, f"{policy.name} needs facts, but its service has no view"
            while not await self._view.reached(meta.position):
                log.info("policy.waiting_for_view", policy=policy.name, position=meta.position)
            facts = await self._view.read(policy.facts, event, meta)
        for what in policy.consequences(event, meta, facts):
            await self._bring_about(what, policy, meta)

    async def _bring_about(self, what: Consequence, policy: Policy, meta: Meta) -> None:
        """Raises what the event itself is to blame for; waits for as long as a service or the server is away."""
        match what:
            case Later(command=command, at=at, key=key):
                id_ = command_id(policy, meta.id, command, key)
                if at > meta.said_at:
                    self._timers.set(key, command, at, id=id_, policy=policy.name, cause=meta.id)
                else:
                    await lasting(lambda: self._timers.cancel(key))
                    await lasting(lambda: self._send(command, id_, meta))
            case Cancel(key=key):
                await lasting(lambda: self._timers.cancel(key))
            case Command() as command:
                id_ = command_id(policy, meta.id, command)
                await lasting(lambda: self._send(command, id_, meta))

    async def _send(self, command: Command, id: str, meta: Meta) -> None:
        try:
            token = self.token()
            await self._client.send(command, token=token, command_id=id, cause=meta.id, said_at=meta.said_at)
        except Unavailable:
            raise
        except Refused as refused:
            log.info("policy.refused", cause=meta.id, command=type(command).__name__, code=refused.code)

    async def _park(self, entry: Entry, why: str, behind: bool = False) -> None:
        parked = Parked(
            service=self._service,
            aggregate_id=subjects.aggregate_id_of(entry.subject),
            position=entry.position,
            event=entry.headers["ce-type"],
            why=why[:300],
            since=datetime.now(UTC),
            behind=behind,
        )
        log.error("policy.parked", **parked.model_dump(include={"aggregate_id", "position", "why"}))
        await self._parking.park(parked)
        self._parked.setdefault(parked.aggregate_id, []).append(parked.position)

    async def _hear(self, message: Msg) -> None:
        if message.data and Parked.model_validate_json(message.data).asked:
            self._asked = True

    async def _do_what_was_asked(self) -> None:
        """Replay and drop what somebody asked for, in the log's order for each aggregate."""
        due = self.parked and time.monotonic() - self._looked > _LOOK_AGAIN_SECONDS
        if not (self._asked or due):
            return
        self._asked, self._looked = False, time.monotonic()
        by_aggregate = sorted(await self._parking.parked(self._service), key=_aggregate)
        self._parked = {
            aggregate_id: left
            for aggregate_id, parked in groupby(by_aggregate, key=_aggregate)
            if (left := await self._settle(list(parked)))
        }

    async def _settle(self, parked: Sequence[Parked]) -> list[int]:
        """Go through one aggregate's parked events in order; which stay. Those behind one that left follow it."""
        before: Asked | None = None
        for done, one in enumerate(parked):
            asked = one.asked or (before if one.behind else None)
            if asked is None:
                return [one.position for one in parked[done:]]
            settled = one.model_copy(update={"asked": asked})
            if one.asked and asked.what == "drop":
                await self._parking.settle(settled, "dropped")
            elif why := await self._failing(await self._entry(one.position)):
                await self._parking.settle(settled, "failed again")
                await self._parking.park(one.model_copy(update={"why": why[:300], "behind": False, "asked": None}))
                return [one.position for one in parked[done:]]
            else:
                await lasting(self._timers.save)
                await self._parking.settle(settled, "replayed")
            before = asked
        return []

    async def _entry(self, position: int) -> Entry:
        page, _ = await self._log.page(subjects.EVENTS, position - 1, 1)
        return page[0]


def _aggregate(parked: Parked) -> str:
    return parked.aggregate_id
