"""What several commands append at one moment, on a real server."""

import asyncio

from canlian_chassis.log.appending import Appending
from canlian_chassis.log.jetstream import Conflict, Log, NewEntry


def entries(box: int, count: int = 2, last: int = 0) -> list[NewEntry]:
    """Events of one box, to be stored if its last one is at `last`."""
    expects = (f"evt.toy.box.{box}.*", last)
    return [
        NewEntry(f"evt.toy.box.{box}.1", {"Nats-Msg-Id": f"{box}-{last}-{n}"}, b"{}", expects if n == 0 else None)
        for n in range(count)
    ]


async def test_all_are_stored_each_with_its_own_positions(log: Log) -> None:
    appending = Appending(log)
    stored = await asyncio.gather(*(appending.append(entries(box)) for box in range(50)))
    for box, positions in enumerate(stored):
        assert [entry.position for entry in await log.read(f"evt.toy.box.{box}.*")] == positions
    assert await log.last_position() == 100


async def test_what_one_may_not_store_keeps_nobody_else_from_storing(log: Log) -> None:
    appending = Appending(log)
    wrong = {7: 999, 31: 5}
    stored = await asyncio.gather(
        *(appending.append(entries(box, last=wrong.get(box, 0))) for box in range(50)), return_exceptions=True
    )
    assert [box for box, found in enumerate(stored) if isinstance(found, Conflict)] == [7, 31]
    assert await log.last_position() == 96


async def test_of_two_who_expect_the_same_one_is_stored(log: Log) -> None:
    appending = Appending(log)
    both = [entries(1), [NewEntry(e.subject, {}, e.body, e.expects) for e in entries(1)]]
    stored = await asyncio.gather(*(appending.append(some) for some in both), return_exceptions=True)
    assert sorted(type(found).__name__ for found in stored) == ["Conflict", "list"]
