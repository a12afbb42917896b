"""Many commands to one service: in chunks, again with the same ids while nobody answers, never half forgotten."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from canlian_chassis.bus.client import Client, NotAllowed, Unavailable
from canlian_events.core import Command, encode
from canlian_events.ids import derive_uuid, new_id
from canlian_sheets.importer.results import Answer

S = TypeVar("S")
CHUNK = 200
"""Commands in one message: large enough to be fast, small enough to answer within a second or two."""

_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts; a service that restarts is back within them."""

Token = str | Callable[[], str]
"""A token, or what gives a fresh one: a token is good for minutes, and a large sheet may take longer."""


async def one_ahead(
    ask: Callable[[S], Coroutine[Any, Any, list[Answer]]], starts: Iterable[S] | AsyncIterable[S]
) -> AsyncIterator[tuple[S, list[Answer]]]:
    """The answers to one chunk after another, the next being made while the service still works at the one before.

    After a failure nothing more is begun, and what was under way is given up.
    """
    under_way: deque[tuple[S, asyncio.Task[list[Answer]]]] = deque()
    try:
        async for start in _each(starts):
            under_way.append((start, asyncio.create_task(ask(start))))
            await asyncio.sleep(0)
            if len(under_way) > 1:
                yield under_way[0][0], await under_way[0][1]
                under_way.popleft()
        if under_way:
            yield under_way[0][0], await under_way[0][1]
    finally:
        for _, task in under_way:
            task.cancel()


async def _each(starts: Iterable[S] | AsyncIterable[S]) -> AsyncIterator[S]:
    if isinstance(starts, AsyncIterable):
        async for start in starts:
            yield start
    else:
        for start in starts:
            yield start


class Sender:
    """Raises Unavailable when nobody answers, time after time, NotAllowed when the sender may not do this at all."""

    def __init__(self, client: Client, context: str, token: Token, batch_id: str, dry_run: bool) -> None:
        self._client, self._context, self._token = client, context, token
        self._batch_id, self.dry_run = batch_id, dry_run

    async def ask(self, commands: Sequence[Command]) -> list[Answer]:
        """The answers, in order. The ids follow from the batch and the content: asking again is not doing again."""
        named = [
            (derive_uuid("import", self._batch_id, type(command).__name__, encode(command)), command)
            for command in commands
        ]
        return await self.ask_named(named)

    async def ask_anew(self, commands: Sequence[Command]) -> list[Answer]:
        """For commands that are decided anew each time they are sent."""
        return await self.ask_named([(new_id("command"), command) for command in commands])

    async def ask_named(self, commands: Sequence[tuple[str, Command]]) -> list[Answer]:
        """Like `ask`, with ids of the caller's."""
        answers: list[Answer] = []
        for start in range(0, len(commands), CHUNK):
            answers += await self._chunk(list(commands[start : start + CHUNK]))
        return answers

    async def _chunk(self, commands: list[tuple[str, Command]]) -> list[Answer]:
        answers = await self._patiently(commands)
        for pause in _PAUSES[:2]:
            failed = [n for n, answer in enumerate(answers) if isinstance(answer, Unavailable)]
            if not failed:
                break
            await asyncio.sleep(pause)
            for n, answer in zip(failed, await self._patiently([commands[n] for n in failed]), strict=True):
                answers[n] = answer
        return answers

    async def _patiently(self, commands: list[tuple[str, Command]]) -> list[Answer]:
        for pause in (*_PAUSES, None):
            try:
                return self._checked(await self._send(commands))
            except Unavailable:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("the last attempt answers or raises")

    async def _send(self, commands: list[tuple[str, Command]]) -> list[Answer]:
        token = self._token if isinstance(self._token, str) else self._token()
        return list(await self._client.send_many(self._context, commands, token=token, dry_run=self.dry_run))

    def _checked(self, answers: list[Answer]) -> list[Answer]:
        """A token or a role that will not do concerns the whole import, not a row."""
        for answer in answers:
            if isinstance(answer, NotAllowed) and answer.code in ("bad_token", "wrong_role"):
                raise answer
        return answers
