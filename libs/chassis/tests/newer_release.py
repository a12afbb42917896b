"""The toy as a newer release has it, run as a process of its own beside those of the release that `toy` is.

Things are put in with a reason (a field more in the command, and the event in version 2), and a box can be labelled
anew (a command and an event more).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from libs.chassis.tests import toy
from libs.chassis.tests.toy import BOX, Box, BoxMade, boxes, fill, shelf, views

from canlian_chassis.decider import Given
from canlian_chassis.policy import policy
from canlian_chassis.projection import Projection
from canlian_chassis.service import Service
from canlian_events.core import COMMANDS, EVENT_NAMES, EVENTS, Command, Event, upcast
from canlian_events.meta import Meta
from canlian_events.terms import Role

for name in ("PutIn", "ThingsPut"):
    COMMANDS.pop(name, None)
    EVENT_NAMES.pop(name, None)
EVENTS.pop("toy.box.things-put")


class PutIn(Command, to=BOX, by={Role.STAFF, Role.POLICY}):
    box_id: str
    things: int
    why: str | None = None


class ThingsPut(Event, type="toy.box.things-put", version=2):
    box_id: str
    things: int
    why: str


class LabelAnew(Command, to=BOX, by={Role.STAFF, Role.POLICY}):
    box_id: str
    label: str


class BoxLabelledAnew(Event, type="toy.box.labelled-anew"):
    box_id: str
    label: str


@upcast(ThingsPut, since=1)
def without_reason(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"why": "not said"}


def decide(command: Command, state: Box | None, given: Given) -> Sequence[Event]:
    match command, state:
        case PutIn(things=things), Box() if things > 0:
            return [ThingsPut(box_id=command.box_id, things=1, why=command.why or "asked")] * things
        case LabelAnew(), Box():
            return [BoxLabelledAnew.from_(command)]
        case _:
            return toy.decide_box(command, state, given)  # type: ignore[arg-type]


def evolve(state: Box | None, event: Event) -> Box | None:
    match event, state:
        case ThingsPut(), Box():
            return replace(state, things=state.things + event.things)
        case BoxLabelledAnew(), Box():
            return replace(state, label=event.label)
        case _:
            return toy.evolve_box(state, event)  # type: ignore[arg-type]


def fold(row: toy.BoxRow | None, event: Any, meta: Meta) -> Any:
    match event:
        case ThingsPut() if row:
            return row.with_(things=row.things + event.things)
        case BoxLabelledAnew() if row:
            return row.with_(label=event.label)
        case _:
            return boxes.fold(row, event, meta)


@policy("toy.label", on=ThingsPut)
def label(event: ThingsPut, _meta: Meta) -> Iterable[Command]:
    if event.things > 1:
        yield LabelAnew(box_id=event.box_id, label=f"{event.box_id} is full")


box = replace(
    toy.box, commands=[toy.MakeBox, PutIn, LabelAnew, toy.StoreBox, toy.BurnBox], decide=decide, evolve=evolve
)
newer_views = replace(
    views,
    projections=[
        Projection("boxes", toy.BoxRow, frozenset({BoxMade, ThingsPut, BoxLabelledAnew}), lambda e: e.box_id, fold)
    ],
)
service = {
    "name": "toy",
    "context": "toy",
    "deciders": [box, shelf],
    "policies": [replace(fill, react=lambda event, _: [PutIn(box_id=event.box_id, things=1)]), label],
}

if __name__ == "__main__":
    with_views = {"views": newer_views} if "views" in sys.argv else {}
    Service(**service, **with_views).run()  # type: ignore[arg-type]
