"""Projections: how events become the rows of a view. Declarations and pure folds; `views` runs them."""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Any, TypeVar

from canlian_chassis.row import Row
from canlian_events.core import Event
from canlian_events.meta import Meta

Key = str | tuple[str, ...]


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Projection:
    """`fold(row, event, meta)` gives the row after the event; None means that there is none. `key` None: not for it.

    `by` takes the place of `key` where it is the envelope that says which row: `by(meta)`.
    """

    name: str
    row: type[Row]
    on: frozenset[type[Event]]
    key: Callable[[Any], Key | None]
    fold: Callable[..., Row | None]
    by: Callable[[Meta], Key | None] | None = None

    def row_key(self, event: Event, meta: Meta) -> Key | None:
        return self.by(meta) if self.by else self.key(event)


def projection(row: type[R], *, key: Callable[[Any], Key | None]) -> Callable[[Callable[..., R | None]], Projection]:
    """Declare a projection above its fold: `fold(row: R | None, event: <union of events>, meta: Meta) -> R | None`.

    The union in the annotation says which events it sees; `key(event)` says which row they belong to, by primary key.
    """

    def declare(fold: Callable[..., R | None]) -> Projection:
        return Projection(fold.__name__, row, events_named(fold), key, fold)

    return declare


def events_named(function: Callable[..., Any]) -> frozenset[type[Event]]:
    """The event types in the annotation of a function's parameter `event`."""
    annotation = typing.get_type_hints(function)["event"]
    members = typing.get_args(annotation) if _is_union(annotation) else (annotation,)
    return frozenset(members)


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, UnionType)


def fold_all(
    projections: Sequence[Projection], events: Sequence[tuple[Event, Meta]]
) -> dict[type[Row], dict[Key, Row]]:
    """The rows that these events come to, folded in memory from nothing: what a view must equal."""
    tables: dict[type[Row], dict[Key, Row]] = {p.row: {} for p in projections}
    for event, meta in events:
        for p in projections:
            if type(event) in p.on and (key := p.row_key(event, meta)) is not None:
                after = p.fold(tables[p.row].get(key), event, meta)
                if after is None:
                    tables[p.row].pop(key, None)
                else:
                    tables[p.row][key] = after
    return tables
