"""A job: one roster that somebody brings in, in a folder of its own, so that a tool that was killed knows it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from canlian_events.ids import new_id
from canlian_sheets.importer import RowStore, Wanted

KEPT = timedelta(days=1)
"""The sheet is full of personal data: what nobody fetched within a day is gone."""

TOLD = timedelta(days=30)
"""How long whoever chose a sheet that had to go is told so."""

REMEMBERED = 200
"""Shapes of sheets whose columns were chosen by hand."""


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
    read: int = 0
    """Rows read of the sheet, while it is read."""
    since: float = 0.0
    """When the step at work began to send rows (Unix seconds), and how many were done before."""
    before: int = 0
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

    def rate(self, now: float) -> float:
        """Rows a second since the step began; 0 until that can be told."""
        seconds = now - self.since
        return (self.done - self.before) / seconds if self.since and seconds >= 1 else 0.0

    def seconds_left(self, now: float) -> float | None:
        rate = self.rate(now)
        return (self.total - self.done) / rate if rate else None

    def with_(self, **changes: Any) -> Job:
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Gone:
    """A sheet that was dropped because of an erasure: nothing of what was in it, nor its name, which may be somebody's.

    `named`: a row went to whoever was erased; else nobody had read it yet, so that it might have named them.
    """

    job_id: str
    owner: str
    begun: str
    at: str
    named: bool

    @property
    def chosen(self) -> datetime:
        return datetime.fromisoformat(self.begun)

    @property
    def dropped(self) -> datetime:
        return datetime.fromisoformat(self.at)


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

    def sheet(self, job: Job) -> Path:
        return self._at(job.id) / "sheet"

    def data(self, job: Job) -> bytes:
        return self.sheet(job).read_bytes()

    def drop_sheet(self, job: Job) -> None:
        """What was brought in is needed no more; refused rows are kept beside, to be given back."""
        self.sheet(job).unlink(missing_ok=True)

    def wanted(self, job: Job) -> Wanted:
        place = self._at(job.id)
        mapping = dict(job.mapping) or None
        return Wanted(str(self.sheet(job)), job.filename, str(place / "rows.db"), dict(job.places), job.today, mapping)

    def drop_rows(self, job: Job) -> None:
        for path in self._at(job.id).glob("rows.db*"):
            path.unlink(missing_ok=True)

    def has_rows(self, job: Job) -> bool:
        return (self._at(job.id) / "rows.db").exists()

    def store(self, job: Job) -> RowStore:
        return RowStore(self._at(job.id) / "rows.db")

    def remember(self, header: Sequence[str], mapping: Mapping[str, int]) -> None:
        """The columns as somebody chose them, for the next sheet with these headings. Only a hash of those is kept."""
        known = self._mappings()
        known.pop(_shape(header), None)
        known[_shape(header)] = dict(mapping)
        self._root.mkdir(parents=True, mode=0o700, exist_ok=True)
        _write(self._root / "mappings.json", dict(list(known.items())[-REMEMBERED:]))

    def remembered(self, header: Sequence[str]) -> dict[str, int]:
        return self._mappings().get(_shape(header), {})

    def _mappings(self) -> dict[str, dict[str, int]]:
        path = self._root / "mappings.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def all(self) -> list[Job]:
        """The newest first."""
        if not self._root.is_dir():
            return []
        found = (self.load(place.name) for place in self._root.iterdir() if place.is_dir())
        return sorted((job for job in found if job), key=lambda job: job.begun, reverse=True)

    def delete(self, job: Job) -> None:
        shutil.rmtree(self._at(job.id), ignore_errors=True)

    def forget_old(self, now: datetime) -> None:
        for job in self.all():
            if now - job.moment > KEPT:
                self.delete(job)
        told = self.gone()
        if any(now - one.dropped > TOLD for one in told):
            self._tell([one for one in told if now - one.dropped <= TOLD])

    def forget_erased(self, erased: Mapping[str, datetime], now: datetime) -> None:
        """Delete every sheet that names somebody who was erased, and what may: one not read yet, chosen before that.

        Whoever chose it is told when and why.
        """
        for job in self.all():
            unread = job.state is State.COLUMNS or not self.has_rows(job)
            if unread:
                gone = any(job.moment <= moment for moment in erased.values())
            else:
                store = self.store(job)
                gone = store.names_any(erased)
                store.close()
            if gone:
                at = now.isoformat(timespec="seconds")
                self._tell([Gone(job.id, job.owner, job.begun, at, not unread), *self.gone()])
                self.delete(job)

    def gone(self, owner: str | None = None) -> list[Gone]:
        """What was dropped because of an erasure, of one owner or of all; the latest first."""
        path = self._root / "gone.json"
        told = [Gone(**one) for one in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []
        return [one for one in told if owner in (None, one.owner)]

    def _tell(self, gone: Sequence[Gone]) -> None:
        _write(self._root / "gone.json", [asdict(one) for one in gone])

    def _at(self, job_id: str) -> Path:
        return self._root / job_id


def _shape(header: Sequence[str]) -> str:
    return sha256("\n".join(header).encode()).hexdigest()


def _write(path: Path, value: Any) -> None:
    """Whole or not at all, whenever the process ends."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(value, ensure_ascii=False, default=str), encoding="utf-8")
    os.replace(beside, path)
