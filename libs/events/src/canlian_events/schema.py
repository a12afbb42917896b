"""JSON Schemas of every event and command: made from the language, committed beside it, and guarded.

`python -m canlian_events.schema write` writes those that are missing or have grown, and refuses a change that would
break a reader or a sender; `check` only says what it would do. A file is never taken away: old versions stay readable.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from canlian_events import terms
from canlian_events.core import _UPCASTS, Command, Event
from canlian_events.language import COMMANDS, EVENTS
from canlian_events.personal import Sealed
from canlian_events.schema_changes import Schema, breaking_changes

FOLDER = Path(__file__).parent / "schemas"
_SEALED = {"$ref": "#/$defs/Sealed"}
_EVENT_FILE = re.compile(r"events/(?P<type>.+)\.v(?P<version>\d+)\.json")
_TERMS = {name: table for name, table in inspect.getmembers(terms, inspect.isclass) if issubclass(table, Enum)}


def event_file(type: str, version: int) -> str:
    return f"events/{type}.v{version}.json"


def command_file(name: str) -> str:
    return f"commands/{name}.json"


def event_schema(event: type[Event]) -> Schema:
    """What an event's body holds. Fields marked `x-personal` are sealed unless the reader may open them."""
    about: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:canlian:event:{event.type}:{event.version}",
        "x-type": event.type,
        "x-version": event.version,
        "x-aggregate": str(event.aggregate),
        "x-aggregate-id": event.aggregate.id_field,
        "x-about": event.about,
    }
    body: Schema = _marked(event.model_json_schema())
    return about | body


def command_schema(command: type[Command]) -> Schema:
    """What a command's body may hold; personal values are given in the open, and sealed when the event is stored."""
    about: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:canlian:command:{command.__name__}",
        "x-aggregate": str(command.aggregate),
        "x-aggregate-id": command.aggregate.id_field,
        "x-roles": sorted(command.by),
    }
    body: Schema = opened_schema(_marked(command.model_json_schema()))
    return about | body


def generated() -> dict[str, Schema]:
    """File name → schema, of the language as it is now."""
    events = {event_file(e.type, e.version): event_schema(e) for e in EVENTS.values()}
    commands = {command_file(name): command_schema(c) for name, c in COMMANDS.items()}
    ours = {name: schema for name, schema in (events | commands).items() if _is_published(schema)}
    return dict(sorted(ours.items()))


def committed(folder: Path = FOLDER) -> dict[str, Schema]:
    """File name → schema, as they were last written: every version of every event ever stored, and every command."""
    files = sorted(folder.glob("*/*.json"))
    return {str(file.relative_to(folder).as_posix()): json.loads(file.read_text(encoding="utf-8")) for file in files}


def problems(before: Mapping[str, Schema], now: Mapping[str, Schema], upcasts: Iterable[tuple[str, int]]) -> list[str]:
    """What must not be done to a published language, a line each; `upcasts` are the (type, version) they begin at."""
    found: list[str] = []
    known = set(upcasts)
    newest = {match["type"]: int(match["version"]) for name in now if (match := _EVENT_FILE.fullmatch(name))}
    for name, old in before.items():
        match = _EVENT_FILE.fullmatch(name)
        if name in now:
            found += [f"{name}: {change}" for change in breaking_changes(old, now[name], is_event=match is not None)]
        elif match is None or match["type"] not in newest:
            found.append(f"{name}: is gone; what was published stays")
        elif (match["type"], int(match["version"])) not in known:
            found.append(f"{name}: no upcast from version {match['version']}; stored events could not be read")
    return found


def text(schema: Schema) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def opened_schema(schema: Any) -> Any:
    """The schema without the sealed form of personal values: what somebody who writes them fills in."""
    match schema:
        case {"anyOf": list(options)} if _SEALED in options:
            left = [option for option in options if option != _SEALED]
            kept = {key: opened_schema(value) for key, value in schema.items() if key != "anyOf"}
            return (left[0] | kept) if len(left) == 1 else {"anyOf": left} | kept
        case {"$defs": dict(definitions)}:
            rest = {key: opened_schema(value) for key, value in schema.items() if key != "$defs"}
            left_over = {name: opened_schema(value) for name, value in definitions.items() if name != Sealed.__name__}
            return rest | ({"$defs": left_over} if left_over else {})
        case dict():
            return {key: opened_schema(value) for key, value in schema.items()}
        case list():
            return [opened_schema(item) for item in schema]
        case _:
            return schema


def _marked(schema: Any) -> Any:
    """The schema with `x-personal` on what may be sealed, and the Chinese term of each code (`x-terms`)."""
    match schema:
        case {"enum": list(codes), "title": str(title)} if title in _TERMS:
            table = _TERMS[title]
            return schema | {"x-terms": {str(code): getattr(table(code), "zh", str(code)) for code in codes}}
        case dict():
            marked = {key: _marked(value) for key, value in schema.items()}
            return marked | ({"x-personal": True} if _SEALED in schema.get("anyOf", []) else {})
        case list():
            return [_marked(item) for item in schema]
        case _:
            return schema


def _is_published(schema: Schema) -> bool:
    """Whether it belongs to canlian's own contexts, and not to an example or a test that happens to be loaded."""
    return str(schema["x-aggregate"]).split(".")[0] in {"registry", "assistance", "catalog", "evaluation"}


def main(arguments: list[str]) -> int:
    """`write` or `check`; `write --unreleased` also takes breaking changes, for a language nobody has stored yet."""
    if not arguments or arguments[0] not in {"write", "check"}:
        sys.stderr.write("usage: python -m canlian_events.schema write [--unreleased] | check\n")
        return 2
    before, now = committed(), generated()
    wrong = problems(before, now, _UPCASTS)
    for line in wrong:
        sys.stderr.write(f"breaking: {line}\n")
    if wrong and "--unreleased" not in arguments:
        sys.stderr.write("Nothing was written. Add an optional field instead, or a new version with an upcast.\n")
        return 1
    changed = [name for name in now if before.get(name) != now[name]]
    if arguments[0] == "check":
        for name in changed:
            sys.stderr.write(f"out of date: {name}; run make schemas\n")
        return 1 if changed else 0
    for name in changed:
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(now[name]), encoding="utf-8")
    for name in before:
        if name not in now and any(line.startswith(f"{name}: is gone") for line in wrong):
            (FOLDER / name).unlink()
    sys.stdout.write(f"{len(now)} schemas, {len(changed)} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
