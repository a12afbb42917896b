"""The signed heads of the log's chain over HTTP, for whoever keeps or publishes them elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import date
from typing import Annotated, Literal, TypeVar

import nats.errors
import nats.js.errors
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from canlian_chassis.bus.client import Unavailable
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.chain import Head
from canlian_chassis.log.heads import public_key_file
from canlian_chassis.log.jetstream import Conflict
from canlian_exchange.access.callers import BEARER, Exchange, Reader, Shared
from canlian_exchange.documentation.openapi import PROBLEMS
from canlian_exchange.problems import Problem

T = TypeVar("T")
router = APIRouter(prefix="/log", tags=["log"], dependencies=BEARER)


class NumberedHead(BaseModel):
    """`said`: the words that are signed, to the letter."""

    number: int = Field(ge=1, description="Which head it is, from 1")
    head: Head
    said: str


class KeyBody(BaseModel):
    """`public_key`: PEM. That it is the federation's is for you to know from elsewhere."""

    public_key: str


class OneHead(KeyBody, NumberedHead):
    pass


class SeveralHeads(KeyBody):
    heads: list[NumberedHead]
    more: bool


@router.get("/heads", summary="The signed heads of the log's chain", responses=PROBLEMS(401, 403, 422, 503))
async def heads(
    exchange: Shared,
    caller: Reader,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="Only heads with a number above this")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> SeveralHeads:
    """Oldest first. Each covers every message of the log up to its position; `canlian verify log` checks them."""
    page, more = await _asked(exchange.heads.page(after, limit))
    key = await _public_key(exchange)
    told = [NumberedHead(number=number, head=head, said=head.said.decode()) for number, head in page]
    return SeveralHeads(public_key=key, heads=told, more=more)


@router.get("/heads/{day}", summary="The head of a day, or the last", responses=PROBLEMS(401, 403, 404, 422, 503))
async def head_of(
    exchange: Shared,
    caller: Reader,
    day: Annotated[date | Literal["last"], Path(description="A day in Shanghai, 2026-11-24; or `last`")],
) -> OneHead:
    """The last head of the day. On the day itself it is the last so far."""
    found = await _asked(exchange.heads.last(None if day == "last" else day))
    if found is None:
        raise Problem(404, "no_such_head", facts={"day": str(day)})
    number, head = found
    return OneHead(public_key=await _public_key(exchange), number=number, head=head, said=head.said.decode())


async def _asked(answer: Awaitable[T]) -> T:
    try:
        return await answer
    except (Conflict, nats.errors.Error, nats.js.errors.Error) as error:
        raise Unavailable from error


async def _public_key(exchange: Exchange) -> str:
    file = public_key_file(key_folder(exchange.tool.settings))
    try:
        return await asyncio.to_thread(file.read_text)
    except FileNotFoundError:
        raise Unavailable from None
