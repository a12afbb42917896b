"""The rows of a sheet that is brought in, on disk: read once, asked about in pages, and known again after a stop.

A sheet of a hundred thousand rows takes no more memory than one of a hundred. Values and cells are dropped from a row
as soon as nobody needs them: once it is brought in, and not refused.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal

from canlian_sheets.importer.results import ImportResult, Kind, RowOutcome
from canlian_sheets.outcomes import Accepted, Problem, Refused, Repeat
from canlian_sheets.roster import Reading, RosterPerson, RosterRow

Phase = Literal["tried", "done"]
"""What a dry run said, and what was brought in."""
MENDED = "mended"
_TOLD_EVERY = 1000

_TABLES = """
CREATE TABLE row (
    no INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT, value TEXT, cells TEXT, mended TEXT, problems TEXT,
    repeats INTEGER, person_id TEXT,
    tried TEXT, tried_reason TEXT, tried_facts TEXT, done TEXT, done_reason TEXT, done_facts TEXT
);
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_INDEXES = """
CREATE INDEX by_tried ON row (tried, no);
CREATE INDEX by_done ON row (done, no);
CREATE INDEX by_person ON row (person_id) WHERE person_id IS NOT NULL;
"""
_SHOWN = "no, kind, name, mended, problems, repeats"


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it is shown. `problems` are reasons with their facts, of the sheet's reader or of the registry."""

    row_no: int
    outcome: str
    name: str | None
    mended: Sequence[str]
    problems: Sequence[tuple[str, Mapping[str, Any]]]
    repeats: int | None
    """The earlier row that says the same."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the sheet as a whole."""

    sheet: str
    header: tuple[str, ...]
    columns: Mapping[str, int]
    dropped: int
    other_sheets: tuple[str, ...]


