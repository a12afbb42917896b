"""A toy language, service and view, so that the chassis is tested without the domain: boxes that hold a few things."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import MetaData
from sqlmodel import Field, Session, func, select

from canlian_chassis.decider import Claim, Decider, Given, Ref, Rejected
from canlian_chassis.policy import policy
from canlian_chassis.projection import projection
from canlian_chassis.row import Row
from canlian_chassis.views.runner import Views
from canlian_events.core import Command, Event, aggregate
from canlian_events.meta import Meta
from canlian_events.personal import Personal, opened
from canlian_events.terms import Role

BOX = aggregate("toy.box")
SHELF = aggregate("toy.shelf")


class MakeBox(Command, to=BOX, by={Role.STAFF, Role.POLICY}):
    box_id: str
    label: str
    community: str = "429999001001"


class PutIn(Command, to=BOX, by={Role.STAFF, Role.POLICY}):
    box_id: str
    things: int


class BurnBox(Command, to=BOX, by={Role.STAFF}):
    box_id: str


class StoreBox(Command, to=BOX, by={Role.STAFF}):
    box_id: str
    shelf_id: str


class BuildShelf(Command, to=SHELF, by={Role.STAFF}):
    shelf_id: str
    places: int


class BoxMade(Event, type="toy.box.made", about="box_id"):
    box_id: str
    label: Personal[str]


class ThingsPut(Event, type="toy.box.things-put"):
    box_id: str
    things: int


class BoxStored(Event, type="toy.box.stored"):
    box_id: str
    shelf_id: str


class ShelfBuilt(Event, type="toy.shelf.built"):
    shelf_id: str
    places: int


class PlaceUsed(Event, type="toy.shelf.place-used"):
    shelf_id: str
    box_id: str


class BoxBurnt(Event, type="toy.box.burnt", about="box_id", erases=True):
    box_id: str
    label: Personal[str] | None = None


BoxEvent = BoxMade | ThingsPut | BoxStored | BoxBurnt
ShelfEvent = ShelfBuilt | PlaceUsed


@dataclass(frozen=True)
class Box:
    label: str
    things: int = 0
    shelf_id: str | None = None


@dataclass(frozen=True)
class Shelf:
    places: int
    used: frozenset[str] = frozenset()


def decide_box(command: MakeBox | PutIn | StoreBox | BurnBox, box_: Box | None, given: Given) -> Sequence[Event]:
    match command, box_:
        case MakeBox(), None:
            return [BoxMade(box_id=command.box_id, label=command.label)]
        case BurnBox(), Box():
            return [BoxBurnt(box_id=command.box_id, label=box_.label)]
        case PutIn(things=things), Box() if things > 0:
            return [ThingsPut(box_id=command.box_id, things=1)] * things
        case PutIn(), Box():
            return []
        case StoreBox(shelf_id=shelf_id), Box():
            shelf_ = given.beside[Ref(SHELF, shelf_id)]
            if shelf_ is None or len(shelf_.used) >= shelf_.places:
                raise Rejected("shelf.full", shelf_id=shelf_id)
            return [
                BoxStored(box_id=command.box_id, shelf_id=shelf_id),
                PlaceUsed(shelf_id=shelf_id, box_id=command.box_id),
            ]
        case _:
            raise Rejected("box.wrong_state")


def evolve_box(box_: Box | None, event: BoxEvent) -> Box | None:
    match event:
        case BoxMade():
            return Box(opened(event.label) or "?")
        case ThingsPut():
            assert box_
            return replace(box_, things=box_.things + event.things)
        case BoxStored():
            assert box_
            return replace(box_, shelf_id=event.shelf_id)
        case BoxBurnt():
            return None


def claim_label(event: Event) -> Iterable[Claim]:
    if isinstance(event, BoxMade):
        yield Claim("label", str(event.label), taken="box.label_taken")
    if isinstance(event, BoxBurnt):
        yield Claim("label", str(event.label), taken="box.label_taken", release=True)


def stored_on(command: Command, _box: Box | None) -> Iterable[Ref]:
    return [Ref(SHELF, command.shelf_id)] if isinstance(command, StoreBox) else []


def decide_shelf(command: BuildShelf, shelf_: Shelf | None, _given: Given) -> Sequence[Event]:
    return [] if shelf_ else [ShelfBuilt.from_(command)]


def evolve_shelf(shelf_: Shelf | None, event: ShelfEvent) -> Shelf | None:
    match event:
        case ShelfBuilt():
            return Shelf(event.places)
        case PlaceUsed():
            assert shelf_
            return replace(shelf_, used=shelf_.used | {event.box_id})


box = Decider(
    BOX, [MakeBox, PutIn, StoreBox, BurnBox], decide_box, evolve_box, initial=None, claims=claim_label, beside=stored_on
)
shelf = Decider(SHELF, [BuildShelf], decide_shelf, evolve_shelf, initial=None)


class ToyRow(Row):
    metadata = MetaData()


class BoxRow(ToyRow, table=True):
    box_id: str = Field(primary_key=True)
    label: str
    community: str
    things: int = 0


@projection(BoxRow, key=lambda event: event.box_id)
def boxes(row: BoxRow | None, event: BoxMade | ThingsPut, meta: Meta) -> BoxRow | None:
    match event:
        case BoxMade():
            return BoxRow(box_id=event.box_id, label=opened(event.label) or "sealed", community=meta.community)
        case ThingsPut():
            assert row
            return row.with_(things=row.things + event.things)


def all_boxes(session: Session) -> Sequence[BoxRow]:
    return session.exec(select(BoxRow).order_by(BoxRow.box_id)).all()


def count_things(session: Session) -> int:
    return session.exec(select(func.coalesce(func.sum(BoxRow.things), 0))).one()


views = Views("toy", version=1, rows=ToyRow, projections=[boxes], opens=True)


@policy("toy.fill", on=BoxMade)
def fill(event: BoxMade, _meta: Meta) -> Iterable[Command]:
    """A new box gets one thing."""
    yield PutIn(box_id=event.box_id, things=1)
