"""Facts for many commands at once. Log and view are stood in for: what is tested is how often they are asked."""

import asyncio
from typing import Any

import pytest
from sqlmodel import Session

from canlian_chassis.command.facts import Facts
from canlian_chassis.log.jetstream import Conflict


class Counting:
    """A log and a view: the log grows by one whenever it is asked; the view is at `at`."""

    def __init__(self, at: int = 100) -> None:
        self.asked = self.read_times = 0
        self.at = at

    async def last_position(self) -> int:
        self.asked += 1
        await asyncio.sleep(0.01)
        return self.asked

    async def reached(self, position: int, timeout: float = 2.0) -> bool:
        return position <= self.at

    async def read(self, query: Any, *args: Any) -> Any:
        self.read_times += 1
        with Session() as session:
            return query(session, *args)


def double(_session: Session, number: int) -> int:
    if number == 13:
        raise ValueError(number)
    return 2 * number


async def test_whoever_asks_at_a_moment_shares_one_look_at_the_log_and_the_view() -> None:
    both = Counting()
    facts = Facts(both, both)  # type: ignore[arg-type]
    assert await asyncio.gather(*(facts.find(double, n) for n in range(10))) == [2 * n for n in range(10)]
    assert (both.asked, both.read_times) == (1, 1)


async def test_whoever_asks_while_others_are_answered_gets_a_look_of_their_own_moment() -> None:
    both = Counting()
    facts = Facts(both, both)  # type: ignore[arg-type]
    early = asyncio.create_task(facts.find(double, 1))
    await asyncio.sleep(0.005)
    late = asyncio.create_task(facts.find(double, 2))
    assert (await early, await late) == (2, 4)
    assert both.asked == 2


async def test_one_query_that_fails_does_not_harm_the_others() -> None:
    both = Counting()
    facts = Facts(both, both)  # type: ignore[arg-type]
    found = await asyncio.gather(*(facts.find(double, n) for n in (1, 13, 2)), return_exceptions=True)
    assert [found[0], found[2]] == [2, 4]
    assert isinstance(found[1], ValueError)


async def test_nothing_is_decided_on_a_view_that_stays_behind() -> None:
    both = Counting(at=0)
    with pytest.raises(Conflict):
        await Facts(both, both).find(double, 1)  # type: ignore[arg-type]
