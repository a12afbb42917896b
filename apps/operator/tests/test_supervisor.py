"""When a program that died is started again."""

from collections import deque
from pathlib import Path

from canlian_operator.supervisor import DEATHS_TO_GIVE_UP, delay_after_death, ending, open_log


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
