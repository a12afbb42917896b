"""Looks facts up in the service's own view, for all commands that wait at a moment in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import event
from sqlmodel import Session

from canlian_chassis.log.jetstream import Conflict, Log

Query = Callable[..., Any]
"""query(session, *args) → the facts."""


class View(Protocol):
    """The service's own view, as a decision sees it."""

    async def read(self, query: Any, *args: Any) -> Any: ...

    async def reached(self, position: int, timeout: float = 2.0) -> bool: ...


class _Asked(NamedTuple):
    query: Query
    args: tuple[Any, ...]
    answer: asyncio.Future[Any]


class Facts:
    """One question for the log's end, one wait for the view, one trip into its database, however many ask meanwhile."""

    def __init__(self, log: Log, view: View) -> None:
        self._log, self._view = log, view
        self._asked: list[_Asked] = []
        self._finding: asyncio.Task[None] | None = None

    async def find(self, query: Query, *args: Any) -> Any:
        """What others did before this was asked is seen by it, or a consent just given would be missed.

        Raises Conflict where the view stays behind the log.
        """
        asked = _Asked(query, args, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        if self._finding is None or self._finding.done():
            self._finding = asyncio.create_task(self._find())
        return await asked.answer

    async def _find(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            try:
                answers = await self._look_up(asked)
            except Exception as error:
                answers = [error] * len(asked)
            for (*_, answer), found in zip(asked, answers, strict=True):
                if answer.done():
                    continue
                if isinstance(found, Exception):
                    answer.set_exception(found)
                else:
                    answer.set_result(found)

    async def _look_up(self, asked: Sequence[_Asked]) -> list[Any]:
        if not await self._view.reached(await self._log.last_position()):
            raise Conflict("the service's view is behind the log")
        found: list[Any] = await self._view.read(answer_all, [(query, args) for query, args, _ in asked])
        return found


def answer_all(session: Session, asked: Iterable[tuple[Query, tuple[Any, ...]]]) -> list[Any]:
    """The facts, or the exception, each query comes to. A row that several look up is read once."""
    kept: list[object] = []  # a session forgets rows that nobody holds
    event.listen(session, "loaded_as_persistent", lambda _, row: kept.append(row))
    return [_answer(session, query, args) for query, args in asked]


def _answer(session: Session, query: Query, args: tuple[Any, ...]) -> Any:
    try:
        return query(session, *args)
    except Exception as error:
        return error
