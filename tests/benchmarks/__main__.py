"""`python -m tests.benchmarks [module …]`: measure, print the table, write docs/benchmarks.md.

With modules named only their figures are measured, and the page keeps the others. Smaller than the real size (with
`--events`) it is a trial, and nothing is written.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from tests import benchmarks
from tests.benchmarks import report
from tests.benchmarks.measure import MILLION, Bench, Figure


def modules() -> list[str]:
    """The modules that measure something: those with a function `figures`."""
    here = Path(__file__).parent
    return sorted(path.stem for path in here.glob("*.py") if "\nasync def figures(" in path.read_text("utf-8"))


async def measure(names: list[str], bench: Bench) -> dict[str, list[Figure]]:
    """By module. What a module measured is written when it ends: a later one may fail, an hour on."""
    measured: dict[str, list[Figure]] = {}
    for name in names:
        bench.say(f"— {name}")
        started = time.monotonic()
        module = importlib.import_module(f"{benchmarks.__name__}.{name}")
        measured[name] = await module.figures(bench)
        bench.say(f"{name} took {time.monotonic() - started:.0f} s")
        if bench.scale == 1:
            report.write(report.keep({name: measured[name]}, bench.scale))
    return measured


def show(measured: dict[str, list[Figure]]) -> None:
    table = Table("figure", "unit", "here", "beside it", "baseline", "ratio", "to reach", "")
    for figures in measured.values():
        for figure in figures:
            table.add_row(*report.row(figure), style="red" if figure.met is False else None)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("modules", nargs="*", help=f"only these of {', '.join(modules())}; all by default")
    parser.add_argument("--events", type=int, default=MILLION, help="how many stand for a million; less is a trial")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--logs", type=Path, help="keep the logs here for the next run, and use those that are there")
    given = parser.parse_args()
    known = modules()
    if unknown := set(given.modules) - set(known):
        parser.error(f"no such module: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    with tempfile.TemporaryDirectory(prefix="canlian-bench-") as folder:
        bench = Bench(
            folder=Path(folder),
            logs=given.logs or Path(folder) / "logs",
            scale=given.events / MILLION,
            rounds=given.rounds,
        )
        # the loop that services run on
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            measured = runner.run(measure(given.modules or known, bench))
    show(measured)


if __name__ == "__main__":
    main()
