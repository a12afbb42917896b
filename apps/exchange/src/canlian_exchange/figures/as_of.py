"""Which figures are asked for: of which days, and as the log stood now, at a position, or at the end of a day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Concatenate, ParamSpec, TypeVar

import nats.errors
import nats.js.errors
from fastapi import Depends, Query
from sqlmodel import Session

from canlian_chassis.bus.client import Unavailable
from canlian_chassis.log.jetstream import Conflict
from canlian_chassis.views.as_of import TooMany, end_of, position_before
from canlian_events.calendar import day_of
from canlian_exchange.access import callers
from canlian_exchange.access.callers import At, Caller, Exchange, Reader, Shared
from canlian_exchange.problems import RETRY_AFTER, Problem
from canlian_overview import Period
from canlian_web.language.formats import today
from canlian_web.language.refusals import say_refusal

P = ParamSpec("P")
T = TypeVar("T")

FirstDay = Annotated[date | None, Query(alias="from", description="First day; else 1 January of the last day's year")]
LastDay = Annotated[date | None, Query(description="Last day; else today, or the day of `as_of`")]
AsOf = Annotated[
    str | None,
    Query(
        pattern=r"^([0-9]{1,18}|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
        description="As it stood at this position of the log, or at the end of this day in Shanghai, by when the log "
        "recorded it; else now. A log that is long to fold is 503 at first: ask again after `Retry-After` seconds",
        examples=["2026-03-08", "41"],
    ),
]


@dataclass(frozen=True)
class Standing:
    """`position`: where the figures stand. `exactly`: no further than that, because it was asked for."""

    position: int
    period: Period
    exchange: Exchange
    exactly: bool

    async def read(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`query(session, …)`. Raises Problem where it is still being folded."""
        if not self.exactly:
            return await self.exchange.tool.read(query, *args, **kwargs)
        if self.exchange.position == self.position:
            found = await self.exchange.tool.read(query, *args, **kwargs)
            if self.exchange.position == self.position:
                return found
        if self.exchange.tool.nats is None:
            raise Unavailable
        try:
            engine = await self.exchange.snapshots.at(self.exchange.tool.nats, self.position, callers.PATIENCE)
        except TooMany:
            engine = None
        if engine is None:
            facts = {"position": self.position}
            raise Problem(503, "still_folding", facts=facts, headers={"Retry-After": str(RETRY_AFTER)})

        def run() -> T:
            with Session(engine) as session:
                return query(session, *args, **kwargs)

        try:
            return await asyncio.to_thread(run)
        finally:
            engine.dispose()


async def standing_of(
    exchange: Shared,
    caller: Reader,
    from_: FirstDay = None,
    to: LastDay = None,
    as_of: AsOf = None,
    position: At = 0,
) -> Standing:
    """Raises Problem for a day or position to come, and for days that end before they begin."""
    await exchange.reach(position)
    at, day = (exchange.position, today()) if as_of is None else await _found(exchange, caller, as_of)
    end = to or day
    start = from_ or date(end.year, 1, 1)
    if start > end:
        raise _wrong("from", "bad_period", caller)
    return Standing(at, Period(start, end), exchange, exactly=as_of is not None)


Asked = Annotated[Standing, Depends(standing_of)]


async def _found(exchange: Exchange, caller: Caller, as_of: str) -> tuple[int, date]:
    """The position and the day that are meant."""
    try:
        last = await exchange.log.last_position()
        if not as_of.isdecimal():
            return await _end_of_day(exchange, caller, as_of)
        if (position := int(as_of)) > last:
            raise _wrong("as_of", "not_yet", caller)
        entries, _ = await exchange.log.page(">", position - 1, 1) if position else ([], False)
    except (Conflict, nats.errors.Error, nats.js.errors.Error) as error:
        raise Unavailable from error
    recorded = datetime.fromtimestamp(entries[0].recorded_ns / 1e9, UTC) if entries else datetime.now(UTC)
    return position, day_of(recorded)


async def _end_of_day(exchange: Exchange, caller: Caller, as_of: str) -> tuple[int, date]:
    try:
        day = date.fromisoformat(as_of)
        end = end_of(day)
    except (ValueError, OverflowError):
        raise _wrong("as_of", "no_such_day", caller) from None
    if day > today():
        raise _wrong("as_of", "not_yet", caller)
    return await position_before(exchange.log, end), day


def _wrong(field: str, code: str, caller: Caller) -> Problem:
    return Problem(422, "invalid", fields={field: say_refusal(code, {}, caller.lang)})
