"""`python -m tests.soak --for 300 --seed 7`: soak a system of its own, report, and fail where anything is amiss."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from random import randrange

from tests.soak.soak import Plan, soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--for", dest="seconds", type=float, default=60, help="seconds of load and killing")
    parser.add_argument("--seed", type=int, default=randrange(10_000), help="decides what is killed when")
    parser.add_argument("--callers", type=int, default=6, help="people who go round the loop at once")
    parser.add_argument("--wholes", type=int, help="how many times everything dies at once (once in a hundred seconds)")
    parser.add_argument("--single", action="store_true", help="one process of every part, not two")
    parser.add_argument("--one-release", action="store_true", help="no newer release beside for half of the time")
    asked = parser.parse_args()
    wholes = max(1, round(asked.seconds / 100)) if asked.wholes is None else asked.wholes
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the system it started ends with it
    folder = Path(tempfile.mkdtemp(prefix="canlian-soak-"))
    say(f"seed {asked.seed}; data and logs in {folder}")
    plan = Plan(asked.seconds, asked.seed, asked.callers, wholes, not asked.single, not asked.one_release)
    report = asyncio.run(soak(folder / "data", plan, say))
    say(report.table())
    sys.stdout.write(json.dumps(report.as_json(), ensure_ascii=False) + "\n")
    if report.wrong:
        say(f"the data stay in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
