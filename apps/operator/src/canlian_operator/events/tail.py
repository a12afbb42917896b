"""`canlian events tail`: the log as it grows, a line an event."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pydantic_core
import typer

from canlian_chassis.bus.wire import read_meta
from canlian_chassis.log.following import follow
from canlian_chassis.log.jetstream import Entry
from canlian_events import subjects
from canlian_events.language import EVENT_NAMES, EVENTS
from canlian_events.meta import Meta
from canlian_operator.connection import Link, with_system
from canlian_operator.console import fail, language, moment
from canlian_operator.integrity.export import export

LAST_SHOWN = 10
_LOOKED_THROUGH = 400
"""Positions read to find the last few: claims, and events that don't match, lie between them."""
_ENVELOPE = {"community"}

events_app = typer.Typer(help="事件日志 · The event log", no_args_is_help=True)


@dataclass(frozen=True)
class Wanted:
    """Which events: of a type, an aggregate or a context by wire name, or one event by its class's name."""

    type: str | None = None
    community: str | None = None

    @property
    def filter(self) -> str:
        context, kind = ([*(self.type or "").split("."), "", ""])[:2]
        whole = self.community if self.community and len(self.community) == 12 else None
        return subjects.events_of(context or "*", kind or "*", whole or "*")

    def has(self, entry: Entry) -> bool:
        of_type = self.type is None or f"{entry.headers['ce-type']}.".startswith(f"{self.type}.")
        return of_type and subjects.community_of(entry.subject).startswith(self.community or "")


@events_app.callback()
def events() -> None:
    """事件日志 · The event log."""


events_app.command("export")(export)


@events_app.command("tail")
def tail(
    after: Annotated[
        int | None,
        typer.Option(min=0, help="从此位置之后开始 · begin after this position; 0 for all", show_default=False),
    ] = None,
    type: Annotated[
        str | None,
        typer.Option(help="assistance、assistance.visit、…visit.completed 或 VisitCompleted", show_default=False),
    ] = None,
    community: Annotated[
        str | None, typer.Option(help="社区代码，或其前几位 · community code or prefix", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON · one JSON object a line")] = False,
    once: Annotated[bool, typer.Option("--once", help="到末尾为止，不再等待 · stop at the end of the log")] = False,
) -> None:
    """看日志 · Follow the log: what happened, where, who did it. Personal fields stay sealed. Ctrl-C ends it.

    Without --after it begins with the last ten.
    """
    wanted = Wanted(wire_type(type) if type else None, community)
    shown = as_line if as_json else as_text

    async def print_events(link: Link) -> None:
        start = await link.log.last_position() if after is None else 0
        begin = max(start - _LOOKED_THROUGH, 0) if after is None else after
        last: deque[Entry] | None = deque(maxlen=LAST_SHOWN) if after is None else None
        async for batch in follow(link.nc, begin, [wanted.filter]):
            matching = [entry for entry in batch if wanted.has(entry)]
            at_end = not batch or batch[-1].pending == 0
            if last is not None:
                last.extend(matching)
                if not at_end:
                    continue
                matching, last = list(last), None
            for entry in matching:
                typer.echo(shown(entry))
            if once and at_end:
                return

    with_system(print_events)


def wire_type(name: str) -> str:
    """The type an event is stored under, for a class's name; or the beginning of such types, as it stands."""
    if name in EVENT_NAMES:
        return EVENT_NAMES[name].type
    if not any(f"{type}.".startswith(f"{name}.") for type in EVENTS):
        known = ", ".join(sorted(EVENTS))
        fail(f"没有名为“{name}”的事件。", f"There is no event “{name}”. There are: {known}", code=2)
    return name


def as_line(entry: Entry) -> str:
    """As JSON, with the body as it is stored."""
    meta = _meta(entry)
    told = {
        "position": meta.position,
        "id": meta.id,
        "type": entry.headers["ce-type"],
        "version": int(entry.headers["ce-dataversion"]),
        "community": meta.community,
        "actor": meta.actor,
        "said_at": meta.said_at.isoformat(),
        "recorded_at": meta.at.isoformat(),
        "command": meta.command,
        "cause": meta.cause,
        "data": json.loads(entry.body),
    }
    return json.dumps(told, ensure_ascii=False)


def as_text(entry: Entry) -> str:
    meta, type_ = _meta(entry), entry.headers["ce-type"]
    name = EVENTS[type_].__name__ if type_ in EVENTS else type_
    caused = "  ⤷" if meta.cause else "   "
    said = moment(meta.said_at)[5:]
    fields = " ".join(_fields(pydantic_core.from_json(entry.body)))
    return f"{meta.position:>8}  {said}  {meta.community}{caused} {name:<22} {meta.actor}  {fields}"


def _fields(body: dict[str, Any]) -> Iterator[str]:
    for name, value in body.items():
        if name not in _ENVELOPE:
            yield f"{name}={_short(value)}"


def _short(value: Any) -> str:
    """Sealed values as such, and only the size of what is long."""
    if isinstance(value, dict) and set(value) == {"about", "sealed"}:
        return "〔封存〕" if language() == "zh" else "<sealed>"
    if isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _meta(entry: Entry) -> Meta:
    return read_meta(entry.headers, entry.position, entry.recorded_ns, subjects.community_of(entry.subject))
