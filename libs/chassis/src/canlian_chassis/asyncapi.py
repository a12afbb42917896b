"""The AsyncAPI 3 document of a service, by FastStream: commands and queries received, events told. Needs no server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from faststream import FastStream
from faststream.nats import NatsBroker
from faststream.specification import AsyncAPI

from canlian_events import subjects
from canlian_events.core import EVENTS, Aggregate, Command, Message, Query


def document(
    service: str, aggregates: Iterable[Aggregate], commands: Iterable[type[Command]], queries: Iterable[type[Query]]
) -> dict[str, Any]:
    broker = NatsBroker(apply_types=True)
    taken: list[tuple[str, type[Message]]] = [
        *((subjects.command(kind), kind) for kind in commands),
        *((subjects.query(kind), kind) for kind in queries),
    ]
    for subject, kind in taken:
        broker.subscriber(subject, title=kind.__name__, description=_about(kind))(_taking(kind))
    whose = set(aggregates)
    for event in EVENTS.values():
        if event.aggregate in whose:
            where = subjects.events_of(event.aggregate.context, event.aggregate.name)
            broker.publisher(f"{where}/{event.type}", schema=event, title=event.__name__, description=_about(event))
    app = FastStream(broker, specification=AsyncAPI(title=f"canlian {service}", version="0.1.0"))
    made: dict[str, Any] = json.loads(app.schema.to_specification().to_json())
    return made


def _taking(kind: type[Message]) -> Callable[..., Any]:
    async def take(body: Any) -> None:
        """Only described, never called."""

    take.__annotations__["body"] = kind
    take.__name__ = kind.__name__
    return take


def _about(kind: type[Message]) -> str:
    return (kind.__doc__ or "").strip()
