"""The toy's next release in a process of its own: `toy.box.things-put` has a version 2, and nothing else changed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from libs.chassis.tests.boxes import FIRST
from libs.chassis.tests.toy import ThingsPut

from canlian_chassis.bus.client import connect
from canlian_chassis.settings import Settings
from canlian_chassis.views.runner import ViewRunner
from canlian_events.core import upcast


def become_newer() -> None:
    ThingsPut.version = 2

    @upcast(ThingsPut, since=1)
    def nothing_changed(body: dict[str, Any]) -> dict[str, Any]:
        return body


async def run(nats_url: str, data: str, views_url: str) -> None:
    """Until it is killed."""
    become_newer()
    settings = Settings(nats_url=nats_url, data=Path(data), views_url=views_url or None)
    async with connect(settings, "newer") as nc:
        await ViewRunner(FIRST, settings).start(nc)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
