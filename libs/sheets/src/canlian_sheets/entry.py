"""One row while it is read: its cells by field, what was mended, what is wrong."""

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from canlian_events.registry.person import LONGEST_NAME
from canlian_sheets import cells
from canlian_sheets.cells import Mends, text_of
from canlian_sheets.outcomes import Accepted, Problem, Refused
from canlian_sheets.reading import Cell
from canlian_sheets.tables import Row

T = TypeVar("T")

LONGEST_TEXT = 1000


class Entry:
    def __init__(self, row: Row, columns: Mapping[str, int]) -> None:
        self._row = row
        self._columns = columns
        self.mended: list[str] = []
        self.problems: list[Problem] = []

    def cell(self, field: str) -> Cell:
        at = self._columns.get(field)
        return "" if at is None or at >= len(self._row.cells) else self._row.cells[at]

    def blank(self, field: str) -> bool:
        return cells.is_blank(self.cell(field))

    def shown(self, field: str) -> str:
        return text_of(self.cell(field))

    def mend(self, field: str, *mends: str) -> None:
        self.mended.extend(f"{field}.{mend}" for mend in mends)

    def refuse(self, reason: str, **facts: str | int) -> None:
        self.problems.append(Problem(reason, facts))

    def name(self, field: str) -> str | None:
        return self._bounded(self._noted(field, *cells.person_name(self.cell(field))), LONGEST_NAME)

    def text(self, field: str) -> str | None:
        return self._bounded(self._noted(field, *cells.free_text(self.cell(field))), LONGEST_TEXT)

    def phone(self, field: str) -> str | None:
        return self._noted(field, *cells.phone(self.cell(field)))

    def day(self, field: str) -> date | int | None:
        return self._noted(field, *cells.day(self.cell(field)))

    def yes_no(self, field: str) -> bool | None:
        """Blank, or neither: None. A word for neither is noted as left out."""
        answer = cells.yes_no(self.cell(field))
        if answer is None and not self.blank(field):
            self.mend(field, "left_out")
        return answer

    def refused(self) -> Refused:
        first, *others = self.problems
        return Refused(self._row.row_no, first.reason, first.facts, self._shown, tuple(others))

    def accepted(self, value: T) -> Accepted[T]:
        return Accepted(self._row.row_no, value, tuple(self.mended), self._shown)

    @property
    def _shown(self) -> tuple[str, ...]:
        return tuple(text_of(cell) for cell in self._row.cells)

    def _bounded(self, text: str | None, limit: int) -> str | None:
        if text is not None and len(text) > limit:
            self.refuse("too_long", value=text[:20], limit=limit)
        return text

    def _noted(self, field: str, value: T, mends: Mends) -> T:
        if mends:
            self.mend(field, *mends)
        return value
