"""Parts forked from one process: their log, environment, title and end are those of a process of their own."""

import asyncio
import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest

from canlian_operator.running.fork_server import Fork, fork
from canlian_operator.running.system import command_line, is_alive

PART = """
    import os, sys, time
    print("started with", os.environ["CANLIAN_TOY"], len(os.environ))
    if os.environ["CANLIAN_TOY"] == "leave":
        sys.exit(3)
    time.sleep(60)
"""


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "toy_part.py").write_text(textwrap.dedent(PART))
    monkeypatch.syspath_prepend(tmp_path)
    return "toy_part"


async def started(part: str, what: str, log: Path) -> Fork:
    environment = {"CANLIAN_TOY": what}
    forked = await fork(part, f"canlian: toy {what}", environment, log)
    for _ in range(500):
        if "started with" in said(log):
            return forked
        await asyncio.sleep(0.02)
    raise AssertionError(f"it did not start: {said(log)}")


def said(log: Path) -> str:
    return log.read_text() if log.exists() else ""


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def test_a_part_has_its_own_environment_log_title_and_session(part: str, tmp_path: Path) -> None:
    log = tmp_path / "toy.log"
    forked = await started(part, "stay", log)
    assert said(log) == "started with stay 1\n"
    assert command_line(forked.pid).rstrip() == "canlian: toy stay"
    assert os.getsid(forked.pid) == forked.pid
    os.kill(forked.pid, signal.SIGKILL)
    assert await forked.wait() == -signal.SIGKILL


async def test_the_exit_code_is_the_parts_own(part: str, tmp_path: Path) -> None:
    forked = await started(part, "leave", tmp_path / "toy.log")
    assert [await forked.wait(), forked.returncode] == [3, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux tells a process of its parent's death")
async def test_when_the_forking_process_is_killed_its_parts_end_and_the_next_start_makes_another(
    part: str, tmp_path: Path
) -> None:
    forked = await started(part, "stay", tmp_path / "first.log")
    os.kill(parent_of(forked.pid), signal.SIGKILL)
    await asyncio.wait_for(forked.wait(), 10)
    assert not is_alive(forked.pid)
    again = await started(part, "leave", tmp_path / "second.log")
    assert await again.wait() == 3
