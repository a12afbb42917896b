"""The API in words, as a page: nothing on it comes from another site."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from canlian_events.core import Command
from canlian_exchange.commands.dispatch import BEGINNINGS
from canlian_exchange.commands.examples import example_of
from canlian_exchange.documentation import language
from canlian_web.page import Page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    required: bool
    personal: bool


@dataclass(frozen=True)
class Described:
    """A command as the page shows it."""

    name: str
    about: str
    roles: list[Any]
    fields: list[Field]
    example: str


@router.get("")
async def home() -> Response:
    return RedirectResponse("/api/docs", status_code=303)


@router.get("/docs")
async def docs(page: Page) -> Response:
    kinds = sorted(language.commands(), key=_aggregate)
    commands = {aggregate: [describe(kind) for kind in group] for aggregate, group in groupby(kinds, _aggregate)}
    return page.render("documentation/page.html", commands=commands, events=language.events(), about=language.about)


def _aggregate(kind: type[Command]) -> str:
    return str(kind.aggregate)


def describe(kind: type[Command]) -> Described:
    schema = language.command_schema(kind)
    required = set(schema.get("required", ())) - ({kind.aggregate.id_field} if kind.__name__ in BEGINNINGS else set())
    definitions = schema.get("$defs", {})
    fields = [
        Field(name, _kind(part, definitions), name in required, bool(part.get("x-personal")))
        for name, part in schema["properties"].items()
    ]
    body = shlex.quote(json.dumps(example_of(kind), ensure_ascii=False))
    example = f'curl -X POST "$URL/api/v1/commands/{kind.__name__}" \\\n  -H "Authorization: Bearer $TOKEN" \\\n'
    example += f'  -H "Idempotency-Key: my-0001" \\\n  -d {body}'
    return Described(kind.__name__, language.about(kind), sorted(kind.by), fields, example)


def _kind(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a field holds, as short as it can be said: codes are spelt out."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return " | ".join(_kind(part, definitions) for part in schema["anyOf"] if part.get("type") != "null")
    if "enum" in schema:
        return " · ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"[{_kind(schema['items'], definitions)}]"
    return str(schema.get("format") or schema.get("pattern") or schema.get("title") or schema.get("type"))