class RowStore:
    """One sheet's rows. Without a path it is in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        # the rows can be read from the sheet again, so a crash of the machine may lose the last of them
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA secure_delete=ON;")

    def close(self) -> None:
        self._db.close()

    def fill(self, reading: Reading, progress: Callable[[int], None] = lambda _: None) -> None:
        """All rows of the sheet, or none; `progress` is told now and then how many are read."""
        name_at = reading.recognised.columns.get("name")
        self._db.execute("BEGIN")
        try:
            for table in ("row", "about"):
                self._db.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in filter(str.strip, _TABLES.split(";")):
                self._db.execute(statement)
            self._db.executemany(
                "INSERT INTO row (no, kind, name, value, cells, mended, problems, repeats) VALUES (?,?,?,?,?,?,?,?)",
                (_written(row, name_at) for row in _counted(reading.rows, progress)),
            )
            for statement in filter(str.strip, _INDEXES.split(";")):
                self._db.execute(statement)
            about = {
                "sheet": reading.sheet,
                "header": reading.header,
                "columns": dict(reading.recognised.columns),
                "dropped": len(reading.dropped),
                "other_sheets": reading.other_sheets,
            }
            self._db.executemany("INSERT INTO about VALUES (?, ?)", ((k, _json(v)) for k, v in about.items()))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    @property
    def filled(self) -> bool:
        return bool(self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'by_person'").fetchone())

    def about(self) -> About:
        said = {name: json.loads(value) for name, value in self._db.execute("SELECT name, value FROM about")}
        return About(
            said["sheet"], tuple(said["header"]), said["columns"], said["dropped"], tuple(said["other_sheets"])
        )

    def total(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM row").fetchone()[0])

    def to_send(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM row WHERE kind = 'accepted'").fetchone()[0])

    def left(self, phase: Phase) -> int:
        """How many of those nothing was said of yet."""
        query = f"SELECT count(*) FROM row WHERE kind = 'accepted' AND {phase} IS NULL"
        return int(self._db.execute(query).fetchone()[0])

    def begin(self, phase: Phase) -> None:
        """What the reader refused is refused, and a repeat changes nothing, whatever the registry says of the rest."""
        self._db.execute(f"UPDATE row SET {phase} = 'refused' WHERE kind = 'refused' AND {phase} IS NULL")
        self._db.execute(f"UPDATE row SET {phase} = 'unchanged' WHERE kind = 'repeat' AND {phase} IS NULL")

    def forget(self, phase: Phase) -> None:
        self._db.execute(f"UPDATE row SET {phase} = NULL, {phase}_reason = NULL, {phase}_facts = NULL")

    def chunks(self, phase: Phase, size: int) -> list[tuple[int, int]]:
        """The rows that nothing was said of yet, as their first and last numbers, so many at a time."""
        waiting = self._db.execute(
            f"SELECT min(no), max(no) FROM (SELECT no, (row_number() OVER (ORDER BY no) - 1) / ? AS part FROM row "
            f"WHERE kind = 'accepted' AND {phase} IS NULL) GROUP BY part ORDER BY part",
            (size,),
        )
        return [(first, last) for first, last in waiting]

    def waiting(self, phase: Phase, first: int, last: int) -> list[tuple[int, RosterPerson]]:
        rows = self._db.execute(
            f"SELECT no, value FROM row WHERE kind = 'accepted' AND {phase} IS NULL AND no BETWEEN ? AND ? ORDER BY no",
            (first, last),
        )
        return [(no, _person(value)) for no, value in rows]

    def record(self, phase: Phase, outcomes: Iterable[tuple[RowOutcome, str]]) -> None:
        """What became of rows, each with the person it went to."""
        keep = ", value = value" if phase == "tried" else ", value = NULL"
        self._db.execute("BEGIN")
        self._db.executemany(
            f"UPDATE row SET person_id = ?, {phase} = ?, {phase}_reason = ?, {phase}_facts = ?{keep} WHERE no = ?",
            (
                (person_id, said.outcome, said.reason, _json(said.facts) if said.facts else None, said.row_no)
                for said, person_id in outcomes
            ),
        )
        if phase == "done":
            numbers = [said.row_no for said, _ in outcomes if said.outcome != "refused"]
            self._db.executemany("UPDATE row SET cells = NULL WHERE no = ?", ((no,) for no in numbers))
        self._db.execute("COMMIT")

    def counts(self, phase: Phase) -> dict[str, Any]:
        """`{"rows", "created", "updated", "unchanged", "refused": {reason: n}}`; the last four add up to the first."""
        kinds = dict(self._db.execute(f"SELECT {phase}, count(*) FROM row GROUP BY {phase}").fetchall())
        kinds.pop(None, None)
        reasons = self._db.execute(
            f"SELECT coalesce({phase}_reason, json_extract(problems, '$[0][0]')) AS reason, count(*) FROM row "
            f"WHERE {phase} = 'refused' GROUP BY reason ORDER BY count(*) DESC, min(no)"
        )
        return {
            "rows": sum(kinds.values()),
            **{kind: kinds.get(kind, 0) for kind in ("created", "updated", "unchanged")},
            "refused": dict(reasons.fetchall()),
        }

    def mended(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM row WHERE mended IS NOT NULL").fetchone()[0])

    def page(self, phase: Phase, which: str, start: int, size: int) -> list[StoredRow]:
        """In the sheet's order: those of one outcome, those that were mended, or all."""
        where, values = self._which(phase, which)
        rows = self._db.execute(
            f"SELECT {_SHOWN}, {phase}, {phase}_reason, {phase}_facts FROM row WHERE {where} "
            "ORDER BY no LIMIT ? OFFSET ?",
            (*values, size, start),
        )
        return [_shown(row) for row in rows]

    def number(self, phase: Phase, which: str) -> int:
        where, values = self._which(phase, which)
        return int(self._db.execute(f"SELECT count(*) FROM row WHERE {where}", values).fetchone()[0])

    def refused(self, phase: Phase) -> Iterator[Refused]:
        """The rows to give back, as they stood: those the reader refused, and those the registry did."""
        rows = self._db.execute(
            f"SELECT no, cells, problems, {phase}_reason, {phase}_facts FROM row WHERE {phase} = 'refused' ORDER BY no"
        )
        for no, cells, problems, reason, facts in rows:
            stood = tuple(json.loads(cells or "[]"))
            if reason:
                yield Refused(no, reason, json.loads(facts or "{}"), stood)
            else:
                first, facts_ = json.loads(problems)[0]
                yield Refused(no, first, facts_, stood, _others(problems))

    def refused_for(self, phase: Phase, reason: str, number: int) -> list[RowOutcome]:
        """The first that were refused for a reason, in the sheet's order."""
        rows = self._db.execute(
            f"SELECT no, coalesce({phase}_facts, json_extract(problems, '$[0][1]')) FROM row WHERE {phase} = 'refused' "
            f"AND coalesce({phase}_reason, json_extract(problems, '$[0][0]')) = ? ORDER BY no LIMIT ?",
            (reason, number),
        )
        return [RowOutcome(no, "refused", reason, json.loads(facts or "{}")) for no, facts in rows]

    def result(self, phase: Phase, import_id: str) -> ImportResult:
        """Everything at once, for what is small."""
        rows = self._db.execute(
            f"SELECT no, {phase}, coalesce({phase}_reason, json_extract(problems, '$[0][0]')), "
            f"coalesce({phase}_facts, json_extract(problems, '$[0][1]')), problems FROM row "
            f"WHERE {phase} IS NOT NULL ORDER BY no"
        )
        return ImportResult(
            import_id,
            tuple(
                RowOutcome(no, kind, reason, json.loads(facts or "{}"), _others(problems))
                for no, kind, reason, facts, problems in rows
            ),
        )

    def names_any(self, person_ids: Iterable[str]) -> bool:
        """Whether a row went to one of these persons."""
        query = "SELECT 1 FROM row WHERE person_id = ?"
        return any(self._db.execute(query, (person_id,)).fetchone() for person_id in person_ids)

    def _which(self, phase: Phase, which: str) -> tuple[str, tuple[str, ...]]:
        if which == MENDED:
            return "mended IS NOT NULL", ()
        return (f"{phase} = ?", (which,)) if which else ("TRUE", ())


