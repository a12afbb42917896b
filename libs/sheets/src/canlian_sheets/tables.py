"""Find the table in a file: its header row, its entries, and what is neither."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from canlian_sheets.cells import text_of
from canlian_sheets.columns import Field, Recognised, recognise, with_mapping
from canlian_sheets.outcomes import Dropped, Unreadable
from canlian_sheets.reading import MAX_ROWS, Cell, Sheet, read_sheets

_SHOWN = 200
"""Characters of a cell that a preview shows."""
_SEARCHED_ROWS = 50
"""A header row further down than this is not looked for."""
_TOTAL = re.compile(r"(本页)?(合计|总计|小计|共计|总数|总人数|合计人数)")
_NOTE = re.compile(
    r"(注|说明|备注|填报|填表|制表|审核|复核|负责|联系|单位|日期|打印|经办|签字|盖章|第.{1,5}页)[^:：]{0,8}[:：]?"
)


@dataclass(frozen=True, slots=True)
class Row:
    row_no: int
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Table:
    sheet: Sheet
    header_row: int
    """As the spreadsheet program numbers it, from 1."""
    header: tuple[str, ...]
    recognised: Recognised
    other_sheets: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What a page shows before an import: the headings, what they were taken for, and a few entries."""

    sheet: str
    header_row: int
    header: tuple[str, ...]
    recognised: Recognised
    first_rows: tuple[tuple[str, ...], ...]
    other_sheets: tuple[str, ...]


def preview(data: bytes, filename: str, fields: Sequence[Field], mapping: Mapping[str, int] | None = None) -> Preview:
    """Never refuses for missing columns: `recognised.missing` names them, so that they can be mapped by hand."""
    table = find_table(data, filename, fields, mapping or {})
    below = islice(table.sheet.rows(), table.header_row, None)
    texts = (tuple(text_of(cell)[:_SHOWN] for cell in row) for row in below)
    shown = tuple(islice((row for row in texts if any(row)), 5))
    at = table.recognised
    header = tuple(heading[:_SHOWN] for heading in table.header)
    return Preview(table.sheet.name, table.header_row, header, at, shown, table.other_sheets)


def find_complete_table(
    data: bytes, filename: str, fields: Sequence[Field], mapping: Mapping[str, int] | None
) -> Table:
    """As `find_table`, refusing one that lacks a needed column."""
    table = find_table(data, filename, fields, mapping)
    if table.recognised.missing:
        missing = "、".join(field.heading for field in fields if field.name in table.recognised.missing)
        raise Unreadable("missing_columns", missing=missing)
    return table


def find_table(data: bytes, filename: str, fields: Sequence[Field], mapping: Mapping[str, int] | None = None) -> Table:
    """The first sheet whose header row names every needed column, else the one that names most.

    With a mapping by hand, even an empty one, a sheet whose header row names none of them will do.
    """
    found: list[Table] = []
    blank = True
    for sheet in read_sheets(data, filename):
        top = list(islice(sheet.rows(), _SEARCHED_ROWS))
        blank = blank and not any(text_of(cell) for row in top for cell in row)
        header_at = _header_at(top, fields, by_hand=mapping is not None)
        if header_at is not None:
            header = _trimmed(top[header_at])
            recognised = with_mapping(recognise(header, fields), mapping or {}, fields)
            found.append(Table(sheet, header_at + 1, header, recognised, ()))
    if blank:
        raise Unreadable("empty_file")
    if not found:
        raise Unreadable("no_table", wanted="、".join(field.heading for field in fields if field.needed))
    best = min(found, key=lambda table: (len(table.recognised.missing), -len(table.recognised.columns)))
    best = next((table for table in found if not table.recognised.missing), best)
    others = tuple(t.sheet.name for t in found if t is not best and not t.recognised.missing)
    return Table(best.sheet, best.header_row, best.header, best.recognised, others)


