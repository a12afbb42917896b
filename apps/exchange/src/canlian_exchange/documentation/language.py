"""The published language as programs look it up: by name, with what lies near a misspelt one."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from canlian_events import schema
from canlian_events.core import Command, Event
from canlian_events.language import COMMANDS, EVENT_NAMES, EVENTS
from canlian_events.schema_changes import Schema


@cache
def schemas() -> dict[str, Schema]:
    """The committed schemas: file name → schema."""
    return schema.committed()


def commands() -> list[type[Command]]:
    """Every published command, by name."""
    return [kind for name, kind in sorted(COMMANDS.items()) if schema.command_file(name) in schemas()]


def command_schema(kind: type[Command]) -> Schema:
    return schemas()[schema.command_file(kind.__name__)]


def events() -> list[type[Event]]:
    """Every published event, by type."""
    return [kind for type_, kind in sorted(EVENTS.items()) if versions(type_)]


def event_schema(type_: str, version: int) -> Schema:
    return schemas()[schema.event_file(type_, version)]


@cache
def versions(type_: str) -> tuple[int, ...]:
    """The versions of an event whose schemas are kept: all that were ever stored."""
    newest = EVENTS[type_].version
    return tuple(v for v in range(1, newest + 1) if schema.event_file(type_, v) in schemas())


def types_named(name: str) -> frozenset[str]:
    """The event types a name stands for: a type, the beginning of one at a dot, or an event's name; maybe none."""
    if name in EVENT_NAMES:
        return frozenset({EVENT_NAMES[name].type})
    return frozenset(type_ for type_ in EVENTS if f"{type_}.".startswith(f"{name}."))


def near_commands(name: str) -> list[str]:
    return _near(name, [kind.__name__ for kind in commands()])


def near_events(name: str) -> list[str]:
    return _near(name, [word for kind in events() for word in (kind.__name__, kind.type)])


def about(kind: type) -> str:
    """A message's own docstring, not one it inherits."""
    return inspect.cleandoc(kind.__dict__.get("__doc__") or "")


def _near(name: str, names: Iterable[str]) -> list[str]:
    by_lower = {known.lower(): known for known in names}
    contained = [known for lower, known in by_lower.items() if len(name) > 2 and name.lower() in lower]
    close = [by_lower[lower] for lower in get_close_matches(name.lower(), by_lower, n=5, cutoff=0.5)]
    return list(dict.fromkeys(close + contained))[:5]
