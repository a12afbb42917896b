"""Reading what happened to one aggregate, and where many are last, on a real server."""

from __future__ import annotations

from canlian_chassis.log.jetstream import Log, NewEntry


async def append(log: Log, *places: str) -> list[int]:
    """One event for each `<box>.<community>`."""
    return await log.append([NewEntry(f"evt.toy.box.{place}", {}, b"{}") for place in places])


async def history(log: Log, box: str, after: int = 0) -> list[int]:
    last = await log.last_positions([f"evt.toy.box.{box}.*"])
    return [entry.position for entry in await log.history(last, after)]


async def test_a_history_is_in_the_logs_order_wherever_it_happened(log: Log):
    await append(log, "a.1", "b.1", "a.2", "a.1", "b.2", "a.2")
    assert await history(log, "a") == [1, 3, 4, 6]
    assert await history(log, "a", after=3) == [4, 6]
    assert await history(log, "a", after=6) == await history(log, "nobody") == []


async def test_a_long_history_is_read_whole(log: Log):
    for _ in range(3):
        await append(log, *["a.1"] * 500, "b.1")
    assert len(await history(log, "a")) == 1500


async def test_where_many_are_last(log: Log):
    await append(log, *(f"{n}.1" for n in range(250)), "7.2")
    filters = [f"evt.toy.box.{n}.*" for n in range(300)]
    last = await log.last_positions(filters)
    assert len(last) == 251
    assert (last["evt.toy.box.7.1"], last["evt.toy.box.7.2"]) == (8, 251)
    assert await log.last_positions([]) == {}