def entries(table: Table, keys: Sequence[str], dropped: list[Dropped]) -> Iterator[Row]:
    """The rows under the header that hold an entry; the others, unless blank, are noted in `dropped`.

    `keys` are the fields of which every entry has at least one: a total or a note has none of them.
    """
    columns = table.recognised.columns
    key_columns = [columns[name] for name in keys if name in columns]
    fills = _Fills(table)
    count = 0
    for index, as_read in enumerate(table.sheet.rows()):
        if index <= fills.header_bottom:
            continue
        cells = fills.filled(index, as_read)
        what = _no_entry(cells, table, key_columns, fills.is_wide(index))
        if what is None:
            count += 1
            if count > MAX_ROWS:
                raise Unreadable("too_many_rows", limit=MAX_ROWS)
            yield Row(index + 1, cells)
        elif what != "blank":
            dropped.append(Dropped(index + 1, what))
    if not count:
        raise Unreadable("no_rows")


def _header_at(top: Sequence[Sequence[Cell]], fields: Sequence[Field], *, by_hand: bool) -> int | None:
    scores = [len(recognise(row, fields).columns) for row in top]
    best = max(scores, default=0)
    if best >= 2 or (best and by_hand):
        return scores.index(best)
    wordy = [sum(_is_word(cell) for cell in row) for row in top]
    most = max(wordy, default=0)
    return wordy.index(most) if by_hand and most >= 2 else None


def _is_word(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.strip() != "" and not any(character.isdigit() for character in cell)


def _trimmed(row: Sequence[Cell]) -> tuple[str, ...]:
    texts = [text_of(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _no_entry(cells: Sequence[Cell], table: Table, key_columns: Sequence[int], wide: bool) -> str | None:
    """What a row is that holds no entry, else None. When in doubt it is an entry: that is answered, not passed over."""
    filled = [at for at, cell in enumerate(cells) if cell != "" and text_of(cell)]
    if not filled:
        return "blank"
    if _is_header(cells, table):
        return "header"
    keyed = [at for at in key_columns if at in filled]
    if not _long(cells, keyed):
        texts = [unicodedata.normalize("NFKC", text_of(cells[at])).replace(" ", "") for at in filled[:6]]
        if any(_TOTAL.match(text) for text in texts):
            return "total"
        if wide and len(filled) <= 2:
            return "title"
        if len(filled) <= 4 and any(_NOTE.match(text) and (":" in text or len(filled) == 1) for text in texts):
            return "note"
    if not any(at in table.recognised.columns.values() for at in filled):
        return "blank"  # numbered in advance, and left empty
    return "title" if len(filled) == 1 and not keyed else None


def _long(cells: Sequence[Cell], columns: Sequence[int]) -> bool:
    """Whether one of the cells may be somebody's number, and so the row an entry whatever else it says."""
    return any(sum(character.isdigit() for character in text_of(cells[at])) >= 10 for at in columns)


def _is_header(cells: Sequence[Cell], table: Table) -> bool:
    columns = table.recognised.columns
    same = sum(
        text_of(cells[at]) == table.header[at] for at in columns.values() if at < min(len(cells), len(table.header))
    )
    return same >= 2 and same * 2 > len(columns)


class _Fills:
    """Cells merged down over several entries hold one value for all of them; across, they are a title."""

    def __init__(self, table: Table) -> None:
        self.header_bottom = table.header_row - 1
        self._starts: dict[int, list[tuple[int, int]]] = {}
        self._wide: set[int] = set()
        self._active: dict[int, tuple[int, Cell]] = {}
        for (top, left), (bottom, right) in table.sheet.merged.items():
            if top < table.header_row:
                self.header_bottom = max(self.header_bottom, min(bottom, table.header_row + 2))
            elif right > left:
                self._wide.add(top)
            else:
                self._starts.setdefault(top, []).append((left, bottom))

    def is_wide(self, index: int) -> bool:
        return index in self._wide

    def filled(self, index: int, cells: Sequence[Cell]) -> Sequence[Cell]:
        for column, bottom in self._starts.get(index, ()):
            if column < len(cells):
                self._active[column] = (bottom, cells[column])
        if not self._active:
            return cells
        filled = list(cells)
        for column, (bottom, value) in list(self._active.items()):
            if index > bottom:
                del self._active[column]
            elif filled[column] == "":
                filled[column] = value
        return filled
