"""The figures on paper: kept as JSON from run to run, and rendered as a table with what bounds each."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Figure

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs/benchmarks.json"
PAGE = ROOT / "docs/benchmarks.md"
_PACKAGES = ("nats-py", "faststream", "pydantic", "SQLAlchemy", "psycopg", "uvloop", "rapidfuzz", "eventsourcing")

Kept = dict[str, Any]


def keep(measured: Mapping[str, list[Figure]], scale: float) -> Kept:
    """What is known with the modules just measured in place of their former figures; other machines' are dropped.

    What is not installed this time keeps the version that its figures were measured with.
    """
    old: Kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    same = old if old.get("machine") == machine() else {}
    modules: Kept = same.get("modules", {})
    today = datetime.now(UTC).date().isoformat()
    for name, figures in measured.items():
        modules[name] = {"measured": today, "scale": scale, "figures": [asdict(figure) for figure in figures]}
    return {"machine": machine(), "versions": same.get("versions", {}) | versions(), "modules": modules}


def write(kept: Kept) -> None:
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE.write_text(render(kept), "utf-8")


def render(kept: Kept) -> str:
    """The page, in Markdown."""
    by_module = {name: [Figure(**figure) for figure in part["figures"]] for name, part in kept["modules"].items()}
    lines = ["# Benchmarks", "", _ABOUT, "", "## Where", ""]
    lines += [f"- {name}: {value}" for name, value in (kept["machine"] | kept["versions"]).items()]
    lines += ["", "## Figures", ""]
    lines += ["| figure | unit | here | beside it | baseline | ratio | to reach | |", "|" + " --- |" * 8]
    lines += ["| " + " | ".join(row(figure)) + " |" for figures in by_module.values() for figure in figures]
    lines += ["", "## What bounds them"]
    for name, figures in by_module.items():
        part = kept["modules"][name]
        trial = "" if part["scale"] == 1 else f", at {part['scale']:g} of the size"
        lines += ["", f"Measured {part['measured']}{trial} by `python -m tests.benchmarks {name}`."]
        for figure in figures:
            if figure.bound:
                lines += ["", f"**{figure.name}.** {figure.bound}"]
    return "\n".join(lines) + "\n"


_ABOUT = """`make bench` measures all of these again and writes this page. Each figure is measured beside its baseline
in the same run, in turns; shown are medians, and in brackets the least and the most of the rounds. The logs hold this
project's events with sealed personal fields; every nats-server syncs each write to disk (`sync_interval: always`)."""


def row(figure: Figure) -> list[str]:
    """The cells of one line of the table."""
    target = "" if figure.target is None else f"{'≥' if figure.at_least else '≤'} {figure.target:g}"
    met = {True: "met", False: "not met", None: "stated"}[figure.met]
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    baseline = spread(figure.baseline) if figure.baseline else ""
    return [figure.name, figure.unit, spread(figure.ours), figure.against, baseline, ratio, target, met]


def spread(values: list[float]) -> str:
    """Median (least–most)."""
    middle = statistics.median(values)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2
    text = f"{middle:,.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def machine() -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    found = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    for program, *arguments in (("nats-server", "--version"), ("postgres", "--version")):
        if path := shutil.which(program):
            said = subprocess.run([path, *arguments], capture_output=True, text=True, check=False).stdout
            found[program] = next((word for word in said.split() if word.strip("v")[:1].isdigit()), "?").strip("v")
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
