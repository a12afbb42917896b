"""A nats-server in memory: connections, subjects, queue groups, streams and consumers.

What is stored outlives it; a server that is started again on the same `Storage` goes on with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulation import api, protocol
from tests.simulation.consumers import Consumer
from tests.simulation.event_loop import Process, SimulatedLoop
from tests.simulation.network import Line
from tests.simulation.protocol import Message, Sent
from tests.simulation.streams import Arrived, RefusedError, Stream, nanoseconds

_ACK = "$JS.ACK."
_API = "$JS.API."


@dataclass
class Storage:
    """What a server has on its disk."""

    streams: dict[str, Stream] = field(default_factory=dict)
    durable: list[Consumer] = field(default_factory=list)


class Watching:
    """What the simulation sees of the server from outside; a run has one of its own."""

    def published(self, line: Line, message: Message) -> None:
        """A client sent this."""

    def stored(self, stream: Stream) -> None:
        """Something changed in a stream."""

    def gave(self, consumer: Consumer) -> None:
        """A consumer gave a handful of messages."""


@dataclass(frozen=True)
class Subscription:
    line: Line
    sid: str
    subject: str
    queue: str


class ModelServer:
    def __init__(self, loop: SimulatedLoop, random: Random, storage: Storage, watching: Watching) -> None:
        self.process = Process("server")
        self._loop, self._random, self._storage, self._watching = loop, random, storage, watching
        self._subscriptions: dict[tuple[Line, str], Subscription] = {}
        self._exact: dict[str, list[Subscription]] = {}
        self._wild: list[Subscription] = []
        self.consumers: dict[tuple[str, str], Consumer] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._names = 0
        for stream in storage.streams.values():
            stream.restarted()
            self._watch(stream)
        for consumer in storage.durable:
            if there := storage.streams.get(consumer.stream.name):
                self.consumers[there.name, consumer.name] = consumer.moved_to(self, there)
        storage.durable[:] = [consumer for consumer in self.consumers.values() if consumer.durable]
        self._wait_for_schedules()

    # --- what its parts use

    def now(self) -> float:
        return self._loop.now

    def chance(self) -> float:
        return self._random.random()

    def handful(self) -> int:
        return 1 + int(self._random.random() ** 2 * 40)

    def later(self, seconds: float, act: Callable[..., None], *args: Any) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, act, *args, context=self.process.context)

    def gave(self, consumer: Consumer) -> None:
        self._watching.gave(consumer)

    def new_name(self) -> str:
        self._names += 1
        return f"c{self._names}x{int(self._random.random() * 1e9):x}"

    @property
    def streams(self) -> dict[str, Stream]:
        return self._storage.streams

    # --- connections

    def accept(self, line: Line) -> None:
        line.to_client(protocol.info(line.number))

    def lost(self, line: Line) -> None:
        for key in [key for key in self._subscriptions if key[0] is line]:
            self._unsubscribe(key)

    def receive(self, line: Line, data: bytes) -> None:
        for sent in protocol.read(data):
            self._take(line, sent)

    def _take(self, line: Line, sent: Sent) -> None:
        match sent.verb:
            case b"PUB":
                reply = sent.words[1] if len(sent.words) > 1 else ""
                message = Message(sent.words[0], reply, sent.headers, sent.body)
                self._watching.published(line, message)
                self._publish(message)
            case b"SUB":
                queue = sent.words[1] if len(sent.words) > 2 else ""
                self._subscribe(Subscription(line, sent.words[-1], sent.words[0], queue))
            case b"UNSUB":
                self._unsubscribe((line, sent.words[0]))
            case b"PING":
                line.to_client(protocol.PONG)

    def _subscribe(self, subscription: Subscription) -> None:
        self._subscriptions[subscription.line, subscription.sid] = subscription
        if "*" in subscription.subject or ">" in subscription.subject:
            self._wild.append(subscription)
        else:
            self._exact.setdefault(subscription.subject, []).append(subscription)

    def _unsubscribe(self, key: tuple[Line, str]) -> None:
        subscription = self._subscriptions.pop(key, None)
        if subscription is None:
            return
        if subscription in self._wild:
            self._wild.remove(subscription)
        else:
            self._exact[subscription.subject].remove(subscription)

    # --- messages

    def _interested(self, subject: str) -> list[Subscription]:
        wild = [s for s in self._wild if protocol.covers(s.subject, subject)]
        return [*self._exact.get(subject, ()), *wild]

    def listens(self, subject: str) -> bool:
        return bool(self._interested(subject))

    def route(self, message: Message, to: str = "") -> bool:
        """Give it to whoever listens: one of each queue group. `to` is the subject they listen to, where another."""
        groups: dict[str, list[Subscription]] = {}
        chosen: list[Subscription] = []
        for subscription in self._interested(to or message.subject):
            if subscription.queue:
                groups.setdefault(subscription.queue, []).append(subscription)
            else:
                chosen.append(subscription)
        chosen += [members[int(self._random.random() * len(members))] for members in groups.values()]
        for subscription in chosen:
            subscription.line.to_client(protocol.delivery(message, subscription.sid))
        return bool(chosen)

    def answer(self, to: str, headers: bytes = b"", body: bytes = b"") -> None:
        if to:
            self.route(Message(to, "", headers, body))

    def _publish(self, message: Message) -> None:
        if message.subject.startswith(_API):
            if not api.handle(self, message):
                self._say_nobody_listens(message)
            return
        if message.subject.startswith(_ACK):
            self._acknowledge(message)
            return
        heard = self.route(message)
        for stream in self._storage.streams.values():
            if stream.takes(message.subject):
                self._store(stream, message)
                heard = True
        if not heard:
            self._say_nobody_listens(message)

    def _say_nobody_listens(self, message: Message) -> None:
        self.answer(message.reply, protocol.status("503", Nats_Subject=message.subject))

    def _store(self, stream: Stream, message: Message) -> None:
        headers = protocol.fields(message.headers) if message.headers else {}
        try:
            reply = stream.publish(Arrived(message.subject, message.headers, headers, message.body))
        except RefusedError as refused:
            reply = {**refused.reply, "stream": stream.name, "seq": 0}
        self.answer(message.reply, body=api.encode(reply) if reply else b"")

    def _acknowledge(self, message: Message) -> None:
        words = message.subject.split(".")
        consumer = self.consumers.get((words[2], words[3]))
        if consumer:
            consumer.acknowledge(int(words[5]), message.body)
            self.answer(message.reply)

    # --- streams and consumers

    def add_stream(self, config: dict[str, Any]) -> Stream:
        stream = Stream(config, self.now)
        self._storage.streams[stream.name] = stream
        self._watch(stream)
        return stream

    def _watch(self, stream: Stream) -> None:
        stream.stored = lambda: self._changed(stream)

    def _changed(self, stream: Stream) -> None:
        self._watching.stored(stream)
        for (name, _), consumer in tuple(self.consumers.items()):
            if name == stream.name:
                consumer.go()
        if stream.config.get("allow_msg_schedules"):
            self._wait_for_schedules()

    def add_consumer(self, consumer: Consumer) -> None:
        self.consumers[consumer.stream.name, consumer.name] = consumer
        if consumer.durable:
            self._storage.durable.append(consumer)

    def forget_consumer(self, consumer: Consumer) -> None:
        if self.consumers.pop((consumer.stream.name, consumer.name), None):
            consumer.gone()
        if consumer in self._storage.durable:
            self._storage.durable.remove(consumer)

    def _wait_for_schedules(self) -> None:
        if self._alarm:
            self._alarm.cancel()
        due = [found[0] for stream in self.streams.values() if (found := stream.next_schedule())]
        if due:
            wait = (min(due) - nanoseconds(self.now())) / 1e9
            self._alarm = self.later(max(0.0, wait) + 0.001 + 0.02 * self.chance(), self._fire)

    def _fire(self) -> None:
        for stream in tuple(self.streams.values()):
            while (found := stream.next_schedule()) and found[0] <= nanoseconds(self.now()):
                stream.fire(found[1])
        self._wait_for_schedules()
