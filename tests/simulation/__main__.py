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
from tests.simulation.mutations import MUTATIONS
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
    parser.add_argument("--mutation", choices=sorted(MUTATIONS), help="undo one thing the core gets right")
    parser.add_argument("--mutations", action="store_true", help="try each of them, and tell which seed finds it")
    parser.add_argument("--known", default="", help="kinds of violation, separated by commas, to pass over")
    parser.add_argument("--go-on", action="store_true", help="do not stop at the first seed that finds something")
    asked = parser.parse_args()
    patches.fix_hashes()
    seeds = range(asked.first, asked.first + asked.seeds)
    if asked.mutations:
        found = {name: found_by(name, seeds, asked.jobs) for name in MUTATIONS}
        return None in found.values()
    if asked.seed is not None:
        prepare(asked.mutation)
        outcome = simulate(asked.seed, say)
        report(outcome)
        os._exit(bool(outcome.wrong))  # without the end of the interpreter, which would collect what was killed
    if asked.mutation:
        return found_by(asked.mutation, seeds, asked.jobs) is None
    return run_many(seeds, asked.jobs, asked.go_on, set(asked.known.split(",")))


def prepare(mutation: str | None = None) -> None:
    gc.disable()
    patches.install()
    keep_track()
    if mutation:
        MUTATIONS[mutation].apply()


def found_by(name: str, seeds: range, jobs: int) -> int | None:
    """The first seed that finds a mutation: by a kind of violation that the same seed has not without it."""
    mutation = MUTATIONS[name]
    for outcome in outcomes(seeds, jobs, name):
        if outcome.kinds & set(mutation.finds):
            without = next(outcomes(range(outcome.seed, outcome.seed + 1), 1))
            if kinds := outcome.kinds & set(mutation.finds) - without.kinds:
                words = next(words for words in outcome.wrong if words.partition(":")[0] in kinds)
                say(f"{name}: found by seed {outcome.seed}: {words[:300]}")
                return outcome.seed
    say(f"{name}: NOT FOUND by {len(seeds)} seeds, though it undoes that {mutation.undoes}")
    return None


def run_many(seeds: range, jobs: int, go_on: bool, known: set[str]) -> int:
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
        if outcome.kinds - known:
            wrong += 1
            kinds.update(outcome.kinds)
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


def outcomes(seeds: range, jobs: int, mutation: str | None = None) -> Iterator[Outcome]:
    """In the order of the seeds, so that the first that finds something is the same however many run at once."""
    # only those that run simulations have their clocks taken away
    with get_context("fork").Pool(
        jobs, initializer=prepare, initargs=(mutation,), maxtasksperchild=_RUNS_A_PROCESS
    ) as pool:
        yield from pool.imap(simulate, seeds)


def report(outcome: Outcome) -> None:
    say("\n".join(["", *outcome.trace, ""]))
    say(f"Seed {outcome.seed} found:" if outcome.wrong else f"Seed {outcome.seed} found nothing wrong.")
    for words in outcome.wrong:
        say(f"  - {words}")
    say(f"Repeat it with: make simulate SEED={outcome.seed}   (trace {outcome.digest[:16]})")


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
