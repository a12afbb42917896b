"""What became of an import: each row created, updated, unchanged or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from canlian_chassis.bus.client import Accepted as Done
from canlian_chassis.bus.client import Refused as No
from canlian_sheets.outcomes import Accepted, Outcome, Problem, Refused, Repeat

T = TypeVar("T")

Answer = Done | No
Kind = Literal["created", "updated", "unchanged", "refused"]


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """`reason` and `facts` only where it was refused: by the sheet's reader or by the service. `also` is what else the
    reader found wrong.
    """

    row_no: int
    outcome: Kind
    reason: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`batch_id` given to another run resumes this one: what was done is not done again."""

    batch_id: str
    rows: tuple[RowOutcome, ...]

    def counts(self) -> dict[str, Any]:
        """`{"rows", "created", "updated", "unchanged", "refused": {reason: n}}`; the last four add up to the first."""
        kinds = Counter(row.outcome for row in self.rows)
        reasons = Counter(row.reason or "?" for row in self.rows if row.outcome == "refused")
        return {
            "rows": len(self.rows),
            "created": kinds["created"],
            "updated": kinds["updated"],
            "unchanged": kinds["unchanged"],
            "refused": dict(reasons.most_common()),
        }


def refused_rows(sheet: Outcome[T], result: ImportResult) -> tuple[Refused, ...]:
    """The rows to give back, as they stood: those the reader refused, and those the service did."""
    said = {row.row_no: row for row in result.rows if row.outcome == "refused"}
    given_back: list[Refused] = []
    for row in sheet.rows:
        if isinstance(row, Refused):
            given_back.append(row)
        elif isinstance(row, Accepted) and (no := said.get(row.row_no)):
            given_back.append(Refused(row.row_no, no.reason or "?", no.facts, row.cells))
    return tuple(given_back)


class ImportInterrupted(No):
    """The import stopped on the way: `code` and `facts` say why, `done` what became of the rows up to there.

    Nothing is half done: run it again, with `done.batch_id` or without.
    """

    def __init__(self, why: No, done: ImportResult) -> None:
        super().__init__(why.code, why.facts)
        self.done = done


def outcome_of(row_no: int, answers: Iterable[Answer], creates: str) -> RowOutcome:
    answers = tuple(answers)
    refused = next((answer for answer in answers if isinstance(answer, No)), None)
    if refused:
        return RowOutcome(row_no, "refused", refused.code, refused.facts)
    events = {event.name for answer in answers if isinstance(answer, Done) for event in answer.events}
    return RowOutcome(row_no, "created" if creates in events else "updated" if events else "unchanged")


class Rows:
    """The outcomes as they come in, given back in the sheet's order."""

    def __init__(self, batch_id: str, sheet: Outcome[T]) -> None:
        self._batch_id = batch_id
        self._known: dict[int, RowOutcome] = {}
        for row in sheet.rows:
            match row:
                case Refused():
                    self._known[row.row_no] = RowOutcome(row.row_no, "refused", row.reason, row.facts, row.also)
                case Repeat():
                    self._known[row.row_no] = RowOutcome(row.row_no, "unchanged")
                case Accepted():
                    pass  # the service will say

    def put(self, row_no: int, answers: Iterable[Answer], creates: str) -> None:
        """From what the service answered to a row's commands; `creates` is the event that begins something new."""
        self._known[row_no] = outcome_of(row_no, answers, creates)

    def result(self) -> ImportResult:
        return ImportResult(self._batch_id, tuple(self._known[row_no] for row_no in sorted(self._known)))
