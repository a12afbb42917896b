"""When a program that died is started again."""

import asyncio
from collections import deque
from pathlib import Path

import pytest

from canlian_operator.running import supervisor as module
from canlian_operator.running.supervisor import (
    DEATHS_TO_GIVE_UP,
    Child,
    Program,
    Supervisor,
    delay_after_death,
    ending,
    open_log,
    spawn,
)


def deaths() -> deque[float]:
    return deque(maxlen=DEATHS_TO_GIVE_UP)


def test_each_death_within_a_minute_doubles_the_wait_and_the_fifth_ends_it() -> None:
    died = deaths()
    assert [delay_after_death(died, now) for now in (0.0, 1.0, 2.0, 3.0, 4.0)] == [0.25, 0.5, 1.0, 2.0, None]


def test_a_death_long_after_the_last_counts_as_the_first() -> None:
    died = deaths()
    assert [delay_after_death(died, now) for now in (0.0, 61.0, 122.0, 183.0, 244.0, 305.0)] == [0.25] * 6


def test_an_ending_is_told_by_its_signal_or_its_code() -> None:
    assert [ending(-9), ending(3)] == ["SIGKILL", "exit 3"]


def test_a_log_that_has_grown_large_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    with log.open("wb") as file:
        file.truncate(10_000_001)
    open_log(log).close()
    assert log.stat().st_size == 0
    assert (tmp_path / "part.log.1").exists()


async def test_what_was_just_being_started_is_stopped_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def slowly(program: Program) -> asyncio.subprocess.Process:
        begun.set()
        await asyncio.sleep(0.1)
        started = await spawn(program)
        assert isinstance(started, asyncio.subprocess.Process)
        return started

    monkeypatch.setattr(module, "spawn", slowly)
    sleeper = Program(name="sleeper", environment={}, log=tmp_path / "log", runs="sleep", command=["/bin/sleep", "60"])
    supervisor = Supervisor(lambda _: None, lambda: None)
    child = supervisor.start(sleeper)
    await begun.wait()
    await supervisor.stop(["sleeper"], patience=5)
    assert child.process
    assert child.process.returncode == -15


async def test_what_has_no_group_of_its_own_yet_is_ended(tmp_path: Path) -> None:
    """A fork has none until it says so, and may be busy importing before."""
    in_our_group = await asyncio.create_subprocess_exec("/bin/sleep", "60")
    supervisor = Supervisor(lambda _: None, lambda: None)
    program = Program(name="sleeper", environment={}, log=tmp_path / "log", runs="sleep")
    supervisor.children["sleeper"] = Child(program, process=in_our_group)
    await supervisor.stop(["sleeper"], patience=5)
    assert in_our_group.returncode == -15
