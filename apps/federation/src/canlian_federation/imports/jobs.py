"""The jobs at work in this process: checking and importing beside the pages, with progress, one step at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import structlog

from canlian_chassis.bus.client import Client, Refused, Unavailable
from canlian_chassis.keys.store import Keys
from canlian_chassis.settings import Settings
from canlian_federation.imports.job import Folder, Gone, Job, State
from canlian_sheets.importer import RowStore, bring_in, preview_of, read_into
from canlian_sheets.importer.row_store import Phase
from canlian_sheets.outcomes import Unreadable
from canlian_sheets.tables import Preview

log = structlog.get_logger()

SWEEP = 5.0
"""Seconds between looks for sheets that must go."""
SOON = 1.0
_DONE = {State.CHECKING: State.CHECKED, State.IMPORTING: State.IMPORTED}


class Jobs:
    """The jobs of one tool. The token of whoever started a step is held only while that step is at work.

    A token is good for minutes and a large sheet takes longer: each look of the owner at the job brings a fresh one.
    """

    def __init__(
        self,
        settings: Settings,
        client: Callable[[], Client],
        erased: Callable[[], Awaitable[Mapping[str, datetime]]],
    ) -> None:
        self._settings, self._client, self._erased = settings, client, erased
        self.folder = Folder(Path(settings.data) / "imports")
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._now: dict[str, Job] = {}
        self._tokens: dict[str, str] = {}
        self._keys: Keys | None = None

    async def begin(self, owner: str, filename: str, data: bytes) -> Job:
        """Raises Unreadable for a file that is no sheet with a table."""
        job = Job.begin(owner, filename)
        await asyncio.to_thread(self.folder.create, job, data)
        try:
            await preview_of(self.folder.sheet(job), filename)
        except BaseException:
            await asyncio.to_thread(self.folder.delete, job)
            raise
        return job

    async def mine(self, owner: str) -> list[Job]:
        await self.sweep()
        return [self.current(job) for job in await asyncio.to_thread(self.folder.all) if job.owner == owner]

    async def gone(self, owner: str) -> list[Gone]:
        """Their sheets that had to go because of an erasure."""
        return await asyncio.to_thread(self.folder.gone, owner)

    async def find(self, job_id: str, owner: str) -> Job | None:
        """The job as it stands this moment, where it is theirs."""
        job = await asyncio.to_thread(self.folder.load, job_id)
        return self.current(job) if job and job.owner == owner else None

    def current(self, job: Job) -> Job:
        return self._now.get(job.id, job)

    def running(self, job: Job) -> bool:
        return job.id in self._tasks

    def watched(self, job: Job, token: str) -> None:
        """Its owner looks at it, with this token."""
        if self.running(job):
            self._tokens[job.id] = token

    async def preview(self, job: Job) -> Preview:
        """With the columns as they were chosen, for this sheet or the last of its shape."""
        sheet = self.folder.sheet(job)
        found = await preview_of(sheet, job.filename, job.mapping)
        if job.mapping or not (known := await asyncio.to_thread(self.folder.remembered, found.header)):
            return found
        return await preview_of(sheet, job.filename, known)

    async def check(
        self, job: Job, token: str, mapping: Mapping[str, int], places: Mapping[str, str], today: date
    ) -> None:
        """Start the dry run."""
        known = {"mapping": dict(mapping), "places": dict(places), "today": today.isoformat()}
        await asyncio.to_thread(self.folder.drop_rows, job)
        self._start(job.with_(state=State.CHECKING, **known), token)

    def bring_in(self, job: Job, token: str) -> None:
        """Start the import, or go on with it: what was done is not done again."""
        self._start(job.with_(state=State.IMPORTING), token)

    def go_on(self, job: Job, token: str) -> None:
        """Resume the step that stopped."""
        self._start(job, token)

    async def delete(self, job: Job) -> None:
        await self._stop(job.id)
        self._forget(job)
        await asyncio.to_thread(self.folder.delete, job)

    async def sweep(self) -> None:
        """Delete what is past its day, and whatever names somebody who was erased."""
        await asyncio.to_thread(self.folder.forget_old, datetime.now(UTC))
        if erased := await self._erased():
            await asyncio.to_thread(self.folder.forget_erased, erased, datetime.now(UTC))

    async def sweeping(self) -> None:
        while True:
            wait = SWEEP
            try:
                await self.sweep()
            except Unavailable:
                wait = SOON  # nobody knows yet who was erased: the view is not there
            except Exception:
                log.exception("imports.not_swept")
            await asyncio.sleep(wait)

    async def close(self) -> None:
        for job_id in list(self._tasks):
            await self._stop(job_id)

    def _start(self, job: Job, token: str) -> None:
        if self.running(job):
            return
        job = job.with_(why=None, done=0, total=0, read=0, since=0.0, before=0)
        self.folder.save(job)
        self._now[job.id] = job
        self._tokens[job.id] = token
        task = asyncio.create_task(self._work(job), name=f"import-{job.id}")
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._ended(job.id))

    def _ended(self, job_id: str) -> None:
        self._tasks.pop(job_id, None)
        self._tokens.pop(job_id, None)

    async def _work(self, job: Job) -> None:
        store: RowStore | None = None
        try:
            if not await asyncio.to_thread(self._is_read, job):
                await read_into(self.folder.wanted(job), lambda rows: self._note(job, read=rows))
            store = await asyncio.to_thread(self.folder.store, job)
            await self._send(job, store)
        except Refused as refused:
            self._stopped(job, refused.code, dict(refused.facts))
        except Unreadable as unreadable:
            self._settle(job.with_(state=State.COLUMNS, why=(unreadable.code, dict(unreadable.facts))))
        except Exception:
            log.exception("import.failed", job=job.id)
            self._stopped(job, "failed", {})
        finally:
            if store:
                store.close()

    def _is_read(self, job: Job) -> bool:
        if not self.folder.has_rows(job):
            return False
        store = self.folder.store(job)
        try:
            return store.filled
        finally:
            store.close()

    async def _send(self, job: Job, store: RowStore) -> None:
        dry_run = job.state is State.CHECKING
        phase: Phase = "tried" if dry_run else "done"
        number = store.to_send()
        begun = number - store.left(phase)
        self._note(job, total=number, done=begun, before=begun, since=time.time())
        if self._keys is None:
            self._keys = await asyncio.to_thread(Keys.of, self._settings)
        sheet = await asyncio.to_thread(self._digest, job, self._keys)
        await bring_in(
            self._client(), lambda: self._tokens[job.id], self._keys, store, job.batch_id, sheet,
            dry_run=dry_run, progress=lambda done, total: self._note(job, done=done, total=total),
        )  # fmt: skip
        done = self._now[job.id].with_(state=_DONE[job.state])
        self._settle(done)
        if not dry_run:
            await asyncio.to_thread(self.folder.drop_sheet, job)
        log.info("import.done", job=job.id, state=done.state, rows=store.total())

    def _digest(self, job: Job, keys: Keys) -> str:
        return keys.digest("sheet", self.folder.data(job))

    def _note(self, job: Job, **changes: Any) -> None:
        self._now[job.id] = self._now[job.id].with_(**changes)

    def _stopped(self, job: Job, code: str, facts: Mapping[str, object]) -> None:
        self._settle(self._now[job.id].with_(why=(code, dict(facts))))

    def _settle(self, job: Job) -> None:
        self.folder.save(job)
        self._now[job.id] = job

    def _forget(self, job: Job) -> None:
        self._now.pop(job.id, None)

    async def _stop(self, job_id: str) -> None:
        task = self._tasks.get(job_id)
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
