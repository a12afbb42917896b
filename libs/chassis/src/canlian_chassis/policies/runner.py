"""Runs policies: follows the log and sends what follows from each event, in order, and exactly once in effect.

The checkpoint and what was parked live in a key-value bucket beside the log, so they survive as the log does.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from itertools import groupby
from typing import TypeVar

import structlog
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from canlian_chassis.bus.client import Client, Unavailable
from canlian_chassis.clock import CLOCK
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.following import EVERYTHING, follow, read_entry
from canlian_chassis.log.jetstream import Conflict, Entry, Log, LogPutBack, Place
from canlian_chassis.logs import describe
from canlian_chassis.policies.lease import Lease
from canlian_chassis.policies.parked import Asked, Mark, Overtaken, Parked, Parking, changes, thinned
from canlian_chassis.policies.retry import LOST, lasting, reason
from canlian_chassis.policies.sending import send
from canlian_chassis.policies.timers import Timers
from canlian_chassis.policy import Cancel, Consequence, Later, Policy, with_ids
from canlian_chassis.tokens import Signer
from canlian_chassis.views.runner import ViewRunner
from canlian_events import subjects
from canlian_events.core import Command, Event, UnknownEvent, encode, knows
from canlian_events.meta import Actor, Meta
from canlian_events.terms import Role

log = structlog.get_logger()
PAUSES = (0.1, 0.5, 2.0, 5.0, 10.0)
"""Seconds between one try and the next; after the last the event is parked."""
_LOOK_AGAIN_SECONDS = 10.0
"""What was asked while the connection was lost is found by looking again."""
_FIRED_BEFORE = timedelta(days=1)
"""What was due so long before an older log ends was sent before it ends, or waits still."""
_Got = TypeVar("_Got")


class PolicyRunner:
    """Runs one service's policies on one follower of the log, for as long as the lease is held."""

    def __init__(
        self,
        service: str,
        policies: Sequence[Policy],
        signer: Signer,
        keys: Keys,
        view: ViewRunner | None,
        timers: Timers,
        lease: Lease,
        replicas: int = 1,
    ) -> None:
        self._service, self._signer, self._keys, self._view = service, signer, keys, view
        self._timers, self._lease, self._replicas = timers, lease, replicas
        self._policies: dict[str, list[Policy]] = {}
        for policy in policies:
            for kind in policy.on:
                self._policies.setdefault(kind.type, []).append(policy)
        self._parked: dict[str, list[int]] = {}
        """Aggregate → the positions of its events that are parked."""
        self._asked = True
        self._looked = 0.0
        self._marks, self._revision = [Mark()], 0
        self._reach = 0
        """Up to where what followed from events is in the log."""
        self._newer: Entry | None = None
        """The first event that this release does not know: nothing from it on is answered here."""
        self._away = ""
        self._level = False
        self._put_back: int | None = None

    @property
    def state(self) -> dict[str, object]:
        """For health. A process that stands by knows only that it does."""
        waits_for = self._away
        if self._newer:
            waits_for = f"a release that knows {self._newer.headers['ce-type']} at {self._newer.position}"
        return {
            "active": self._lease.held,
            "position": self._marks[0].position,
            "level": self._lease.held and self._level,
            "parked": sum(map(len, self._parked.values())),
            "waits_for": waits_for,
            "log_put_back_to": self._put_back,
        }

    def token(self) -> str:
        """What the policies act with."""
        return self._signer.sign(Actor(f"policy:{self._service}", frozenset({Role.POLICY})))

    async def run(self, nc: Nats) -> None:
        """Follow the log for ever. Cancel to stop; what was under way is done again and comes to the same."""
        self._client, self._log = Client(nc), Log(nc)
        self._parking = await Parking.open(nc, self._replicas)
        self._timers.forget_unsaved()
        self._asked, self._level, self._newer, self._away = True, False, None, ""
        heard = await nc.subscribe(changes(self._service), cb=self._hear)
        try:
            self._marks, self._revision = await self._surely(lambda: self._parking.marks(self._service))
            self._reach = self._marks[0].reach
            await self._do_what_was_asked()
            while True:
                try:
                    await self._follow(nc)
                except LogPutBack:
                    await self._go_back()
        finally:
            with contextlib.suppress(NatsError):
                await heard.unsubscribe()

    async def _follow(self, nc: Nats) -> None:
        async for batch in follow(nc, self._marks[0].place, EVERYTHING):
            await self._do_what_was_asked()
            if self._newer:
                continue
            self._newer = next(filter(_is_newer, batch), None)
            known = [entry for entry in batch if self._newer is None or entry.position < self._newer.position]
            await self._load_keys(known)
            for entry in known:
                await self._answer(entry)
            if known:
                await self._surely(self._timers.save)
                await self._save_marks([Mark(*known[-1].place, self._reach), *self._marks])
            if self._newer:
                log.error("policies.newer_release_needed", service=self._service, waits_for=self.state["waits_for"])
            self._level = self._newer is None and (batch[-1].pending == 0 if batch else await self._is_at_end())

    async def _is_at_end(self) -> bool:
        try:
            return self._marks[0].position >= await self._log.last_position()
        except Conflict:
            return False

    async def _save_marks(self, marks: Sequence[Mark]) -> None:
        self._marks = thinned(marks)

        async def save() -> int:
            return await self._parking.save_marks(self._service, self._marks, self._revision, self._lease.holder)

        self._revision = await self._surely(save)

    async def _go_back(self) -> None:
        """To the last mark that is in the log as it is now, with all that followed: an older copy was put back."""
        marks, was_at = [*self._marks, Mark()], self._marks[0].position
        while not await self._log.holds(marks[0].place, patient=False):
            del marks[0]
        held = marks[0].position
        while marks[0].reach > held:
            del marks[0]
        self._put_back, self._reach = marks[0].position, marks[0].reach
        log.error("policies.log_put_back", service=self._service, was_at=was_at, goes_on_after=self._put_back)
        await self._surely(lambda: self._timers.disown(marks[0].position))
        for parked in await self._surely(lambda: self._parking.parked(self._service)):
            if parked.position > self._put_back:
                await self._parking.forget(parked)  # it is not there, or answered again
        await self._set_timers_anew(marks[0].place)
        await self._save_marks(marks)
        self._asked, self._newer = True, None

    async def _set_timers_anew(self, until: Place) -> None:
        """Those of events up to a place whose time had not long come then: what is lost may have sent or taken them."""
        last: dict[str, tuple[Later, str, Policy, Meta] | None] = {}
        async for entry in self._log.entries(subjects.EVENTS, until.position):
            for policy in self._policies.get(entry.headers.get("ce-type", ""), ()):
                if policy.facts is None:
                    event, meta = read_entry(entry)
                    opened = self._keys.open(event, meta.id)
                    for what, id_ in with_ids(policy, meta.id, policy.consequences(opened, meta)):
                        if isinstance(what, Later | Cancel):
                            last[what.key] = (what, id_, policy, meta) if isinstance(what, Later) else None
        long_ago = datetime.fromtimestamp(until.recorded_ns / 1e9, UTC) - _FIRED_BEFORE
        for later, id_, policy, meta in filter(None, last.values()):
            if CLOCK.real(later.at) > long_ago:
                about = {"id": id_, "policy": policy.name, "cause": meta.id}
                self._timers.set(later.key, later.command, later.at, position=meta.position, **about)
        await self._surely(self._timers.save)

    async def _surely(self, act: Callable[[], Awaitable[_Got]]) -> _Got:
        """Whatever is sent or written, once it can be. Raises Overtaken where that is not ours to do any more."""

        @wraps(act)
        async def once() -> _Got:
            self._lease.check()
            try:
                got = await act()
            except (Unavailable, *LOST) as error:
                self._away = reason(error)
                raise
            self._away = ""
            return got

        return await lasting(once)

    async def _load_keys(self, batch: Sequence[Entry]) -> None:
        """Of those that the events are of, all at once: one by one that takes as long as the policies themselves."""
        concerned = {subjects.aggregate_id_of(e.subject) for e in batch if e.headers.get("ce-type") in self._policies}
        if self._keys.lacks(concerned):
            await asyncio.to_thread(self._keys.load, concerned)

    async def _answer(self, entry: Entry) -> None:
        """Send what follows from one event. What cannot be done is parked, and so is what later happens to the same."""
        if entry.headers.get("ce-type") not in self._policies:
            return  # nobody here is concerned
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
        failures = [await self._trying(policy, event, meta) for policy in self._policies.get(event.type, ())]
        return next(filter(None, failures), None)

    async def _trying(self, policy: Policy, event: Event, meta: Meta) -> str | None:
        for pause in (*PAUSES, None):
            try:
                await self._react(policy, event, meta)
            except Overtaken:
                raise
            except Exception as error:
                if pause is None:
                    log.exception("policy.failed", policy=policy.name, event_id=meta.id)
                    return f"{policy.name}: {reason(error)}"
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
        for what, id_ in with_ids(policy, meta.id, policy.consequences(event, meta, facts)):
            await self._bring_about(what, id_, policy, meta)

    async def _bring_about(self, what: Consequence, id_: str, policy: Policy, meta: Meta) -> None:
        """Raises what the event itself is to blame for; waits for as long as a service or the server is away."""
        match what:
            case Later(command=command, at=at, key=key) if at > meta.said_at:
                about = {"id": id_, "policy": policy.name, "cause": meta.id}
                self._timers.set(key, command, at, position=meta.position, **about)
            case Later(command=command, key=key):
                await self._surely(lambda: self._timers.cancel(key, meta.position))
                await self._surely(lambda: self._send(command, id_, meta))
            case Cancel(key=key):
                await self._surely(lambda: self._timers.cancel(key, meta.position))
            case Command() as command:
                await self._surely(lambda: self._send(command, id_, meta))

    async def _send(self, command: Command, id_: str, meta: Meta) -> None:
        kind, body, token = type(command), encode(command), self.token()
        stored = await send(self._client, kind, body, token=token, id=id_, cause=meta.id, said_at=meta.said_at)
        self._reach = max(self._reach, stored)

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
        await self._surely(lambda: self._parking.park(parked))
        self._parked.setdefault(parked.aggregate_id, []).append(parked.position)

    async def _hear(self, message: Msg) -> None:
        if message.data and Parked.model_validate_json(message.data).asked:
            self._asked = True

    async def _do_what_was_asked(self) -> None:
        """Replay and drop what somebody asked for, in the log's order for each aggregate."""
        due = self._parked and time.monotonic() - self._looked > _LOOK_AGAIN_SECONDS
        if not (self._asked or due):
            return
        self._asked, self._looked = False, time.monotonic()
        found = await self._surely(lambda: self._parking.parked(self._service))
        by_aggregate = {key: list(parked) for key, parked in groupby(sorted(found, key=_aggregate), key=_aggregate)}
        self._parked = {key: [one.position for one in parked] for key, parked in by_aggregate.items()}
        for key, parked in by_aggregate.items():
            self._parked[key] = await self._settle(parked)
        self._parked = {key: left for key, left in self._parked.items() if left}

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
            elif why := await self._failing_again(one):
                await self._parking.settle(settled, "failed again")
                await self._parking.park(one.model_copy(update={"why": why[:300], "behind": False, "asked": None}))
                return [one.position for one in parked[done:]]
            else:
                await self._surely(self._timers.save)
                await self._parking.settle(settled, "replayed")
            before = asked
        return []

    async def _failing_again(self, parked: Parked) -> str | None:
        page, _ = await self._log.page(subjects.EVENTS, parked.position - 1, 1)
        if not page or page[0].position != parked.position:
            return "the log does not hold it"
        return await self._failing(page[0])


def _is_newer(entry: Entry) -> bool:
    """Whether a newer release wrote it: whether a policy of that release answers it is not known here."""
    type_, version = entry.headers.get("ce-type"), entry.headers.get("ce-dataversion", "1")
    return type_ is not None and version.isdecimal() and not knows(type_, int(version))


def _aggregate(parked: Parked) -> str:
    return parked.aggregate_id
