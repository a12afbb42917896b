"""What became of a sheet: every row accepted, refused or a repeat, in the sheet's order."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from canlian_sheets.columns import Recognised
from canlian_sheets.reasons import FILE_REASONS, REASONS

T = TypeVar("T")

Facts = Mapping[str, str | int]


class Unreadable(ValueError):
    """The whole file is refused; `code` is a key of `reasons.FILE_REASONS`."""

    def __init__(self, code: str, **facts: str | int) -> None:
        if code not in FILE_REASONS:
            raise KeyError(code)
        super().__init__(code)
        self.code = code
        self.facts: Facts = facts


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused; `reason` is a key of `reasons.REASONS`."""

    reason: str
    facts: Facts

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise KeyError(self.reason)


@dataclass(frozen=True, slots=True)
class Accepted(Generic[T]):
    row_no: int
    """The number the spreadsheet program shows beside the row."""
    value: T
    mended: tuple[str, ...] = ()
    """`field.mend` for each slip mended; worded by `reasons.mend_words`."""
    cells: tuple[str, ...] = field(default=(), compare=False)
    """The row as it stood, for giving back where a service refuses it."""


@dataclass(frozen=True, slots=True)
class Refused:
    row_no: int
    reason: str
    facts: Facts
    cells: tuple[str, ...]
    """The row as it stood, for giving back."""
    also: tuple[Problem, ...] = ()
    """What else is wrong with it, so that one mending is enough."""


@dataclass(frozen=True, slots=True)
class Repeat:
    row_no: int
    of_row_no: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row that holds no entry: `total`, `header`, `title` or `note`. Blank rows are not listed."""

    row_no: int
    what: str


@dataclass(frozen=True)
class Outcome(Generic[T]):
    sheet: str
    header_row: int
    header: tuple[str, ...]
    recognised: Recognised
    rows: tuple[Accepted[T] | Refused | Repeat, ...]
    dropped: tuple[Dropped, ...] = ()
    other_sheets: tuple[str, ...] = ()
    """Further sheets that look like such a table and were not read."""

    @cached_property
    def accepted(self) -> tuple[Accepted[T], ...]:
        return tuple(row for row in self.rows if isinstance(row, Accepted))

    @cached_property
    def refused(self) -> tuple[Refused, ...]:
        return tuple(row for row in self.rows if isinstance(row, Refused))

    @cached_property
    def repeats(self) -> tuple[Repeat, ...]:
        return tuple(row for row in self.rows if isinstance(row, Repeat))

    @cached_property
    def refused_by_reason(self) -> dict[str, int]:
        return dict(Counter(row.reason for row in self.refused).most_common())
