"""JSON Schemas of the events over HTTP: every version ever stored. Open to all: they tell of nobody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from canlian_events.language import EVENTS
from canlian_exchange.documentation import language
from canlian_exchange.documentation.openapi import PROBLEMS
from canlian_exchange.problems import Problem

router = APIRouter(tags=["schemas"])


class SchemaNote(BaseModel):
    type: str
    name: str
    about: str
    version: int
    versions: list[int]
    href: str


@router.get("/schemas", summary="All events")
async def list_schemas() -> list[SchemaNote]:
    """Every event's type, name and versions."""
    return [
        SchemaNote(
            type=kind.type,
            name=kind.__name__,
            about=language.about(kind),
            version=kind.version,
            versions=list(language.versions(kind.type)),
            href=f"/api/v1/schemas/{kind.type}",
        )
        for kind in language.events()
    ]


@router.get("/schemas/{type}", summary="One event's JSON Schema", response_class=Response, responses=PROBLEMS(404, 422))
async def event_schema(type: str, version: Annotated[int | None, Query(ge=1, le=10_000)] = None) -> Response:
    """By its type or its name; the newest version unless another is asked for."""
    types = [found for found in language.types_named(type) if type in {found, EVENTS[found].__name__}]
    if not types or not language.versions(types[0]):
        raise Problem(404, "unknown_event", facts={"type": type, "near": language.near_events(type)})
    known = language.versions(types[0])
    wanted = known[-1] if version is None else version
    if wanted not in known:
        raise Problem(404, "no_such_version", facts={"type": type, "version": wanted, "versions": list(known)})
    return JSONResponse(language.event_schema(types[0], wanted), media_type="application/schema+json")
