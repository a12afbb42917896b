"""Why something happened, and what followed, over HTTP: the trees of causes and effects an event or a person is in."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from canlian_events.core import EVENTS
from canlian_exchange.access.callers import BEARER, At, Reader, Shared
from canlian_exchange.access.permissions import may_see
from canlian_exchange.documentation.openapi import PROBLEMS
from canlian_exchange.problems import Problem
from canlian_exchange.views import TRAIL
from canlian_overview.trail import TREES
from canlian_overview.tree import Node, Step
from canlian_web.language.event_labels import say_event

router = APIRouter(tags=["events"], dependencies=BEARER)


class EventBody(BaseModel):
    """`asked`: it is what was asked for, or of it. `person_id` only where that is not the aggregate.

    Of what happened in a community that the caller may not see, the ids and the actor are null.
    """

    position: int
    id: str | None
    type: str
    name: str | None
    zh: str
    en: str
    aggregate_id: str | None
    person_id: str | None
    community: str
    actor: str | None
    said_at: datetime
    at: datetime
    asked: bool
    then: list[StepBody] = Field(description="What policies did because of it")


class StepBody(BaseModel):
    """The events of one command; `cause` is the event that a policy answered, null where a person began."""

    command: str | None
    cause: str | None
    events: list[EventBody]


class Why(BaseModel):
    """`position`: up to where the log was looked through. `more`: trees beyond these. `whole`: nothing is left out."""

    position: int
    more: int
    whole: bool
    trees: list[StepBody]


@router.get("/why/{what}", summary="Why it happened, and what followed", responses=PROBLEMS(401, 403, 404, 422, 503))
async def why(
    what: Annotated[
        str,
        Path(
            max_length=100,
            description="An event's id or position; or the id of a person, a need, a visit, a referral, a community …",
        ),
    ],
    exchange: Shared,
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many trees, the oldest first")] = TREES,
    position: At = 0,
) -> Why:
    """The whole tree an event is in, or every tree that touches a person. No field of an event is told."""
    await exchange.reach(position)
    at = exchange.position
    found = await exchange.tool.read(TRAIL.of, what, partial(may_see, caller.actor), limit)
    if found is None:
        raise Problem(404, "nothing_happened", facts={"what": what})
    if found.elsewhere:
        raise Problem(403, "wrong_community", facts={"community": found.elsewhere})
    return Why(position=at, more=found.more, whole=found.whole, trees=[_step(tree, what) for tree in found.trees])


def _step(step: Step, what: str) -> StepBody:
    events = [_event(node, what) for node in step.nodes]
    return StepBody(command=step.first.command or None, cause=step.first.cause, events=events)


def _event(node: Node, what: str) -> EventBody:
    event = node.event
    kind = EVENTS.get(event.type)
    return EventBody(
        position=event.position,
        id=event.id or None,
        type=event.type,
        name=kind.__name__ if kind else None,
        zh=say_event(event.type, "zh"),
        en=say_event(event.type, "en"),
        aggregate_id=event.aggregate_id or None,
        person_id=event.about,
        community=event.community,
        actor=event.actor or None,
        said_at=event.said_at,
        at=event.at,
        asked=what in event.ids,
        then=[_step(step, what) for step in node.then],
    )
