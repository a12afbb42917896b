"""A job: one roster that somebody brings in, in a folder of its own, so that a tool that was killed knows it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from canlian_events.ids import new_id
from canlian_sheets.importer import ImportResult, RowOutcome

KEPT = timedelta(days=1)
"""The sheet is full of personal data: what nobody fetched within a day is gone."""


class State(StrEnum):
    COLUMNS = "columns"
    """The file is here; which column holds what is to be confirmed."""
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class Job:
    """`batch_id` makes an import that is resumed the same import. `why` is why it stopped: a code and its facts."""

    id: str
    owner: str
    filename: str
    begun: str
    batch_id: str
    state: State = State.COLUMNS
    today: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    """Name → code of the communities at the time of the check: the sheet reads the same ever after."""
    mapping: Mapping[str, int] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    why: tuple[str, Mapping[str, Any]] | None = None

    @classmethod
    def begin(cls, owner: str, filename: str) -> Job:
        batch_id = new_id("import")
        begun = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(new_id("job"), owner, filename, begun, batch_id)

    @property
    def at_work(self) -> bool:
        return self.state in (State.CHECKING, State.IMPORTING)

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.begun)

    @property
    def day(self) -> date:
        return date.fromisoformat(self.today)

    def with_(self, **changes: Any) -> Job:
        return replace(self, **changes)


class Folder:
    """The jobs on disk, readable by this system's account alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, job: Job, data: bytes) -> None:
        place = self._at(job.id)
        place.mkdir(parents=True, mode=0o700)
        self._root.chmod(0o700)
        (place / "sheet").write_bytes(data)
        self.save(job)

    def save(self, job: Job) -> None:
        _write(self._at(job.id) / "job.json", asdict(job))

    def load(self, job_id: str) -> Job | None:
        """None where there is no such job, or no longer."""
        path = self._at(job_id) / "job.json"
        if not job_id.startswith("job_") or not job_id.replace("_", "").isalnum() or not path.exists():
            return None
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Job(**kept | {"state": State(kept["state"]), "why": tuple(kept["why"]) if kept["why"] else None})

    def data(self, job: Job) -> bytes:
        return (self._at(job.id) / "sheet").read_bytes()

    def keep_result(self, job: Job, result: ImportResult) -> None:
        rows = [[row.row_no, row.outcome, row.reason, dict(row.facts)] for row in result.rows]
        _write(self._at(job.id) / f"{job.state}.json", {"batch_id": result.batch_id, "rows": rows})

    def result(self, job: Job) -> ImportResult | None:
        """What the job's last finished step said of each row."""
        path = self._at(job.id) / f"{job.state}.json"
        if not path.exists():
            return None
        kept = json.loads(path.read_text(encoding="utf-8"))
        return ImportResult(kept["batch_id"], tuple(RowOutcome(*row) for row in kept["rows"]))

    def all(self) -> list[Job]:
        """The newest first."""
        if not self._root.is_dir():
            return []
        found = (self.load(place.name) for place in self._root.iterdir())
        return sorted((job for job in found if job), key=lambda job: job.begun, reverse=True)

    def delete(self, job: Job) -> None:
        shutil.rmtree(self._at(job.id), ignore_errors=True)

    def forget_old(self, now: datetime) -> None:
        for job in self.all():
            if now - job.moment > KEPT:
                self.delete(job)

    def _at(self, job_id: str) -> Path:
        return self._root / job_id


def _write(path: Path, value: Any) -> None:
    """Whole or not at all, whenever the process ends."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(value, ensure_ascii=False, default=str), encoding="utf-8")
    os.replace(beside, path)
