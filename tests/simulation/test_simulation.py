"""Some seeds of the simulation, in a program of its own: it takes clock and chance away from whatever runs with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

_SEEDS = 40


def _simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280, check=False)


def test_whatever_happens_each_command_is_done_once_and_all_that_follows():
    ran = _simulate("--seeds", str(_SEEDS))
    assert ran.returncode == 0, ran.stderr[-6000:]


@pytest.mark.parametrize("seed", [7, 22])
def test_a_seed_is_the_same_run_each_time(seed: int):
    first, second = (_simulate("--seed", str(seed)).stderr for _ in range(2))
    digest = re.compile(r"trace [0-9a-f]{16}")
    assert digest.findall(first)
    assert first == second