def _others(problems: str | None) -> tuple[Problem, ...]:
    return tuple(Problem(*other) for other in json.loads(problems)[1:]) if problems else ()


def _counted(rows: Iterable[RosterRow], progress: Callable[[int], None]) -> Iterator[RosterRow]:
    for number, row in enumerate(rows, 1):
        yield row
        if number % _TOLD_EVERY == 0:
            progress(number)


def _written(row: RosterRow, name_at: int | None) -> tuple[Any, ...]:
    match row:
        case Accepted():
            mended = _json(row.mended) if row.mended else None
            return row.row_no, "accepted", row.value.name, _value(row.value), _json(row.cells), mended, None, None
        case Refused():
            problems = [(row.reason, row.facts), *((also.reason, also.facts) for also in row.also)]
            name = row.cells[name_at] if name_at is not None and name_at < len(row.cells) else None
            return row.row_no, "refused", name, None, _json(row.cells), None, _json(problems), None
        case Repeat():
            return row.row_no, "repeat", None, None, None, None, None, row.of_row_no


def _shown(row: tuple[Any, ...]) -> StoredRow:
    no, _, name, mended, problems, repeats, outcome, reason, facts = row
    said = [(reason, json.loads(facts or "{}"))] if reason else [(r, f) for r, f in json.loads(problems or "[]")]
    return StoredRow(no, outcome or "", name, json.loads(mended or "[]"), said, repeats)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


_FIELDS = tuple(field.name for field in fields(RosterPerson))
_DAYS = tuple(_FIELDS.index(name) for name in ("birth_date", "certificate_issued"))


def _value(person: RosterPerson) -> str:
    return _json([getattr(person, name) for name in _FIELDS])


def _person(value: str) -> RosterPerson:
    values = json.loads(value)
    for at in _DAYS:
        values[at] = values[at] and date.fromisoformat(values[at])
    return RosterPerson(*values)


__all__ = ["MENDED", "About", "Kind", "Phase", "RowStore", "StoredRow"]
