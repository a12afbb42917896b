"""The refused rows as a sheet, for a clerk to mend and bring in again."""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from canlian_sheets.outcomes import Facts, Refused
from canlian_sheets.reasons import reason_words

ADDED = ("原行号", "退回原因", "Reason")
"""The columns behind the original ones; reading the sheet passes over them."""

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_CELL_LIMIT = 32_767


Words = Callable[[str, Facts], tuple[str, str]]


def refused_sheet(refused_rows: Iterable[Refused], header: Sequence[str], words: Words = reason_words) -> bytes:
    """An .xlsx of the rows as they stood, each with its reasons; `words` gives a reason's Chinese and English.

    Every cell is text, so that long numbers keep their digits and nothing typed into a sheet runs as a formula. What
    was added to a sheet given back before is left out: it told of the rows as they were then.
    """
    kept = [at for at, title in enumerate(header) if title not in ADDED]
    titles = [header[at] for at in kept]
    book = Workbook(write_only=True)
    sheet = cast(Worksheet, book.create_sheet("退回"))
    sheet.freeze_panes = "A2"
    for column in range(1, len(titles) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 16
    for column in range(len(titles) + 2, len(titles) + 4):
        sheet.column_dimensions[get_column_letter(column)].width = 60
    sheet.append([_text(sheet, title, heading=True) for title in (*titles, *ADDED)])
    for row in refused_rows:
        stood = _fitted(row.cells, len(header))
        cells = [_text(sheet, stood[at]) for at in kept]
        cells += [_text(sheet, text, reason=True) for text in (str(row.row_no), *_reasons(row, words))]
        sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _reasons(row: Refused, words: Words) -> tuple[str, str]:
    wordings = [words(row.reason, row.facts), *(words(also.reason, also.facts) for also in row.also)]
    return "\n".join(chinese for chinese, _ in wordings), "\n".join(english for _, english in wordings)


def _fitted(cells: Sequence[str], width: int) -> list[str]:
    """As wide as the header: what stood to the right of it has no column to go to."""
    return [*cells[:width], *[""] * (width - len(cells))]


def _text(sheet: Worksheet, text: str, *, heading: bool = False, reason: bool = False) -> Cell:
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", text)[:_CELL_LIMIT] or None)
    if cell.value is not None:
        cell.data_type = "s"
    cell.number_format = "@"
    if text.startswith(_FORMULA_SIGNS):
        cell.quotePrefix = True  # keeps it text when the clerk edits the cell
    if heading:
        cell.font = Font(bold=True)
    if reason:
        cell.fill = PatternFill("solid", fgColor="FFF2CC")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
