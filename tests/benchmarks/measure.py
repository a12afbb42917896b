"""What a benchmark says: a figure beside its baseline, both measured in the same run, turn by turn."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.logs import RunningLog, running

MILLION = 1_000_000


@dataclass(frozen=True)
class Figure:
    """`ours` and `baseline` hold one value a round.

    With a baseline the target is for median(ours) / median(baseline), without one for median(ours) itself (a latency,
    say); without a target the figure is only stated. `bound` says what bounds it, and how that was found out.
    """

    name: str
    unit: str
    ours: list[float]
    against: str = ""
    baseline: list[float] = field(default_factory=list)
    target: float | None = None
    at_least: bool = True
    bound: str = ""

    @property
    def ratio(self) -> float | None:
        return statistics.median(self.ours) / statistics.median(self.baseline) if self.baseline else None

    @property
    def met(self) -> bool | None:
        """None where there is no target."""
        if self.target is None:
            return None
        reached = statistics.median(self.ours) if self.ratio is None else self.ratio
        return reached >= self.target if self.at_least else reached <= self.target


@dataclass(frozen=True)
class Bench:
    """What a module's `figures(bench)` is given. `scale` is 1 for the figures that are published, less to try out."""

    folder: Path
    logs: Path
    """Where logs that were built are kept, for the next figure."""
    scale: float = 1.0
    rounds: int = 3

    def scaled(self, size: int, least: int = 10_000) -> int:
        return max(round(size * self.scale), least)

    def log(self, events: int) -> AbstractAsyncContextManager[RunningLog]:
        """A server of its own with a log of so many events (scaled), which the block may write to as it likes."""
        return running(self.logs, self.scaled(events), self.folder, self.say)

    def say(self, text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)  # noqa: T201 - progress, beside the table on stdout

    async def in_turn(
        self, ours: Callable[[], Awaitable[float]], baseline: Callable[[], Awaitable[float]], what: str = ""
    ) -> tuple[list[float], list[float]]:
        """One after the other, as often as there are rounds: what slows the machine down slows both."""
        pairs: list[tuple[float, float]] = []
        for number in range(1, self.rounds + 1):
            pairs.append((await ours(), await baseline()))
            self.say(f"{what} round {number}: {pairs[-1][0]:,.2f} beside {pairs[-1][1]:,.2f}")
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
