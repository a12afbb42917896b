"""A language small enough to check, with one of everything that the core has to get right. Loaded once a release.

Boxes with a label that only one may bear; shelves with few places; yards that are locked for good. The newer release
knows one event in a second version, one event more, and a command with a field more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import MetaData
from sqlmodel import Field, Session

from canlian_chassis.decider import Claim, Decider, Given, Ref, Rejected
from canlian_chassis.policy import Cancel, Consequence, Later, policy
from canlian_chassis.projection import projection
from canlian_chassis.row import Row
from canlian_chassis.views.runner import Views
from canlian_events.core import Body, Command, Event, aggregate, upcast
from canlian_events.meta import Meta
from canlian_events.personal import Personal, opened
from canlian_events.terms import Role

NEWER: bool = __name__.endswith("newer")
BOX, SHELF, YARD = aggregate("sim.box"), aggregate("sim.shelf"), aggregate("sim.yard")
STAFF = {Role.STAFF, Role.POLICY}


class MakeBox(Command, to=BOX, by=STAFF):
    box_id: str
    label: str
    yard_id: str
    community: str


class PutIn(Command, to=BOX, by=STAFF):
    box_id: str
    things: int
    if NEWER:
        why: str | None = None


class StoreBox(Command, to=BOX, by=STAFF):
    """Uses a place of a shelf: events of both in one batch."""

    box_id: str
    shelf_id: str


class ReferBox(Command, to=BOX, by=STAFF):
    """Needs an open shelf, and changes nothing of it."""

    box_id: str
    shelf_id: str


class MoveBox(Command, to=BOX, by=STAFF):
    box_id: str
    community: str


class OfferBox(Command, to=BOX, by=STAFF):
    """The offer lapses after so many seconds, unless it is answered."""

    box_id: str
    seconds: int


class AnswerOffer(Command, to=BOX, by=STAFF):
    box_id: str


class LapseOffer(Command, to=BOX, by={Role.POLICY}):
    box_id: str
    number: int


class BurnBox(Command, to=BOX, by=STAFF):
    box_id: str


class BuildShelf(Command, to=SHELF, by=STAFF):
    shelf_id: str
    places: int


class CloseShelf(Command, to=SHELF, by=STAFF):
    shelf_id: str


class NoteReferral(Command, to=SHELF, by={Role.POLICY}):
    shelf_id: str
    box_id: str


class LockYard(Command, to=YARD, by=STAFF):
    yard_id: str


class BoxMade(Event, type="sim.box.made", about="box_id"):
    box_id: str
    label: Personal[str]
    yard_id: str


class ThingsPut(Event, type="sim.box.things-put", version=2 if NEWER else 1):
    box_id: str
    things: int
    if NEWER:
        heavy: bool


if NEWER:

    class BoxMarked(Event, type="sim.box.marked"):
        """Only the newer release tells this: of each box that it makes."""

        box_id: str

    @upcast(ThingsPut, since=1)
    def none_was_heavy(body: Body) -> Body:
        return body | {"heavy": False}


class BoxStored(Event, type="sim.box.stored"):
    box_id: str
    shelf_id: str


class BoxReferred(Event, type="sim.box.referred"):
    box_id: str
    shelf_id: str


class BoxMoved(Event, type="sim.box.moved"):
    box_id: str
    moves: int


class BoxOffered(Event, type="sim.box.offered"):
    box_id: str
    number: int
    seconds: int


class OfferAnswered(Event, type="sim.box.answered"):
    box_id: str
    number: int


class OfferLapsed(Event, type="sim.box.lapsed"):
    box_id: str
    number: int


class BoxBurnt(Event, type="sim.box.burnt", about="box_id", erases=True):
    box_id: str
    label: Personal[str] | None = None


class ShelfBuilt(Event, type="sim.shelf.built"):
    shelf_id: str
    places: int


class PlaceUsed(Event, type="sim.shelf.place-used"):
    shelf_id: str
    box_id: str


class ReferralNoted(Event, type="sim.shelf.referral-noted"):
    shelf_id: str
    box_id: str


class ShelfClosed(Event, type="sim.shelf.closed"):
    shelf_id: str


class YardLocked(Event, type="sim.yard.locked"):
    yard_id: str


@dataclass(frozen=True)
class Box:
    label: str
    things: int = 0
    moves: int = 0
    shelf_id: str | None = None
    offers: int = 0
    offered: bool = False
    burnt: bool = False


@dataclass(frozen=True)
class Shelf:
    places: int
    used: tuple[str, ...] = ()
    closed: bool = False
    referrals: int = 0


def _put(box_id: str) -> Event:
    more: dict[str, Any] = {"heavy": False} if NEWER else {}
    return ThingsPut(box_id=box_id, things=1, **more)


def _made(command: MakeBox) -> list[Event]:
    made: list[Event] = [BoxMade.from_(command)]
    if NEWER:
        made.append(BoxMarked(box_id=command.box_id))
    return made


def _place(shelf: Shelf | None, shelf_id: str) -> None:
    if shelf is None or shelf.closed:
        raise Rejected("shelf.closed", shelf_id=shelf_id)
    if len(shelf.used) >= shelf.places:
        raise Rejected("shelf.full", shelf_id=shelf_id)


def decide_box(command: Command, box: Box | None, given: Given) -> Sequence[Event]:
    match command, box:
        case MakeBox(), None if given.facts:
            raise Rejected("yard.locked", yard_id=command.yard_id)
        case MakeBox(), None:
            return _made(command)
        case _, None | Box(burnt=True):
            raise Rejected("box.not_there")
        case PutIn(box_id=box_id, things=things), Box():
            return [_put(box_id)] * things
        case StoreBox(box_id=box_id, shelf_id=shelf_id), Box(shelf_id=None):
            _place(given.beside[Ref(SHELF, shelf_id)], shelf_id)
            return [BoxStored(box_id=box_id, shelf_id=shelf_id), PlaceUsed(shelf_id=shelf_id, box_id=box_id)]
        case ReferBox(box_id=box_id, shelf_id=shelf_id), Box():
            shelf = given.beside[Ref(SHELF, shelf_id)]
            if shelf is None or shelf.closed:
                raise Rejected("shelf.closed", shelf_id=shelf_id)
            return [BoxReferred(box_id=box_id, shelf_id=shelf_id)]
        case MoveBox(box_id=box_id), Box(moves=moves) if given.before != given.community:
            return [BoxMoved(box_id=box_id, moves=moves + 1)]
        case MoveBox(), Box():
            return []
        case OfferBox(box_id=box_id, seconds=seconds), Box(offered=False, offers=offers):
            return [BoxOffered(box_id=box_id, number=offers + 1, seconds=seconds)]
        case AnswerOffer(box_id=box_id), Box(offered=True, offers=number):
            return [OfferAnswered(box_id=box_id, number=number)]
        case LapseOffer(box_id=box_id, number=number), Box(offered=True, offers=offers) if number == offers:
            return [OfferLapsed(box_id=box_id, number=number)]
        case BurnBox(box_id=box_id), Box(label=label):
            return [BoxBurnt(box_id=box_id, label=label)]
        case _:
            raise Rejected("box.wrong_state")


def evolve_box(box: Box | None, event: Event) -> Box | None:
    if isinstance(event, BoxMade):
        return Box(opened(event.label) or "?")
    assert box
    match event:
        case ThingsPut():
            return replace(box, things=box.things + event.things)
        case BoxStored():
            return replace(box, shelf_id=event.shelf_id)
        case BoxMoved():
            return replace(box, moves=event.moves)
        case BoxOffered():
            return replace(box, offered=True, offers=event.number)
        case OfferAnswered() | OfferLapsed():
            return replace(box, offered=False)
        case BoxBurnt():
            return replace(box, label="", burnt=True)
        case _:
            return box


def claim_label(event: Event) -> Iterable[Claim]:
    if isinstance(event, BoxMade):
        yield Claim("label", str(event.label), taken="box.label_taken")
    if isinstance(event, BoxBurnt) and isinstance(event.label, str):
        yield Claim("label", event.label, taken="box.label_taken", release=True)


def shelf_of(command: Command, _box: Box | None) -> Iterable[Ref]:
    return [Ref(SHELF, command.shelf_id)] if isinstance(command, StoreBox | ReferBox) else []


def is_locked(session: Session, command: Command, _box: Box | None) -> bool:
    return isinstance(command, MakeBox) and session.get(YardRow, command.yard_id) is not None


def decide_shelf(command: Command, shelf: Shelf | None, _given: Given) -> Sequence[Event]:
    match command, shelf:
        case BuildShelf(), None:
            return [ShelfBuilt.from_(command)]
        case CloseShelf(shelf_id=shelf_id), Shelf(closed=False):
            return [ShelfClosed(shelf_id=shelf_id)]
        case NoteReferral(), Shelf(closed=False):
            return [ReferralNoted.from_(command)]
        case _:
            raise Rejected("shelf.wrong_state")


def evolve_shelf(shelf: Shelf | None, event: Event) -> Shelf | None:
    match event, shelf:
        case ShelfBuilt(places=places), _:
            return Shelf(places)
        case PlaceUsed(box_id=box_id), Shelf():
            return replace(shelf, used=(*shelf.used, box_id))
        case ReferralNoted(), Shelf():
            return replace(shelf, referrals=shelf.referrals + 1)
        case _, Shelf():
            return replace(shelf, closed=True)
    raise AssertionError(event)


def decide_yard(command: LockYard, locked: bool, _given: Given) -> Sequence[Event]:
    return [] if locked else [YardLocked.from_(command)]


BOX_COMMANDS: list[type[Command]] = [
    *(MakeBox, PutIn, StoreBox, ReferBox, MoveBox, OfferBox, AnswerOffer, LapseOffer, BurnBox)
]
box: Decider[Any, Any, Any] = Decider(
    BOX, BOX_COMMANDS, decide_box, evolve_box, None, claims=claim_label, facts=is_locked, beside=shelf_of
)
shelf: Decider[Any, Any, Any] = Decider(SHELF, [BuildShelf, CloseShelf, NoteReferral], decide_shelf, evolve_shelf, None)
yard: Decider[Any, Any, Any] = Decider(YARD, [LockYard], decide_yard, lambda _state, _event: True, False)
DECIDERS = [box, shelf, yard]


class SimRow(Row):
    metadata = MetaData()


class YardRow(SimRow, table=True):
    yard_id: str = Field(primary_key=True)


class BoxRow(SimRow, table=True):
    box_id: str = Field(primary_key=True)
    label: str
    community: str
    things: int = 0
    moves: int = 0
    last: int = 0
    marked: bool = False
    burnt: bool = False


class CountRow(Row):
    metadata = MetaData()


class ThingsRow(CountRow, table=True):
    box_id: str = Field(primary_key=True)
    things: int = 0
    offered: int = 0


@projection(YardRow, key=lambda event: event.yard_id)
def yards(row: YardRow | None, event: YardLocked, meta: Meta) -> YardRow | None:
    return YardRow(yard_id=event.yard_id)


def fold_box(row: BoxRow | None, event: Event, meta: Meta) -> BoxRow | None:
    if isinstance(event, BoxMade):
        label = opened(event.label) or "sealed"
        return BoxRow(box_id=event.box_id, label=label, community=meta.community, last=meta.position)
    assert row
    row = row.with_(community=meta.community, last=meta.position)
    match event:
        case ThingsPut():
            return row.with_(things=row.things + event.things)
        case BoxMoved():
            return row.with_(moves=event.moves)
        case BoxBurnt():
            return row.with_(burnt=True)
        case _:
            return row.with_(marked=True)


if NEWER:

    @projection(BoxRow, key=lambda event: event.box_id)
    def boxes(
        row: BoxRow | None, event: BoxMade | ThingsPut | BoxMoved | BoxBurnt | BoxMarked, meta: Meta
    ) -> BoxRow | None:
        return fold_box(row, event, meta)
else:

    @projection(BoxRow, key=lambda event: event.box_id)
    def boxes(row: BoxRow | None, event: BoxMade | ThingsPut | BoxMoved | BoxBurnt, meta: Meta) -> BoxRow | None:
        return fold_box(row, event, meta)


@projection(ThingsRow, key=lambda event: event.box_id)
def counts(row: ThingsRow | None, event: ThingsPut | BoxOffered, meta: Meta) -> ThingsRow | None:
    row = row or ThingsRow(box_id=event.box_id)
    if isinstance(event, ThingsPut):
        return row.with_(things=row.things + event.things)
    return row.with_(offered=row.offered + 1)


SERVICE_VIEWS = Views("sim", version=2 if NEWER else 1, rows=SimRow, projections=[yards, boxes], opens=True)
"""The newer release folds another event into it."""
TOOL_VIEWS = Views("tool", version=1, rows=CountRow, projections=[counts])
"""No fold of it has changed, so its version has not either."""


@policy("sim.fill", on=BoxMade)
def fill(event: BoxMade, _meta: Meta) -> Iterable[Consequence]:
    """A new box gets one thing."""
    more: dict[str, Any] = {"why": "new"} if NEWER else {}
    yield PutIn(box_id=event.box_id, things=1, **more)


@policy("sim.note", on=BoxReferred)
def note(event: BoxReferred, _meta: Meta) -> Iterable[Consequence]:
    yield NoteReferral(shelf_id=event.shelf_id, box_id=event.box_id)


@policy("sim.lapse", on=[BoxOffered, OfferAnswered, BoxBurnt])
def lapse(event: BoxOffered | OfferAnswered | BoxBurnt, meta: Meta) -> Iterable[Consequence]:
    if isinstance(event, BoxOffered):
        command = LapseOffer(box_id=event.box_id, number=event.number)
        yield Later(command, at=meta.said_at + timedelta(seconds=event.seconds), key=event.box_id)
    else:
        yield Cancel(event.box_id)


POLICIES = [fill, note, lapse]
