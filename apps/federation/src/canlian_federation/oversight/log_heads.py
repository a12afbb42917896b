"""The fingerprint of the event log of each day, to be printed and kept on paper: then no change goes unnoticed."""

from __future__ import annotations

from datetime import date, timedelta

import nats.errors
import nats.js.errors
from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_chassis.bus.client import Unavailable
from canlian_chassis.log.chain import Head
from canlian_chassis.log.heads import Heads
from canlian_chassis.log.jetstream import Conflict
from canlian_federation.shared.access import for_staff
from canlian_web.page import Context, Page

router = APIRouter(prefix="/log-heads", dependencies=[for_staff])
DAYS = 31
"""Shown at most, back from the last day on which something was signed."""


@router.get("")
async def listed(page: Page) -> Response:
    last = await _head(page)
    back = [last.day - timedelta(days=days) for days in range(1, DAYS)] if last else []
    earlier = [found for day in back if (found := await _head(page, day))]
    return page.render("oversight/log_heads.html", heads=[last, *earlier] if last else [])


@router.get("/{day}")
async def sheet(page: Page, day: date) -> Response:
    head = await _head(page, day)
    if head is None:
        raise HTTPException(404)
    return page.render("oversight/log_head.html", head=head)


async def _head(page: Context, day: date | None = None) -> Head | None:
    """The last head of a day, or of all. Raises Unavailable."""
    if page.tool.nats is None:
        raise Unavailable
    try:
        found = await Heads(page.tool.nats).last(day)
    except (Conflict, nats.errors.Error, nats.js.errors.Error) as error:
        raise Unavailable from error
    return found.head if found else None
