"""A roster brought into a whole system, again, and undone, as an operator does: how fast, in how much memory.

The smaller roster is there for the memory: it must not grow with the rows.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from canlian_sheets.made_up.roster import make_roster
from tests.benchmarks.measure import Bench, Figure
from tests.support.system import System

FEW, MANY = 10_000, 100_000
IMPORTER = "canlian import"
LOOK_EVERY = 0.2


@dataclass
class Brought:
    """What one roster took."""

    rows: int
    seconds: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)
    """Process → its largest resident size so far, in MB."""

    def rate(self, step: str) -> float:
        return self.rows / self.seconds[step]


async def figures(bench: Bench) -> list[Figure]:
    few, many = [await asyncio.to_thread(_bring_in, bench, bench.scaled(n, least=1_000)) for n in (FEW, MANY)]
    return [*_speeds(many), *(_memory(part, few, many) for part in _largest(many.peaks))]


def _speeds(many: Brought) -> list[Figure]:
    first = [many.rate("first")]
    what = f"a roster of {MANY:,} people in a whole system, by `canlian import`"
    return [
        Figure(
            f"{what}: first",
            "rows/s",
            first,
            bound=(
                "The processor. The registry alone takes several times as many (the figure of `importing`); here all "
                "services and tools follow the log beside it, each folding events into its views."
            ),
        ),
        Figure(
            f"{what}: the same again, which changes nothing",
            "rows/s",
            [many.rate("again")],
            "the first",
            first,
            0.5,
            bound=(
                "The processor of the registry's one thread: for each row it asks the leader where the person's file "
                "ends, reads and opens it, looks facts up, and finds nothing to change. The policies, which are still "
                "answering what the first import did, take their share of the same thread."
            ),
        ),
        Figure(
            f"{what}: undone",
            "rows/s",
            [many.rate("undo")],
            "the first",
            first,
            0.5,
            bound="The same for each row, an event and two claims given back, and all views that follow.",
        ),
    ]


def _memory(part: str, few: Brought, many: Brought) -> Figure:
    return Figure(
        f"largest memory of {part} in these three, {MANY:,} people",
        "MB",
        [many.peaks[part]],
        f"of {FEW:,} people",
        [few.peaks[part]],
        bound=_BOUNDS.get(part, ""),
    )


_BOUNDS = {
    "nats-server": "Its index of subjects, three for each person, and the blocks of the log it read of late.",
    "registry": "20,000 files that it remembers, and 6,000 keys.",
    IMPORTER: "The sheet's rows are on disk; what the reader of the sheet needs is in a process of its own.",
}


def _largest(peaks: Mapping[str, float]) -> list[str]:
    """The importer, the log's server, the registry, and of the others the largest."""
    named = [name for name in (IMPORTER, "nats-server", "registry") if name in peaks]
    others = sorted(peaks.keys() - set(named), key=lambda name: peaks[name])
    return named + others[-1:]


def _bring_in(bench: Bench, rows: int) -> Brought:
    folder = bench.folder / f"rosters-{rows}"
    sheet = folder / "roster.xlsx"
    make_roster(sheet, rows)
    system, brought = System(folder / "var"), Brought(rows)
    system.start()
    try:
        _command(brought, system, "communities", "import", "communities", str(folder / "communities.csv"))
        said = _command(brought, system, "first", "import", "roster", str(sheet))
        assert _numbers(said) == [rows, rows, 0, 0, 0], said
        found = re.search(r"import undo (\S+)", said)
        assert found, said
        said = _command(brought, system, "again", "import", "roster", str(sheet))
        assert _numbers(said) == [rows, 0, 0, rows, 0], said
        said = _command(brought, system, "undo", "import", "undo", found[1])
        assert _numbers(said) == [rows, 0, 0], said
        for name, part in system.state.parts.items():
            if part.pid:
                brought.peaks[name] = _peak(part.pid)
    finally:
        system.stop()
    for step in ("first", "again", "undo"):
        bench.say(f"{rows:,} rows, {step}: {brought.seconds[step]:.0f} s, {brought.rate(step):.0f} rows/s")
    bench.say(f"{rows:,} rows: {', '.join(f'{name} {mb:.0f} MB' for name, mb in sorted(brought.peaks.items()))}")
    return brought


def _command(brought: Brought, system: System, step: str, *arguments: str) -> str:
    """What it said; noted are how long it took, and the largest resident size of any of its processes."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "canlian_operator", *arguments],
        env=system.environment | {"LANG": "en_US.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watched = threading.Thread(target=_watch, args=(process, brought))
    watched.start()
    said, _ = process.communicate()
    brought.seconds[step] = time.perf_counter() - began
    watched.join()
    assert process.returncode == 0, said
    return said


def _watch(process: subprocess.Popen[str], brought: Brought) -> None:
    """As it runs: what the system says at its end counts the benchmark too, which it was forked from."""
    while process.poll() is None:
        sizes = [_peak(pid) for pid in (process.pid, *_children(process.pid))]
        brought.peaks[IMPORTER] = max(brought.peaks.get(IMPORTER, 0), *sizes)
        time.sleep(LOOK_EVERY)


def _numbers(said: str) -> list[int]:
    """The counts, as the first of the lines tell them."""
    counts = [int(number) for number in re.findall(r"(?<![\w_])\d+(?![\w_])", said.partition("import undo")[0])]
    return counts[:5]


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _peak(pid: int) -> float:
    """0 where it has ended."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1000 if found else 0.0
    return 0.0
