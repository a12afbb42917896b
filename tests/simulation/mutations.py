"""Each undoes one thing that the core gets right, so that it is seen that the simulation would find it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from canlian_chassis.bus import client, wire
from canlian_chassis.command import aggregates, handler
from canlian_chassis.log import following, jetstream
from canlian_chassis.policies import lease, runner, timers
from canlian_chassis.policies.parked import Parking
from canlian_chassis.views import follower
from canlian_events.core import UnknownEvent
from canlian_events.subjects import community_of


class Mutation(NamedTuple):
    """`finds` are the kinds of violation of which one is expected."""

    undoes: str
    apply: Callable[[], None]
    finds: tuple[str, ...]


MUTATIONS: dict[str, Mutation] = {}


def _put(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)


def mutation(undoes: str, *finds: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def declare(apply: Callable[[], None]) -> Callable[[], None]:
        MUTATIONS[apply.__name__.replace("_", "-")] = Mutation(undoes, apply, finds)
        return apply

    return declare


@mutation("what was only read beside a decision is guarded by the log", "decision")
def unguarded_reads() -> None:
    _put(handler, "_guarded", lambda entries, _read: entries)


@mutation("an event is stored only where its aggregate has not moved on", "decision", "twice", "answer", "view-rows")
def unchecked_appends() -> None:
    real = handler.Handler._entry

    def entry(self: Any, *args: Any) -> Any:
        return replace(real(self, *args), expects=None)

    _put(handler.Handler, "_entry", entry)


@mutation("a claim is stored only where nobody else came first", "decision")
def unchecked_claims() -> None:
    real = handler.Handler._with_claims

    async def with_claims(self: Any, decision: Any, guessed: bool) -> Any:
        claimed = await real(self, decision, guessed)
        entries = [replace(e, expects=None) if e.subject.startswith("claim.label.") else e for e in claimed.entries]
        return replace(claimed, entries=entries)

    _put(handler.Handler, "_with_claims", with_claims)


@mutation("a refusal is decided on what the log has now, not on what is remembered", "answer-doubtful", "consequence")
def refused_from_memory() -> None:
    real = handler.Handler._decide

    async def decide(self: Any, envelope: Any, loaded: Any, guessed: bool) -> Any:
        return await real(self, envelope, loaded, guessed)

    async def load(self: Any, ref: Any, told: Any = None) -> Any:
        known = self.remembered(ref)
        return known if known.position else await real_load(self, ref, told)

    real_load = aggregates.Aggregates.load
    _put(handler.Handler, "_decide", decide)
    _put(aggregates.Aggregates, "load", load)


@mutation("a command that was answered is known by its id", "twice", "repeat", "decision", "answer")
def forgotten_commands() -> None:
    async def first_answer(*_: Any) -> None:
        return None

    real = wire.event_headers

    def event_headers(*args: Any, **kwargs: Any) -> dict[str, str]:
        headers: dict[str, str] = real(*args, **kwargs)
        headers.pop("Nats-Msg-Id")
        return headers

    _put(aggregates.Aggregates, "first_answer", first_answer)
    _put(wire, "event_headers", event_headers)


@mutation("facts are looked up only once the view has reached the log's end", "stale-facts")
def stale_facts() -> None:
    from canlian_chassis.command import facts

    async def look_up(self: Any, asked: Any) -> list[Any]:
        found: list[Any] = await self._view.read(facts.answer_all, [(query, args) for query, args, _ in asked])
        return found

    _put(facts.Facts, "_look_up", look_up)


@mutation(
    "a reader that lost its line begins anew where it stood", "view-rows", "restless", "view-level", "consequence"
)
def deaf_to_gaps() -> None:
    real = following._Pull.next

    async def next_(self: Any) -> Any:
        self._lost, self._connections = False, self._nc.stats["reconnects"]
        return await real(self)

    _put(following._Pull, "next", next_)


@mutation("the events of one command are stored whole or not at all", "decision", "twice", "answer")
def torn_batches() -> None:
    async def append(self: Any, entries: Any) -> list[int]:
        positions = []
        for entry in entries:
            positions += await real(self, [entry])
        return positions

    real = jetstream.Log.append
    _put(jetstream.Log, "append", append)


@mutation("the policies' place is saved only once their commands are answered", "consequence", "timer-missing")
def place_saved_before() -> None:
    real = runner.PolicyRunner._answer

    async def answer(self: Any, entry: Any) -> None:
        if random.random() < 0.05:
            return
        await real(self, entry)

    _put(runner.PolicyRunner, "_answer", answer)


@mutation("a command that nobody answered, or only an older release, is sent again", "consequence", "restless")
def unanswered_is_done() -> None:
    _swallow(client.Unavailable)


@mutation("that a policy may not, or sends what is invalid, is no answer of a rule", "consequence", "restless")
def swallowed_refusals() -> None:
    _swallow(client.NotAllowed, client.Invalid)


def _swallow(*errors: type[client.Refused]) -> None:
    """Take these for a rule's refusal, where a policy or a timer sends."""
    real = client.Client.send_raw

    async def send_raw(self: Any, *args: Any, **more: Any) -> Any:
        try:
            return await real(self, *args, **more)
        except errors as error:
            if more.get("cause"):
                raise client.Refused("swallowed") from error
            raise

    _put(client.Client, "send_raw", send_raw)


