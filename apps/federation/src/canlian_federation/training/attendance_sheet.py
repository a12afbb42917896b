"""The list of those who came, as a sheet that was printed or filled in and is brought back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from canlian_sheets.reading import Cell, read_sheets

MOST = 5_000
"""Rows that are read; a sheet of ours has one a worker."""


@dataclass(slots=True)
class Marked:
    """Those marked as having come, in the sheet's order. `unknown` are marked rows without a number that we know.

    `headed` is off where no row names both columns.
    """

    workers: list[str] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    headed: bool = False


def read_marks(
    data: bytes, filename: str, number: Collection[str], came: Collection[str], known: Collection[str]
) -> Marked:
    """`number` and `came` are what the two columns may be called. Anything in `came` is a mark. Raises Unreadable."""
    found = Marked()
    for sheet in read_sheets(data, filename):
        for line, row in _numbered(sheet.rows()):
            if not found.headed:
                places = _columns(row, number, came)
                if places is not None:
                    found.headed = True
                    at_number, at_came = places
                continue
            if not _text(row, at_came):
                continue
            who = _text(row, at_number)
            if who in known:
                found.workers.append(who)
            else:
                found.unknown.append(line)
        break
    return found


def _numbered(rows: Iterator[Sequence[Cell]]) -> Iterator[tuple[int, Sequence[Cell]]]:
    for line, row in enumerate(rows, start=1):
        if line > MOST:
            return
        yield line, row


def _columns(row: Sequence[Cell], number: Collection[str], came: Collection[str]) -> tuple[int, int] | None:
    said = [str(cell).strip() for cell in row]
    at_number = next((at for at, text in enumerate(said) if text in number), None)
    at_came = next((at for at, text in enumerate(said) if text in came), None)
    return None if at_number is None or at_came is None else (at_number, at_came)


def _text(row: Sequence[Cell], at: int) -> str:
    return str(row[at]).strip() if at < len(row) else ""
