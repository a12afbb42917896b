"""One run's world: loop, network, server, folder; and what is known of it from outside, by which it is judged."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from canlian_chassis.bus import wire
from canlian_chassis.settings import Settings
from tests.simulation import patches, protocol
from tests.simulation.consumers import Consumer
from tests.simulation.event_loop import OUTSIDE, PROCESS, SimulatedLoop
from tests.simulation.model_server import ModelServer, Storage, Watching
from tests.simulation.network import URL, Line, Network, SimulatedTransport
from tests.simulation.protocol import Message
from tests.simulation.streams import Stream

LOG, PLACES = "LOG", "KV_policies"
_LAST_LINES = 40


class Trace:
    """What happened, a line each; `digest` is of all of it, `last` the end of it."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self.last: deque[str] = deque(maxlen=_LAST_LINES)
        self._hash = hashlib.sha256()
        self._tell = tell

    def add(self, line: str) -> None:
        self.last.append(line)
        self._hash.update(line.encode())
        if self._tell:
            self._tell(line)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


@dataclass(frozen=True)
class Answered:
    """An answer as it went over the wire."""

    at: float
    status: str
    code: str
    events: int
    place: int
    """Up to where the policies said that they had answered, when it was given."""


@dataclass
class Truth:
    """What the server saw."""

    ends: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])
    """Where the log ended from when on."""
    restored: list[float] = field(default_factory=list)
    """When an older copy of the log was put back."""
    lost: set[str] = field(default_factory=set)
    """The commands whose events were in the log, and not in the copy that was put back."""
    answers: dict[str, list[Answered]] = field(default_factory=dict)
    """Command id → its answers, of those that were sent alone."""
    sent: Counter[str] = field(default_factory=Counter)
    """How often each command went over the wire: one that a line broke under is sent again."""
    places: list[tuple[float, int]] = field(default_factory=list)
    """Where the policies said that they stood."""

    def end_at(self, moment: float) -> int:
        """Where the log ended at a moment."""
        for since, end in reversed(self.ends):
            if since <= moment:
                return end
        return 0


class World(Watching):
    """`say` adds to the trace. `watchers` are called with what is published, and may kill whoever did."""

    def __init__(self, seed: int, folder: Path, tell: Callable[[str], None] | None = None) -> None:
        self.seed, self.folder = seed, folder
        self.random = Random(f"{seed} plan")
        self.loop = SimulatedLoop(Random(f"{seed} order"))
        patches.begin(self.loop, seed)
        self.trace, self.truth = Trace(tell), Truth()
        self.network = Network(self.loop, Random(f"{seed} network"), self.say)
        SimulatedTransport.network = self.network
        self.storage = Storage()
        self._server_random = Random(f"{seed} server")
        self.server: ModelServer | None = None
        self.settings = Settings(nats_url=URL, data=folder)
        self.faults: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._asked: dict[str, str] = {}
        self.on_published: list[Callable[[Line, Message], None]] = []
        self.on_given: list[Callable[[Consumer], None]] = []

    def say(self, what: str, **facts: Any) -> None:
        told = "".join(f" {name}={value}" for name, value in facts.items())
        self.trace.add(f"{self.loop.now:9.4f} {PROCESS.get(OUTSIDE).name:<10} {what}{told}")

    def violation(self, kind: str, words: str) -> None:
        """Something is wrong: of what kind, by which runs are counted, and in words."""
        if (line := f"{kind}: {words}") not in self.wrong:
            self.wrong.append(line)
            self.say(f"WRONG {line}")

    # --- the server

    def start_server(self) -> None:
        self.server = ModelServer(self.loop, self._server_random, self.storage, self)
        self.network.server = self.server
        self.say("server started")

    def stop_server(self) -> None:
        """As SIGKILL does: what was on its way is lost, what was stored stays."""
        if self.server is None:
            return
        self.loop.kill(self.server.process)
        self.server = self.network.server = None
        for line in list(self.network.lines):
            line.end()
        self.say("server killed")

    @property
    def log(self) -> Stream | None:
        return self.storage.streams.get(LOG)

    @property
    def end(self) -> int:
        """Where the log ends."""
        return self.log.last_seq if self.log else 0

    # --- what is seen

    def published(self, line: Line, message: Message) -> None:
        subject = message.subject
        if subject.startswith("cmd.") and not subject.endswith(".bulk"):
            headers = protocol.fields(message.headers)
            if id_ := headers.get(wire.COMMAND):
                self._asked[message.reply] = id_
                self.truth.sent[id_] += 1
            self.say("asked", by=line, subject=subject, id=id_)
        elif subject.startswith("cmd."):
            self.truth.sent.update(item["id"] for item in json.loads(message.body))
            self.say("asked", by=line, subject=subject)
        elif id_ := self._asked.get(subject):
            self._answered(line, id_, message.body)
        elif not subject.startswith(("_INBOX", "$JS.ACK")):
            # what a claim is called comes from the key store's chance, which no seed reaches
            named = subject if not subject.startswith("claim.") else subject.rpartition(".")[0]
            self.say("sent", by=line, subject=named, bytes=len(message.body))
        for watcher in tuple(self.on_published):
            watcher(line, message)

    def _answered(self, line: Line, id_: str, body: bytes) -> None:
        said = json.loads(body)
        place = self.truth.places[-1][1] if self.truth.places else 0
        answer = Answered(self.loop.now, said["status"], said.get("code", ""), len(said.get("events", ())), place)
        self.truth.answers.setdefault(id_, []).append(answer)
        self.say("answered", by=line, id=id_, status=answer.status, code=answer.code, position=said.get("position"))

    def stored(self, stream: Stream) -> None:
        if stream.name == LOG:
            self.truth.ends.append((self.loop.now, stream.last_seq))
            self.say("stored", end=stream.last_seq)
        elif stream.name == PLACES:
            self._placed(stream)

    def _placed(self, stream: Stream) -> None:
        last = stream.messages[stream.last_seq]
        key = last.subject.removeprefix("$KV.policies.")
        if key != "sim":
            return
        place = place_of(last.body)
        if place is None:
            return
        before = self.truth.places[-1][1] if self.truth.places else 0
        if place < before and not self.truth.restored:
            self.violation("place", f"the policies' place goes back from {before} to {place}")
        self.truth.places.append((self.loop.now, place))

    def gave(self, consumer: Consumer) -> None:
        for watcher in tuple(self.on_given):
            watcher(consumer)


def place_of(body: bytes) -> int | None:
    """The position in what the policies store of where they stand: a number, or a record of places, newest first."""
    try:
        said = json.loads(body or b"null")
    except ValueError:
        return None
    place: int | None = said["places"][0][0] if isinstance(said, dict) else said
    return place
