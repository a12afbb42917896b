"""The demonstration as the browser's tests find it: broken off while it was loaded, then loaded to its end, and again.

Loading takes half a minute, so it is done once for all of them; each worker has a copy of what it left.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.system import running_system, until

BROKEN_OFF_AFTER = 800
"""Events; the whole of it has some thousands."""


@dataclass(frozen=True)
class Made:
    """What was left: its data, its events as `canlian events tail` tells them, and where the log ended each time."""

    data: Path
    events: Sequence[dict[str, Any]]
    ends: Sequence[int]


def made_in(folder: Path) -> Made:
    data, told = folder / "data", folder / "told.json"
    if not told.exists():
        told.write_text(json.dumps(_make(data)), encoding="utf-8")
    return Made(data, **json.loads(told.read_text(encoding="utf-8")))


def _make(data: Path) -> dict[str, Any]:
    ends = []
    with running_system(data) as system:
        loading = subprocess.Popen([sys.executable, "-m", "canlian_operator", "load-demo"], env=system.environment)
        until(lambda: system.last_position() > BROKEN_OFF_AFTER, 120, system.explain)
        loading.send_signal(signal.SIGKILL)
        loading.wait(timeout=10)
        for _ in range(2):
            system.told("load-demo")
            ends.append(system.last_position())
        lines = system.told("events", "tail", "--after", "0", "--once", "--json").splitlines()
    return {"events": [json.loads(line) for line in lines], "ends": ends}
