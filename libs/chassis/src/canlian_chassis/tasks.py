"""Stopping background tasks for certain."""

from __future__ import annotations

import asyncio
from typing import Any


async def stop(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel tasks until they have ended. Before Python 3.12 `wait_for` can swallow one cancellation, so ask again."""
    left = {task for task in tasks if task}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
