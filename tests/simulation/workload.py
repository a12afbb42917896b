"""What people ask in a run: each says one thing after another, and says it again under its id until it is answered."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import Accepted, Client, Invalid, NotAllowed, Refused, Unavailable
from canlian_chassis.keys.store import key_folder
from canlian_chassis.tokens import Signer
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.terms import Role
from tests.simulation import releases
from tests.simulation.world import World

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999",))
COMMUNITIES = ("429999001001", "429999001002", "429999001003")
MONTH = 30 * 86_400


@dataclass
class Said:
    """A command of a person. `ends` holds where the log ended when it was sent first, and when it was answered."""

    id: str
    command: Command
    sent_at: float = 0.0
    answered_at: float = 0.0
    ends: tuple[int, int] = (0, 0)
    outcome: Accepted | Refused | None = None
    tries: int = 0
    given_up: bool = False


@dataclass
class Scale:
    """How many there are of each, so that people meet often."""

    boxes: int
    shelves: int
    yards: int


@dataclass
class Workload:
    world: World
    random: Random
    scale: Scale
    said: list[Said] = field(default_factory=list)
    settling: bool = False
    """Once everything runs again, nobody gives up."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._language: Any = releases.language(releases.OLDER)
        self._focus = (1, 1)

    def __len__(self) -> int:
        return len(self.said)

    def next(self) -> Said:
        said = Said(f"command-{next(self._numbers)}", self._command())
        self.said.append(said)
        return said

    def _command(self) -> Command:
        language, random, scale = self._language, self.random, self.scale
        if random.random() < 0.15:
            self._focus = random.randint(1, scale.boxes), random.randint(1, scale.shelves)
        # what one person is at, others are often at too
        box_number, shelf_number = self._focus
        box = f"box_{box_number if random.random() < 0.4 else random.randint(1, scale.boxes)}"
        shelf = f"shelf_{shelf_number if random.random() < 0.6 else random.randint(1, scale.shelves)}"
        yard = f"yard_{random.randint(1, scale.yards)}"
        community = random.choice(COMMUNITIES)
        seconds = MONTH if random.random() < 0.6 else random.randint(2, 8)
        # some labels are wanted by two
        label = f"label {box if random.random() < 0.8 else random.randint(1, scale.boxes)} of {self.world.seed}"
        choices: list[tuple[float, Any]] = [
            (14, lambda: language.MakeBox(box_id=box, label=label, yard_id=yard, community=community)),
            (10, lambda: language.PutIn(box_id=box, things=random.randint(0, 2))),
            (9, lambda: language.MoveBox(box_id=box, community=community)),
            (10, lambda: language.OfferBox(box_id=box, seconds=seconds)),
            (9, lambda: language.AnswerOffer(box_id=box)),
            (8, lambda: language.ReferBox(box_id=box, shelf_id=shelf)),
            (6, lambda: language.StoreBox(box_id=box, shelf_id=shelf)),
            (8, lambda: language.BuildShelf(shelf_id=shelf, places=random.randint(1, 3))),
            (5, lambda: language.CloseShelf(shelf_id=shelf)),
            (1.2, lambda: language.LockYard(yard_id=yard)),
            (2.5, lambda: language.BurnBox(box_id=box)),
        ]
        made: Command = random.choices([make for _, make in choices], [weight for weight, _ in choices])[0]()
        return made

    def __hash__(self) -> int:
        return id(self)


class Person:
    """Says things over a connection of their own."""

    def __init__(self, workload: Workload, nc: Nats, random: Random) -> None:
        self._workload, self._world, self._random = workload, workload.world, random
        self._client = Client(nc)
        self._signer = Signer(key_folder(self._world.settings))

    async def work(self, count: int, pause: float) -> None:
        while count > 0:
            await asyncio.sleep(self._random.expovariate(1 / pause) if self._random.random() < 0.6 else 0.0)
            many = min(count, self._random.randint(2, 12)) if self._random.random() < 0.15 else 1
            count -= many
            said = [self._workload.next() for _ in range(many)]
            if many > 1:
                await self._say_together(said)
            else:
                await self.say(said[0])

    async def say(self, said: Said) -> None:
        """Until it is answered, or the person gives up, which nobody does once everything runs again."""
        self._begin(said)
        while said.outcome is None:
            said.tries += 1
            try:
                accepted = await self._client.send(said.command, token=self._token(), command_id=said.id)
            except Unavailable:
                if self._gives_up(said):
                    return
                await asyncio.sleep(self._random.random())
            except Refused as refused:
                if not isinstance(refused, NotAllowed):
                    self._end(said, refused)
                await asyncio.sleep(0.5)
            else:
                self._end(said, accepted)
                if self._random.random() < 0.1:
                    await self._say_again(said)

    async def _say_together(self, many: Sequence[Said]) -> None:
        for said in many:
            self._begin(said)
        while left := [said for said in many if said.outcome is None and not said.given_up]:
            for said in left:
                said.tries += 1
            commands = [(said.id, said.command) for said in left]
            try:
                answers = await self._client.send_many("sim", commands, token=self._token(), timeout=10)
            except Unavailable:
                answers = [Unavailable() for _ in left]
            for said, answer in zip(left, answers, strict=True):
                if isinstance(answer, Unavailable | NotAllowed):
                    self._gives_up(said)
                else:
                    self._end(said, answer)
            await asyncio.sleep(0.2)

    async def _say_again(self, said: Said) -> None:
        """As a program does that was started again and does not know: the answer is the same."""
        first = said.outcome
        assert isinstance(first, Accepted)
        try:
            again = await self._client.send(said.command, token=self._token(), command_id=said.id)
        except Unavailable:
            return
        except NotAllowed:
            return
        except Refused as refused:
            if not first.events:
                return
            if not self._world.truth.restored:
                self._world.violation(
                    "repeat", f"{said.id} was accepted, and refused when it was said again: {refused.code}"
                )
            return
        is_other = first.events and [e.id for e in again.events] != [e.id for e in first.events]
        if is_other and not self._world.truth.restored:
            self._world.violation("repeat", f"{said.id} was answered with other events when it was said again")

    def _begin(self, said: Said) -> None:
        said.sent_at, said.ends = self._world.loop.now, (self._world.end, 0)
        self._world.say("says", id=said.id, command=repr(said.command))

    def _end(self, said: Said, outcome: Accepted | Refused) -> None:
        said.outcome, said.answered_at = outcome, self._world.loop.now
        said.ends = said.ends[0], self._world.end
        what = repr(outcome) if isinstance(outcome, Accepted) else outcome.code
        self._world.say("heard", id=said.id, outcome=what, tries=said.tries)
        if isinstance(outcome, Invalid):
            words = f"{said.id} {said.command!r} was answered as invalid: {outcome.code} {outcome.facts}"
            self._world.violation("invalid", words)

    def _gives_up(self, said: Said) -> bool:
        if said.tries >= 2 and not self._workload.settling and self._random.random() < 0.15:
            said.given_up = True
        return said.given_up

    def _token(self) -> str:
        return self._signer.sign(STAFF)
