"""Events over HTTP: `GET /api/v1/events`, as JSON lines or as a stream."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from canlian_exchange.access.access_purpose import Opening
from canlian_exchange.access.callers import BEARER, Caller, Reader, Shared
from canlian_exchange.access.permissions import overlaps
from canlian_exchange.documentation import language
from canlian_exchange.documentation.openapi import PROBLEMS
from canlian_exchange.events import server_sent_events
from canlian_exchange.events.log_reader import Wanted, read_page
from canlian_exchange.events.render_events import told
from canlian_exchange.problems import Problem
from canlian_web.language.refusals import say_refusal

router = APIRouter(tags=["events"], dependencies=BEARER)
POSITION = "Canlian-Position"
NDJSON = "application/x-ndjson"
SSE = "text/event-stream"
_LAST = 2**63 - 1
_EXAMPLE = (
    '{"position":41,"id":"0f8c…","type":"assistance.visit.completed","name":"VisitCompleted","version":1,'
    '"at":"2026-03-09T02:11:08Z","said_at":"2026-03-09T02:10:51Z","actor":"grid_worker:worker_0199…",'
    '"community":"429999001003","command":"5b1d…","cause":null,"data":{"visit_id":"visit_0199…","person_id":'
    '"person_0199…","worker_id":"worker_0199…","tie":"family","helps":["illness"],"findings":{"about":"person_0199…",'
    '"sealed":"Zm9v…"},"needs":[]}}\n'
)
_POSITION_HEADER = {
    POSITION: {
        "description": "Go on after this position: everything up to it has been looked at, whether it matched or not.",
        "schema": {"type": "integer"},
    }
}

After = Annotated[int, Query(ge=0, le=_LAST, description="Only events after this position in the log")]
Community = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{2,12}$", description="A community's 12-digit code, or the digits it begins with"),
]
Types = Annotated[
    list[str] | None,
    Query(
        alias="type",
        description="`assistance.visit.completed`, the beginning of types (`assistance.visit`), or an event's name; "
        "may be repeated",
    ),
]


def wanted_by(caller: Reader, community: Community = None, types: Types = None) -> Wanted:
    """Raises Problem where nothing can match: an unknown type, or a community that is not the caller's."""
    return Wanted(caller.actor, _known_types(types, caller), _own(community, caller))


Selection = Annotated[Wanted, Depends(wanted_by)]


@router.get(
    "/events",
    summary="Events from a position on",
    response_class=Response,
    responses={
        200: {
            "description": "One event a line, oldest first. With `Accept: text/event-stream` the stream.",
            "headers": _POSITION_HEADER,
            "content": {NDJSON: {"example": _EXAMPLE}, SSE: {}},
        },
        **PROBLEMS(401, 403, 422, 503),
    },
)
async def events(
    request: Request,
    exchange: Shared,
    caller: Reader,
    wanted: Selection,
    opening: Opening,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    last_event_id: Annotated[int | None, Header(ge=0, le=_LAST)] = None,
) -> Response:
    """What happened, in the order of the log. Ask again with `after` set to the header `Canlian-Position`."""
    if SSE in request.headers.get("accept", ""):
        begin = after if last_event_id is None else last_event_id
        return await server_sent_events.stream(exchange, caller, wanted, begin, opening)
    page = await read_page(exchange.log, wanted, after, limit)
    lines = await told(exchange, caller, page.entries, opening)
    body = b"".join(line + b"\n" for line in lines)
    return Response(body, media_type=NDJSON, headers={POSITION: str(page.position)})


@router.get(
    "/events/stream",
    summary="Events as they happen",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events: `id` is the position, `data` the same JSON as a line of /events.",
            "content": {SSE: {"example": f"id: 41\ndata: {_EXAMPLE}\n"}},
        },
        **PROBLEMS(401, 403, 422, 503),
    },
)
async def stream(
    exchange: Shared,
    caller: Reader,
    wanted: Selection,
    opening: Opening,
    after: After = 0,
    last_event_id: Annotated[
        int | None, Header(ge=0, le=_LAST, description="The last position received: goes on after it")
    ] = None,
) -> Response:
    """From `after` (or `Last-Event-ID`) to the end of the log, and then on. Ends when the token runs out: come back."""
    begin = after if last_event_id is None else last_event_id
    return await server_sent_events.stream(exchange, caller, wanted, begin, opening)


def _known_types(names: list[str] | None, caller: Caller) -> frozenset[str] | None:
    if not names:
        return None
    found: set[str] = set()
    for name in names:
        types = language.types_named(name)
        if not types:
            facts: dict[str, Any] = {"type": name, "near": language.near_events(name)}
            fields = {"type": say_refusal("unknown_event", facts, caller.lang)}
            raise Problem(422, "unknown_event", facts=facts, fields=fields)
        found |= types
    return frozenset(found)


def _own(community: str | None, caller: Caller) -> str:
    if community and not overlaps(caller.actor, community):
        raise Problem(403, "wrong_community", facts={"community": community})
    return community or ""
