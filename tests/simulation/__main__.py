"""`python -m tests.simulation --seeds 2000`: runs the core through as many interleavings; `--seed 17` repeats one."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context

from tests.simulation import patches
from tests.simulation.processes import keep_track
from tests.simulation.run import Outcome, simulate

_RUNS_A_PROCESS = 12
"""None of them gives its memory back."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many runs")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="repeat this one, and tell all that happens")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--go-on", action="store_true", help="do not stop at the first seed that finds something")
    asked = parser.parse_args()
    patches.fix_hashes()
    if asked.seed is not None:
        prepare()
        outcome = simulate(asked.seed, say)
        report(outcome)
        os._exit(bool(outcome.wrong))  # without the end of the interpreter, which would collect what was killed
    return run_many(range(asked.first, asked.first + asked.seeds), asked.jobs, asked.go_on)


def prepare() -> None:
    gc.disable()
    patches.install()
    keep_track()


def run_many(seeds: range, jobs: int, go_on: bool) -> int:
    began, wrong = time.monotonic(), 0
    total: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    done = commands = 0
    virtual = seconds = 0.0
    for outcome in outcomes(seeds, jobs):
        done += 1
        commands += outcome.commands
        virtual += outcome.virtual
        seconds += outcome.seconds
        total += outcome.faults
        if outcome.wrong:
            wrong += 1
            kinds.update({words.partition(":")[0] for words in outcome.wrong})
            report(outcome)
            if not go_on:
                break
        if done % 50 == 0:
            say(f"{done} of {len(seeds)} seeds, {wrong} with violations, {time.monotonic() - began:.0f} s")
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(total.items()))
    say(
        f"{done} seeds, {commands} commands, {virtual:.0f} virtual seconds in {time.monotonic() - began:.0f} s "
        f"({seconds / max(done, 1):.2f} s of processor a seed); faults: {faults}; {wrong} seeds with violations"
    )
    if kinds:
        say(", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    return bool(wrong)


def outcomes(seeds: range, jobs: int) -> Iterator[Outcome]:
    """In the order of the seeds, so that the first that finds something is the same however many run at once."""
    # only those that run simulations have their clocks taken away
    with get_context("fork").Pool(jobs, initializer=prepare, maxtasksperchild=_RUNS_A_PROCESS) as pool:
        yield from pool.imap(simulate, seeds)


def report(outcome: Outcome) -> None:
    say("\n".join(["", *outcome.trace, ""]))
    say(f"Seed {outcome.seed} found:")
    for words in outcome.wrong:
        say(f"  - {words}")
    say(f"Repeat it with: make simulate SEED={outcome.seed}   (trace {outcome.digest[:16]})")


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
