"""Commands over HTTP: `POST /api/v1/commands/{Name}`, and what each takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from canlian_chassis.bus.wire import EventNote
from canlian_events.core import Command
from canlian_events.language import COMMANDS
from canlian_events.terms import Role
from canlian_exchange.access.callers import BEARER, Shared, SignedIn
from canlian_exchange.commands import dispatch
from canlian_exchange.documentation import language
from canlian_exchange.documentation.openapi import DRY_RUN_HEADER, KEY_HEADER, PROBLEMS, body_of
from canlian_exchange.problems import Problem, language_of
from canlian_web.language.refusals import say_refusal, wordings

router = APIRouter()
Route = Callable[[Request, Shared, SignedIn], Awaitable[Response]]


class Done(BaseModel):
    """`position` is where the log now stands for this: a view that has reached it shows what was done."""

    position: int
    events: list[EventNote]


class CommandNote(BaseModel):
    name: str
    about: str
    aggregate: str
    roles: list[Role]
    href: str


class Refusal(BaseModel):
    code: str
    message: str


class CommandDescription(CommandNote):
    """`id_may_be_left_out`: the aggregate's id then follows from the Idempotency-Key."""

    id_field: str
    id_may_be_left_out: bool
    schema_: dict[str, Any]
    refusals: list[Refusal]


@router.get("/commands", tags=["commands"], summary="All commands")
async def list_commands() -> list[CommandNote]:
    """Every command with who may send it."""
    return [CommandNote(**_note(kind)) for kind in language.commands()]


@router.get("/commands/{name}", tags=["commands"], summary="One command", responses=PROBLEMS(404))
async def describe_command(name: str, request: Request) -> Response:
    """Its JSON Schema, who may send it, and what it may be refused for."""
    kind = _known(name)
    lang = language_of(request)
    own = [code for code in wordings() if code.startswith(f"{kind.aggregate.name}.")]
    return JSONResponse(
        _note(kind)
        | {
            "id_field": kind.aggregate.id_field,
            "id_may_be_left_out": name in dispatch.BEGINNINGS,
            "schema": language.command_schema(kind),
            "refusals": [{"code": code, "message": say_refusal(code, {}, lang)} for code in own],
        }
    )


def _note(kind: type[Command]) -> dict[str, Any]:
    name = kind.__name__
    return {
        "name": name,
        "about": language.about(kind),
        "aggregate": str(kind.aggregate),
        "roles": sorted(kind.by),
        "href": f"/api/v1/commands/{name}",
    }


def _known(name: str) -> type[Command]:
    if name not in {kind.__name__ for kind in language.commands()}:
        raise Problem(404, "no_such_command", facts={"command": name, "near": language.near_commands(name)})
    return COMMANDS[name]


def _sender(kind: type[Command]) -> Route:
    async def send(request: Request, exchange: Shared, caller: SignedIn) -> Response:
        done, key = await dispatch.send(exchange, kind, request, caller)
        body = {"position": done.position, "events": [asdict(note) for note in done.events]}
        return JSONResponse(body, headers={dispatch.KEY: key})

    return send


def _add(kind: type[Command]) -> None:
    """A path of its own for each command, so that the OpenAPI document says what each takes."""
    name = kind.__name__
    router.add_api_route(
        f"/commands/{name}",
        _sender(kind),
        methods=["POST"],
        operation_id=name,
        summary=name,
        description=language.about(kind) or f"To a {kind.aggregate.name}.",
        tags=[str(kind.aggregate)],
        response_model=Done,
        responses=PROBLEMS(400, 401, 403, 409, 413, 422, 503),
        dependencies=BEARER,
        # what only policies may send is no program's business; it stays there and answers 403
        include_in_schema=kind.by != frozenset({Role.POLICY}),
        openapi_extra={"requestBody": body_of(kind), "parameters": [KEY_HEADER, DRY_RUN_HEADER]},
    )


for _kind in language.commands():
    _add(_kind)


@router.post("/commands/{name}", include_in_schema=False)
async def unknown_command(name: str, _caller: SignedIn) -> Response:
    _known(name)
    raise AssertionError("every known command has a path of its own")
