"""A command from an HTTP request to its service and back: read, checked, made repeatable, sent."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

import pydantic_core
from fastapi import Request
from pydantic import ValidationError

from canlian_chassis.bus.client import Unavailable
from canlian_chassis.bus.wire import Answer
from canlian_events.core import Command, encode
from canlian_events.ids import derive, derive_uuid
from canlian_events.meta import Actor
from canlian_events.personal import Sealed, map_personal
from canlian_exchange.access.callers import Caller, Exchange
from canlian_exchange.documentation.language import command_schema
from canlian_exchange.problems import Problem, field_problems
from canlian_exchange.views import use_of
from canlian_web.language.refusals import say_refusal

KEY = "Idempotency-Key"
DRY_RUN = "Dry-Run"
MAX_BODY = 256 * 1024
_VISIBLE = re.compile(r"[\x21-\x7e]{1,200}")
_PREFIX = re.compile(r"\^\(?([a-z]+)")
BEGINNINGS = frozenset(
    {
        "RegisterPerson",
        "RecordRosterEntry",
        "EnrolWorker",
        "PlanTraining",
        "FormHousehold",
        "FoundAssociation",
        "OpenTerm",
        "StartImport",
        "RaiseNeed",
        "StartAssessment",
        "ScheduleVisit",
        "RegisterProvider",
        "ListService",
        "ReferPerson",
        "AskFeedback",
        "ShowFile",
    }
)
"""Commands that begin an aggregate: its id may be left out and then follows from the key. All others must name it."""


@dataclass(frozen=True)
class Repeatable:
    """`key` as the caller knows it; `command_id` as the system does, so that two callers' keys never meet."""

    key: str
    command_id: str
    given: bool


def key_of(request: Request, caller: Caller) -> Repeatable:
    """The caller's key, or a fresh one that the answer tells."""
    given = request.headers.get(KEY)
    if given is not None and not _VISIBLE.fullmatch(given):
        raise Problem(422, "invalid", fields={KEY: say_refusal("bad_key", {}, caller.lang)})
    key = given or secrets.token_hex(16)
    return Repeatable(key, derive_uuid("exchange", caller.actor.id, key), given is not None)


def is_dry_run(request: Request, caller: Caller) -> bool:
    match request.headers.get(DRY_RUN, "0").lower():
        case "1" | "true":
            return True
        case "0" | "false" | "":
            return False
        case _:
            raise Problem(422, "invalid", fields={DRY_RUN: say_refusal("bad_dry_run", {}, caller.lang)})


async def read_body(request: Request) -> Any:
    """The body as JSON, bounded. 413 where it is too large, 400 where it is not JSON."""
    too_large = Problem(413, "too_large", facts={"limit": MAX_BODY})
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_BODY:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise too_large
    try:
        return pydantic_core.from_json(bytes(body), allow_inf_nan=False)
    except ValueError:
        raise Problem(400, "not_json") from None


def read_command(kind: type[Command], body: Any, key: Repeatable, caller: Caller) -> Command:
    """The command, its aggregate's id filled in where it may be left out."""
    if isinstance(body, dict) and body.get(kind.aggregate.id_field) is None and kind.__name__ in BEGINNINGS:
        body = body | {kind.aggregate.id_field: new_id(kind, caller.actor, key.key)}
    try:
        command = kind.model_validate_json(pydantic_core.to_json(body))
    except ValidationError as error:
        raise Problem(422, "invalid", fields=field_problems(error, caller.lang)) from None
    sealed: list[str] = []
    map_personal(command, lambda path, value: sealed.append(path) if isinstance(value, Sealed) else None)
    if sealed:
        said = say_refusal("sealed_value", {}, caller.lang)
        raise Problem(422, "invalid", fields=dict.fromkeys(sealed, said))
    return command


def new_id(kind: type[Command], actor: Actor, key: str) -> str:
    """The id of what the command begins: the same key gives the same id."""
    pattern = str(command_schema(kind)["properties"][kind.aggregate.id_field].get("pattern", ""))
    prefix = _PREFIX.match(pattern)
    assert prefix, f"{kind.__name__} has no id that could be made"
    return derive(prefix[1], "exchange", actor.id, key)


async def refuse_another_use(exchange: Exchange, key: Repeatable, command: Command) -> None:
    """422 where the key was used for another command or body, however long ago and whatever aggregate it was for."""
    runner = exchange.tool.runner
    assert runner is not None
    if not runner.level and not await runner.reached(await exchange.log.last_position()):
        raise Unavailable
    used = await exchange.tool.read(use_of, key.command_id)
    if used and used.digest != (await exchange.keys()).digest(type(command).__name__, encode(command)):
        raise Problem(422, "key_reused")


async def send(exchange: Exchange, kind: type[Command], request: Request, caller: Caller) -> tuple[Answer, str]:
    """Send what the request asks for; the answer, and the key by which to ask again. Raises Problem or Refused."""
    if not caller.actor.may_send(kind):
        raise Problem(403, "wrong_role", facts={"command": kind.__name__, "needed": sorted(kind.by)})
    key, dry_run = key_of(request, caller), is_dry_run(request, caller)
    command = read_command(kind, await read_body(request), key, caller)
    if key.given:
        await refuse_another_use(exchange, key, command)
    accepted = await exchange.tool.client.send(command, token=caller.token, command_id=key.command_id, dry_run=dry_run)
    return Answer(status="accepted", position=accepted.position, events=accepted.events), key.key
