"""A worked example of every command, for the documentation: what is required, and a little more."""

from __future__ import annotations

import re
from typing import Any

from canlian_events.core import Command
from canlian_events.schema_changes import Schema
from canlian_exchange.commands.dispatch import BEGINNINGS
from canlian_exchange.documentation.language import command_schema

_ID = re.compile(r"\^\(?([a-z]+)")
# region 429999 is assigned to nobody, so the number is no real person's; its check digit is right
VALUES: dict[str, Any] = {
    "community": "429999001003",
    "to": "429999001007",
    "name": "张建国",
    "citizen_id": "429999195803081239",
    "phone": "13800000000",
    "number": "42999919580308123942",
    "due": "2026-03-08",
    "on": "2026-03-09",
    "issued": "2021-05-20",
    "words": "家里需要轮椅坡道",
    "findings": "老人独居，行动不便",
    "look_for": "门口台阶",
    "why": "当天住院",
    "scope": "429999001003",
    "score": 5,
    "places": 20,
    "instrument": "wg-ss",
    "instrument_version": "2016",
    "item": "seeing",
    "answer": 2,
    "code": "near",
    "role": "grid_worker",
    "disability": 4,
    "grade": 2,
    "channel": "walk_in",
    "domain": "assistive_devices",
    "sheet": "4f1c0a6e9b2d7e53",
}
_PLAIN = {"date": "2026-03-08", "date-time": "2026-03-08T14:30:00+08:00"}
_ALSO_SHOWN = {"domain", "special", "words", "findings", "next_due", "grade", "note"}
"""Optional fields worth showing."""


def example_of(kind: type[Command]) -> dict[str, Any]:
    """A body that fits the command's schema; without the id where that may be left out."""
    schema = command_schema(kind)
    example: dict[str, Any] = _object(schema, schema.get("$defs", {}))
    if kind.__name__ in BEGINNINGS:
        example.pop(kind.aggregate.id_field, None)
    return example


def _object(schema: Schema, definitions: dict[str, Schema]) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    return {
        name: _value(name, part, definitions)
        for name, part in schema.get("properties", {}).items()
        if name in required or name in _ALSO_SHOWN
    }


def _value(name: str, schema: Schema, definitions: dict[str, Schema]) -> Any:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return _value(name, schema["anyOf"][0], definitions)
    if name in VALUES and VALUES[name] in schema.get("enum", [VALUES[name]]):
        return VALUES[name]
    if id_ := _ID.match(schema.get("pattern", "")):
        return f"{id_[1]}_0199c1f0a4b2d5e86f7a9b0c1d2e"
    match schema.get("type"):
        case "object":
            return _object(schema, definitions)
        case "array":
            return [_value(name, schema["items"], definitions)]
        case "integer":
            return schema.get("enum", [1])[0]
        case "boolean":
            return True
        case _:
            return schema["enum"][0] if "enum" in schema else _PLAIN.get(schema.get("format", ""), "…")
