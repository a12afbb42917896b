"""Who did what when, one row an event: what a tool's history keeps of each, and a line of the timeline it is shown as.

Under whose id an event stands, which of its facts are kept and how they are worded is each tool's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from canlian_chassis.projection import Projection, events_named
from canlian_chassis.row import Row
from canlian_events.core import Event
from canlian_events.meta import Meta
from canlian_events.personal import opened


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a timeline, as `ui.timeline` shows it."""

    at: datetime
    what: str
    who: str
    note: str | None


def history_columns(event: Event, meta: Meta, facts: Sequence[str], texts: Sequence[str]) -> dict[str, Any]:
    """What every history keeps of an event: `facts` names the codes and ids it mentions, in the order they are told;
    `texts` the fields in which somebody may have written something, of which the first that can be read counts.
    """
    body = event.model_dump(mode="json", include=set(facts))
    return {
        "event_id": meta.id,
        "position": meta.position,
        "at": meta.said_at,
        "actor": meta.actor,
        "kind": event.type,
        "facts": {name: body[name] for name in facts if body.get(name) is not None},
        "text": next((text for name in texts if (text := opened(getattr(event, name, None)))), None),
    }


def history_projection(row: type[Row], note: Callable[..., Row | None]) -> Projection:
    """One row of each event that `note` is annotated with, by the event's own id."""
    return Projection("history", row, events_named(note), lambda _: None, note, by=lambda meta: meta.id)
