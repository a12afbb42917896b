"""A pull consumer of the model: what it gives to whom, when it says that it is still there, what comes again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.protocol import Message, status
from tests.simulation.streams import Stored, Stream, nanoseconds, written

if TYPE_CHECKING:
    import asyncio

    from tests.simulation.model_server import ModelServer

_PAUSE = 0.0003
"""Seconds between one handful of messages and the next: a server that is stopped may be stopped in between."""


@dataclass
class Request:
    """A request for messages. `left` is how many it may still be given."""

    reply: str
    left: int
    no_wait: bool
    heartbeat: float
    given: int = 0
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


@dataclass
class Given:
    """A message that was given and not acknowledged yet."""

    times: int
    number: int
    again_at: float


class Consumer:
    def __init__(self, server: ModelServer, stream: Stream, name: str, config: dict[str, Any]) -> None:
        self._server, self.stream, self.name, self.config = server, stream, name, config
        filters = config.get("filter_subjects") or [f for f in (config.get("filter_subject"),) if f]
        self._filters: tuple[str, ...] = tuple(filters)
        self._after = config.get("opt_start_seq", 1) - 1
        self.created = nanoseconds(server.now())
        self._number = 0
        self._explicit = config.get("ack_policy") == "explicit"
        self._given: dict[int, Given] = {}
        self._requests: deque[Request] = deque()
        self._going = False
        self._last_asked = server.now()
        if not self.durable:
            self._look_whether_used()

    @property
    def durable(self) -> bool:
        return bool(self.config.get("durable_name"))

    @property
    def pending(self) -> int:
        return sum(1 for _ in self.stream.above(self._after, self._filters))

    def info(self) -> dict[str, Any]:
        return {
            "stream_name": self.stream.name,
            "name": self.name,
            "created": written(self.created),
            "config": self.config,
            "delivered": {"consumer_seq": self._number, "stream_seq": self._after},
            "ack_floor": {"consumer_seq": 0, "stream_seq": 0},
            "num_ack_pending": len(self._given),
            "num_redelivered": 0,
            "num_waiting": len(self._requests),
            "num_pending": self.pending,
        }

    def moved_to(self, server: ModelServer, stream: Stream) -> Consumer:
        """What a durable one is after the server was started again."""
        other = Consumer(server, stream, self.name, self.config)
        other._after, other._number, other._given = min(self._after, stream.last_seq), self._number, dict(self._given)
        for given in other._given.values():
            server.later(max(0.0, given.again_at - server.now()), other.go)
        return other

    # --- requests

    def ask(self, reply: str, wanted: dict[str, Any]) -> None:
        request = Request(
            reply,
            wanted.get("batch", 1),
            bool(wanted.get("no_wait")),
            wanted.get("idle_heartbeat", 0) / 1e9,
        )
        self._last_asked = self._server.now()
        self._requests.append(request)
        if expires := wanted.get("expires"):
            request.timers.append(self._server.later(expires / 1e9, self._expire, request))
        elif request.no_wait and self._next() is None:
            self._end(request, status("404 No Messages"))
            return
        if request.heartbeat:
            self._beat_later(request)
        self.go()

    def _expire(self, request: Request) -> None:
        text = {"Nats_Pending_Messages": request.left, "Nats_Pending_Bytes": 0}
        self._end(request, status("408 Request Timeout", **text))

    def _end(self, request: Request, block: bytes = b"") -> None:
        if request in self._requests:
            self._requests.remove(request)
            for timer in request.timers:
                timer.cancel()
            if block:
                self._server.route(Message(request.reply, "", block, b""))

    def _beat_later(self, request: Request) -> None:
        request.timers.append(self._server.later(request.heartbeat, self._beat, request, request.given))

    def _beat(self, request: Request, given: int) -> None:
        if request not in self._requests:
            return
        if not self._server.listens(request.reply):
            self._end(request)
            return
        if request.given == given:
            numbers = {"Nats_Last_Consumer": self._number, "Nats_Last_Stream": self._after}
            self._server.route(Message(request.reply, "", status("100 Idle Heartbeat", **numbers), b""))
        self._beat_later(request)

    def _look_whether_used(self) -> None:
        """A consumer that nobody asks for long is taken away."""
        limit = self.config.get("inactive_threshold", 5_000_000_000) / 1e9
        used = any(self._server.listens(request.reply) for request in self._requests)
        if not used and self._server.now() - self._last_asked >= limit:
            self._server.forget_consumer(self)
        else:
            self._server.later(limit, self._look_whether_used)

    def gone(self) -> None:
        for request in tuple(self._requests):
            self._end(request, status("409 Consumer Deleted"))

    # --- giving

    def go(self) -> None:
        """Give what is there, a handful at a time, as long as somebody asks."""
        if not self._going and self._requests and self._next() is not None:
            self._going = True
            self._server.later(self._server.chance() * _PAUSE, self._give_some)

    def _give_some(self) -> None:
        self._going = False
        for _ in range(self._server.handful()):
            while self._requests and not self._server.listens(self._requests[0].reply):
                self._end(self._requests[0])
            message = self._next()
            if not self._requests or message is None:
                break
            self._give(self._requests[0], message)
        self._server.gave(self)
        if self._next() is None:
            for request in [r for r in self._requests if r.no_wait and r.given]:
                self._end(request, status("404 No Messages"))
        self.go()

    def _next(self) -> Stored | None:
        """What should come again comes first."""
        now = self._server.now()
        self._given = {seq: given for seq, given in self._given.items() if seq in self.stream.messages}
        due = [(given.again_at, seq) for seq, given in self._given.items() if given.again_at <= now + 1e-9]
        if due:
            return self.stream.messages[min(due)[1]]
        found = self.stream.next(self._after, self._filters)
        if found is None:
            self._after = max(self._after, self.stream.last_seq)  # what no filter covers is behind it too
        return found

    def _give(self, request: Request, message: Stored) -> None:
        known = self._given.get(message.seq)
        self._number += 1
        times = known.times + 1 if known else 1
        if not known:
            self._after = message.seq
        if self._explicit:
            wait = self.config.get("ack_wait", 30_000_000_000) / 1e9
            self._given[message.seq] = Given(times, self._number, self._server.now() + wait)
            self._server.later(wait, self.go)
        numbers = f"{times}.{message.seq}.{self._number}.{message.ns}.{self.pending}"
        reply = f"$JS.ACK.{self.stream.name}.{self.name}.{numbers}"
        self._server.route(Message(message.subject, reply, message.block, message.body), to=request.reply)
        request.left -= 1
        request.given += 1
        if request.left == 0:
            self._end(request)

    def acknowledge(self, seq: int, body: bytes) -> bool:
        """Whether it was waited for."""
        given = self._given.get(seq)
        if given is None:
            return False
        if body.startswith(b"-NAK"):
            import json

            delay = json.loads(body.partition(b" ")[2] or "{}").get("delay", 0) / 1e9
            given.again_at = self._server.now() + delay
            self._server.later(delay, self.go)
            return True
        del self._given[seq]
        if self.stream.config["retention"] == "workqueue":
            self.stream.remove(seq)
        return True