@mutation(
    "one process of a service at a time runs its policies", "place", "answered-again", "timer-missing", "restless"
)
def no_lease() -> None:

    async def run(self: Any, *works: Any) -> None:
        self._good_until = float("inf")
        while True:
            await self._hold(works)

    async def keep_renewing(_self: Any) -> None:
        await asyncio.Event().wait()

    async def swap(self: Any, key: str, value: str, _revision: int) -> int:
        revision: int = await self._bucket.put(key, value.encode())
        return revision

    _put(lease.Lease, "run", run)
    _put(lease.Lease, "_keep_renewing", keep_renewing)
    _put(Parking, "swap", swap)


@mutation(
    "what was said is checked on the log as it is, also where an older copy was put back", "consequence", "restless"
)
def log_put_back_unnoticed() -> None:
    async def holds(_self: Any, _place: Any) -> bool:
        return True

    _put(jetstream.Log, "holds", holds)


@mutation("a timer is taken back by its position, not kept out by an id that came before", "timer-missing")
def timers_deduplicated() -> None:
    real = timers.Timers._publish

    async def publish(self: Any, subject: str, waiting: Any, last: int) -> Any:
        self.__dict__.setdefault("_ids", set())
        if subject in self._ids:
            return True
        self._ids.add(subject)
        return await real(self, subject, waiting, last)

    _put(timers.Timers, "_publish", publish)


@mutation("a timer is acknowledged only once its command was answered", "consequence", "timer-missing", "restless")
def timers_acknowledged_early() -> None:
    real = timers.TimerRunner._send

    async def send(self: Any, message: Any) -> None:
        await message.ack()
        message._ackd = False
        await real(self, message)

    _put(timers.TimerRunner, "_send", send)


@mutation("a timer that is taken back does not fire", "timer-superfluous", "timer-missing", "decision")
def timers_never_set_anew() -> None:
    real = timers.Timers.set

    def set_(self: Any, key: str, *args: Any, **more: Any) -> None:
        if key not in self.__dict__.setdefault("_seen", set()):
            self._seen.add(key)
            real(self, key, *args, **more)

    _put(timers.Timers, "set", set_)


@mutation("the view's checkpoint is stored with its rows", "view-rows")
def checkpoint_apart() -> None:
    from canlian_chassis.views.store import ViewStore

    real = ViewStore._fold

    def fold(self: Any, db: Any, table: Any, steps: Any) -> None:
        if random.random() > 0.05:
            real(self, db, table, steps)

    _put(ViewStore, "_fold", fold)


@mutation("a view is complete only where it holds all that the log does", "view-complete", "view-level")
def complete_at_once() -> None:
    real = follower.Follower.start

    async def start(self: Any, *args: Any) -> None:
        await real(self, *args)
        self.complete = self.level = True

    _put(follower.Follower, "start", start)


@mutation("keys of the erased are held nowhere", "erased", "view-rows")
def keys_not_destroyed() -> None:
    from canlian_chassis.keys.store import Keys

    real = Keys.destroy

    def destroy(self: Any, subject: str, position: int) -> Any:
        held = self._held.get(subject)
        stone = real(self, subject, position)
        if held is not None:
            self._held[subject] = held
        return stone

    _put(Keys, "destroy", destroy)


@mutation("policies stop at an event that only a newer release knows", "consequence", "timer-missing", "restless")
def newer_events_passed() -> None:
    _put(runner, "_is_newer", lambda _entry: False)


@mutation("a service leaves an aggregate that it can't read whole to a newer release", "decision", "answer", "twice")
def unread_left_out() -> None:
    real = aggregates.Aggregates._fold

    def fold(self: Any, decider: Any, loaded: Any, entry: Any) -> None:
        try:
            real(self, decider, loaded, entry)
        except UnknownEvent:
            loaded.passed(entry.headers["ce-id"], entry.position, community_of(entry.subject), len(entry.body))

    _put(aggregates.Aggregates, "_fold", fold)


@mutation("a view stops at an event that only a newer release can read", "view-rows", "view-skipped")
def unread_skipped() -> None:
    from canlian_chassis.views import store

    real = vars(store)["look_at_entry"]

    def look_at_entry(entry: Any) -> Any:
        try:
            return real(entry)
        except UnknownEvent as error:
            raise ValueError(str(error)) from error

    _put(store, "look_at_entry", look_at_entry)
