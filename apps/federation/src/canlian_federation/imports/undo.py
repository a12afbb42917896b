"""Imports being undone in this process, with how far each is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from canlian_chassis.bus.client import Client, Refused
from canlian_sheets.importer import undo_import

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Progress:
    """`why` is why it stopped: a code and its facts."""

    done: int = 0
    why: tuple[str, Mapping[str, Any]] | None = None


class Undoings:
    """What was stopped goes on when it is begun again: the log knows what is taken back already.

    A token is good for minutes: each look at an undoing by whoever began it brings a fresh one.
    """

    def __init__(self, client: Callable[[], Client], reached: Callable[[int], Awaitable[object]]) -> None:
        """`reached(position)` waits until the tool's view shows what was recorded there."""
        self._client, self._reached = client, reached
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, Progress] = {}
        self._tokens: dict[str, tuple[str, str]] = {}

    def begin(self, import_id: str, actor_id: str, token: str) -> None:
        if import_id in self._tasks:
            return
        self._progress[import_id] = Progress()
        self._tokens[import_id] = (actor_id, token)
        task = asyncio.create_task(self._work(import_id), name=f"undo-{import_id}")
        self._tasks[import_id] = task
        task.add_done_callback(lambda _: self._ended(import_id))

    def watched(self, import_id: str, actor_id: str, token: str) -> None:
        if self._tokens.get(import_id, ("", ""))[0] == actor_id:
            self._tokens[import_id] = (actor_id, token)

    def _ended(self, import_id: str) -> None:
        self._tasks.pop(import_id, None)
        self._tokens.pop(import_id, None)

    def running(self, import_id: str) -> bool:
        return import_id in self._tasks

    def progress(self, import_id: str) -> Progress:
        return self._progress.get(import_id, Progress())

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, import_id: str) -> None:
        def note(done: int) -> None:
            self._progress[import_id] = Progress(done)

        try:
            undone = await undo_import(self._client(), lambda: self._tokens[import_id][1], import_id, note)
            await self._reached(undone.position)
            log.info("import.undone", id=import_id, withdrawn=undone.withdrawn, restored=undone.restored)
        except Refused as refused:
            self._stopped(import_id, refused.code, dict(refused.facts))
        except Exception:
            log.exception("import.not_undone", id=import_id)
            self._stopped(import_id, "failed", {})

    def _stopped(self, import_id: str, code: str, facts: Mapping[str, Any]) -> None:
        self._progress[import_id] = replace(self.progress(import_id), why=(code, facts))
