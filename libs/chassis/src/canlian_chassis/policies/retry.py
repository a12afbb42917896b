"""Doing a thing however long the server or a service is away, and saying so when that takes long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from canlian_chassis.bus.client import Failed, Refused, Unavailable
from canlian_chassis.logs import describe

log = structlog.get_logger()
LOST = (NatsError, JetStreamError, TimeoutError, OSError)
"""What going without the server looks like: none of it says anything about what was to be done."""
_PAUSE_SECONDS = 0.3
_SAY_EVERY_SECONDS = 60.0
"""Some errors of the server, such as a full stream's, go away only when somebody sees to it."""
_Got = TypeVar("_Got")


async def lasting(act: Callable[[], Awaitable[_Got]]) -> _Got:
    """What `act` comes to, however often it must be tried; every minute the log tells why that takes so long."""
    said = time.monotonic()
    while True:
        try:
            return await act()
        except Failed:
            raise
        except (Unavailable, *LOST) as error:
            if time.monotonic() - said >= _SAY_EVERY_SECONDS:
                said = time.monotonic()
                log.warning("policies.still_trying", what=act.__qualname__, why=reason(error))
            await asyncio.sleep(_PAUSE_SECONDS)


def reason(error: Exception) -> str:
    """Why something could not be done, in words that nobody typed: a code, the server's own, or where it happened."""
    if isinstance(error, Refused):
        fields = ", ".join(error.facts.get("fields", ()))
        return f"{type(error).__name__} {error.code}" + (f" ({fields})" if fields else "")
    return str(error) if isinstance(error, JetStreamError) else describe(error)
