"""The jobs at work in this process: checking and importing beside the pages, with progress, one step at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import structlog

from canlian_chassis.bus import Client, Refused
from canlian_chassis.keys.store import Keys
from canlian_chassis.settings import Settings
from canlian_federation.bringing_in.job import Folder, Job, State
from canlian_sheets.importer import ImportInterrupted, import_roster
from canlian_sheets.outcomes import Unreadable
from canlian_sheets.roster import Roster, preview_roster, read_roster
from canlian_sheets.tables import Preview

log = structlog.get_logger()

HELD = 2
"""Sheets held in memory as they were read; others are read again when somebody looks."""
SWEEP = 1800.0
"""Seconds between looks for jobs that are past their day."""
_DONE = {State.CHECKING: State.CHECKED, State.IMPORTING: State.IMPORTED}


class Jobs:
    """The jobs of one tool. The token of whoever started a step is held only while that step is at work."""

    def __init__(self, settings: Settings, client: Callable[[], Client]) -> None:
        self._settings, self._client = settings, client
        self.folder = Folder(Path(settings.data) / "imports")
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._now: dict[str, Job] = {}
        self._read: OrderedDict[tuple[str, str], Roster] = OrderedDict()
        self._keys: Keys | None = None

    async def begin(self, owner: str, filename: str, data: bytes) -> Job:
        """Raises Unreadable for a file that is no sheet with a table."""
        await asyncio.to_thread(preview_roster, data, filename, None)
        job = Job.begin(owner, filename)
        await asyncio.to_thread(self.folder.create, job, data)
        return job

    async def mine(self, owner: str) -> list[Job]:
        await self.sweep()
        return [self.current(job) for job in await asyncio.to_thread(self.folder.all) if job.owner == owner]

    async def find(self, job_id: str, owner: str) -> Job | None:
        """The job as it stands this moment, where it is theirs."""
        job = await asyncio.to_thread(self.folder.load, job_id)
        return self.current(job) if job and job.owner == owner else None

    def current(self, job: Job) -> Job:
        return self._now.get(job.id, job)

    def running(self, job: Job) -> bool:
        return job.id in self._tasks

    async def preview(self, job: Job) -> Preview:
        data = await asyncio.to_thread(self.folder.data, job)
        return await asyncio.to_thread(preview_roster, data, job.filename, dict(job.mapping))

    async def check(
        self, job: Job, token: str, mapping: Mapping[str, int], places: Mapping[str, str], today: date
    ) -> None:
        """Start the dry run."""
        known = {"mapping": dict(mapping), "places": dict(places), "today": today.isoformat()}
        self._start(job.with_(state=State.CHECKING, **known), token)

    def bring_in(self, job: Job, token: str) -> None:
        """Start the import, or go on with it: what was done is not done again."""
        self._start(job.with_(state=State.IMPORTING), token)

    def go_on(self, job: Job, token: str) -> None:
        """Resume the step that stopped."""
        self._start(job, token)

    async def roster(self, job: Job) -> Roster:
        """The sheet as it was read for the check. Raises Unreadable."""
        key = (job.id, str(sorted(job.mapping.items())))
        if key not in self._read:
            data = await asyncio.to_thread(self.folder.data, job)
            read = await asyncio.to_thread(
                read_roster, data, job.filename, dict(job.places), job.day, dict(job.mapping) or None
            )
            self._read[key] = read
            while len(self._read) > HELD:
                self._read.popitem(last=False)
        return self._read[key]

    async def delete(self, job: Job) -> None:
        await self._stop(job.id)
        self._forget(job)
        await asyncio.to_thread(self.folder.delete, job)

    async def sweep(self) -> None:
        """Delete what is past its day."""
        await asyncio.to_thread(self.folder.forget_old, datetime.now(UTC))

    async def sweeping(self) -> None:
        while True:
            with suppress(OSError):
                await self.sweep()
            await asyncio.sleep(SWEEP)

    async def close(self) -> None:
        for job_id in list(self._tasks):
            await self._stop(job_id)

    def _start(self, job: Job, token: str) -> None:
        if self.running(job):
            return
        job = job.with_(why=None, done=0, total=0)
        self.folder.save(job)
        self._now[job.id] = job
        task = asyncio.create_task(self._work(job, token), name=f"import-{job.id}")
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.id, None))

    async def _work(self, job: Job, token: str) -> None:
        try:
            roster = await self.roster(job)
            self._now[job.id] = self._now[job.id].with_(total=len(roster.accepted))
            await self._send(job, roster, token)
        except ImportInterrupted as stopped:
            self._stopped(job, stopped.code, dict(stopped.facts))
        except Refused as refused:
            self._stopped(job, refused.code, dict(refused.facts))
        except Unreadable as unreadable:
            self._settle(job.with_(state=State.COLUMNS, why=(unreadable.code, dict(unreadable.facts))))
        except Exception:
            log.exception("import.failed", job=job.id)
            self._stopped(job, "failed", {})

    async def _send(self, job: Job, roster: Roster, token: str) -> None:
        def progress(done: int, total: int) -> None:
            self._now[job.id] = self._now[job.id].with_(done=done, total=total)

        dry_run = job.state is State.CHECKING
        if self._keys is None:
            self._keys = await asyncio.to_thread(Keys.of, self._settings)
        result = await import_roster(
            self._client(), token, self._keys, roster,
            batch_id=None if dry_run else job.batch_id, dry_run=dry_run, progress=progress,
        )  # fmt: skip
        done = self._now[job.id].with_(state=_DONE[job.state])
        await asyncio.to_thread(self.folder.keep_result, done, result)
        self._settle(done)
        log.info("import.done", job=job.id, state=done.state, rows=len(result.rows))

    def _stopped(self, job: Job, code: str, facts: Mapping[str, object]) -> None:
        self._settle(self._now[job.id].with_(why=(code, dict(facts))))

    def _settle(self, job: Job) -> None:
        self.folder.save(job)
        self._now[job.id] = job

    def _forget(self, job: Job) -> None:
        self._now.pop(job.id, None)
        for key in [key for key in self._read if key[0] == job.id]:
            del self._read[key]

    async def _stop(self, job_id: str) -> None:
        task = self._tasks.get(job_id)
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
