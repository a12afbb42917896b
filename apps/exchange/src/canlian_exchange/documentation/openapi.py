"""The OpenAPI document: FastAPI's, with each command's own schema and a worked example put in."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from canlian_events.core import Command
from canlian_events.schema_changes import Schema
from canlian_exchange.commands.dispatch import BEGINNINGS, DRY_RUN, KEY
from canlian_exchange.commands.examples import example_of
from canlian_exchange.documentation import language
from canlian_exchange.problems import ProblemBody

ABOUT = """\
残联系统的接口:程序用它发送命令、读取事件、查看各社区的情况。 · What programs use: send commands, read events, see how
each community stands.

* Sign in with a token: `Authorization: Bearer …`; `canlian token --role program --community 429999001` prints one.
* A command is a POST. Give it an `Idempotency-Key` and send it as often as you like: it is done once.
* Events come as JSON lines or as a live stream. Personal fields are sealed; say `why` you read them and
  they are open, if your role may: it is recorded whose file was read, by whom and why.
* Every answer that is not a success has a `code` for programs and a `message` for people, in Chinese or English by
  `Accept-Language`.
"""
KEY_HEADER: dict[str, Any] = {
    "name": KEY,
    "in": "header",
    "required": False,
    "description": "Your own id for this command, 1 to 200 visible ASCII characters. The same key again gives the same "
    "answer; with another body it is 422 `key_reused`. Left out, one is made and told in the answer's header.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "import-2026-03-08-0001",
}
DRY_RUN_HEADER: dict[str, Any] = {
    "name": DRY_RUN,
    "in": "header",
    "required": False,
    "description": "1: decide, and answer with the events that would be, but store nothing.",
    "schema": {"type": "string", "enum": ["0", "1"]},
}
_COMPONENT = "#/components/schemas/{model}"
_DESCRIPTIONS = {
    400: "The body is not JSON",
    401: "No token, or one that is no longer good",
    403: "The role or the community does not allow it",
    404: "There is no such thing",
    409: "Refused by the rules; `code` and `facts` say why",
    413: "The body is too large",
    422: "Something is not filled in right; `fields` names it",
    503: "Nobody answered; try again after `Retry-After` seconds with the same key",
}

_PROBLEM = {"application/json": {"schema": {"$ref": _COMPONENT.format(model=ProblemBody.__name__)}}}


def PROBLEMS(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """By reference: from a model, FastAPI would make a validator for each of some thousand answers at every start."""
    return {status: {"description": _DESCRIPTIONS[status], "content": _PROBLEM} for status in statuses}


def body_of(kind: type[Command]) -> dict[str, Any]:
    """The request body of a command: its schema by reference, and an example."""
    reference = {"$ref": _COMPONENT.format(model=kind.__name__)}
    content = {"application/json": {"schema": reference, "example": example_of(kind)}}
    return {"required": True, "content": content}


def document(app: FastAPI) -> dict[str, Any]:
    """Made once, when it is first asked for."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
        components = made.setdefault("components", {}).setdefault("schemas", {})
        components[ProblemBody.__name__] = ProblemBody.model_json_schema(ref_template=_COMPONENT)
        for kind in language.commands():
            components |= _components(kind)
        app.openapi_schema = made
    return app.openapi_schema


def _components(kind: type[Command]) -> dict[str, Schema]:
    schema = {name: part for name, part in language.command_schema(kind).items() if not name.startswith("$s")}
    schema.pop("$id")
    definitions: dict[str, Schema] = schema.pop("$defs", {})
    if kind.__name__ in BEGINNINGS:
        id_field = kind.aggregate.id_field
        told = schema["properties"][id_field] | {"description": f"Left out, it follows from the {KEY}."}
        schema |= {
            "properties": schema["properties"] | {id_field: told},
            "required": [name for name in schema["required"] if name != id_field],
        }
    return {name: _pointing_here(part) for name, part in (definitions | {kind.__name__: schema}).items()}


def _pointing_here(schema: Any) -> Any:
    match schema:
        case {"$ref": str(reference)}:
            return schema | {"$ref": reference.replace("#/$defs/", "#/components/schemas/")}
        case dict():
            return {name: _pointing_here(part) for name, part in schema.items()}
        case list():
            return [_pointing_here(part) for part in schema]
        case _:
            return schema
