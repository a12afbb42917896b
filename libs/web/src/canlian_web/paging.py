"""Lists in pages: which page an address asks for, and the last one where it asks for more than there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import BeforeValidator

T = TypeVar("T")
_MOST = 1_000_000


def _from(least: int) -> Callable[[Any], int]:
    def read(asked: Any) -> int:
        text = str(asked).strip()
        return min(max(int(text), least), _MOST) if text.isascii() and text.isdigit() and len(text) < 10 else least

    return read


At = Annotated[int, BeforeValidator(_from(1))]
"""A page's number in an address. An address is passed on and altered: what is no number of a page is the first."""
After = Annotated[int, BeforeValidator(_from(0))]
"""How many of a list come before what is shown."""


class Turned(NamedTuple, Generic[T]):
    """One page of a list: what is on it, of how many in all."""

    rows: Sequence[T]
    number: int
    at: int
    pages: int


def pages_of(number: int, size: int) -> int:
    return max(1, -(-number // size))


async def turn_to(at: int, size: int, read: Callable[[int], Awaitable[tuple[Sequence[T], int]]]) -> Turned[T]:
    """The page asked for, or the last: `read(skip)` gives what follows so many, and how many there are in all."""
    rows, number = await read((at - 1) * size)
    pages = pages_of(number, size)
    if at > pages:
        rows, number = await read((pages - 1) * size)
        at = pages
    return Turned(rows, number, at, pages)
