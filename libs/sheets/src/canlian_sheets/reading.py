"""From a file's bytes to sheets of cells, within bounds.

What a file is, is judged by its content and not by its name. Every refusal is `Unreadable`.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import partial
from typing import TypeVar

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from canlian_sheets.outcomes import Unreadable

T = TypeVar("T")

Cell = str | int | float | bool | date | time | timedelta
"""A date with a time is a `datetime`, which is a `date`; an empty cell is an empty string."""

MAX_FILE = 100 * 1024 * 1024
MAX_UNPACKED = 256 * 1024 * 1024
"""A sheet of MAX_ROWS rows of twenty columns takes about 180 MB of XML."""
MAX_RATIO = 120
"""Spreadsheet XML packs ten to forty times; a bomb packs a thousand times."""
MAX_ROWS = 200_000
MAX_COLUMNS = 100

_MB = 1024 * 1024
_CHUNK = 1024 * 1024
_HEADING_ROWS = 60
"""Rows allowed over MAX_ROWS, for titles and totals."""

# A cell far to the right or far down: reading lays the sheet out as a rectangle, so one stray cell can fill the memory.
_FAR_CELL = re.compile(rb'\br="((?:[A-Z]{3,}|[D-Z][A-Z]|C[W-Z])(?=\d)|[A-Z]{1,3}(?=\d{6,}"))(\d+)"[^<>]*>')
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


@dataclass(frozen=True)
class Sheet:
    name: str
    rows: Callable[[], Iterator[Sequence[Cell]]]
    """Each call starts at the sheet's first row."""
    merged: Mapping[tuple[int, int], tuple[int, int]]
    """First row and column of each merged range to its last, counted from 0."""


def read_sheets(data: bytes, filename: str = "") -> Iterator[Sheet]:
    """The visible sheets in order, each read only when it is asked for. `filename` names the one sheet of a .csv."""
    if not data.strip():
        raise Unreadable("empty_file")
    if len(data) > MAX_FILE:
        raise Unreadable("too_big", limit=MAX_FILE // _MB)
    if data.startswith(b"PK\x03\x04"):
        _check_package(data)
        return _workbook(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        _check_compound(data)
        return _workbook(data)
    return iter([_csv(data, filename)])


def _check_package(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = set(package.namelist())
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise Unreadable("macros")
            if "xl/workbook.xml" not in names:
                raise Unreadable("not_a_sheet", kind=_package_kind(names))
            _check_unpacked(package)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "encrypted" in str(error):
            raise Unreadable("locked") from None
        raise Unreadable("broken") from error
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise Unreadable("broken") from error
        raise


def _package_kind(names: set[str]) -> str:
    for member, kind in (("word/document.xml", "docx"), ("ppt/presentation.xml", "pptx"), ("xl/workbook.bin", "xlsb")):
        if member in names:
            return kind
    return "ods" if "content.xml" in names else "zip"


def _check_unpacked(package: zipfile.ZipFile) -> None:
    """Unpack every member once, counting: the sizes a package declares may be untrue."""
    total = 0
    for member in package.infolist():
        size, tail = 0, b""
        is_sheet = member.filename.startswith("xl/worksheets/")
        with package.open(member) as unpacking:
            while chunk := unpacking.read(_CHUNK):
                size += len(chunk)
                if total + size > MAX_UNPACKED:
                    raise Unreadable("unpacks_too_big")
                if size > 10 * _MB and size > MAX_RATIO * max(member.compress_size, 1):
                    raise Unreadable("unpacks_too_big")
                if is_sheet:
                    window = tail + chunk
                    _check_extent(window)
                    tail = window[-200:]
        total += size


def _check_extent(xml: bytes) -> None:
    for match in _FAR_CELL.finditer(xml):
        if match[0].endswith(b"/>"):
            continue  # formatted and empty: not laid out
        if int(match[2]) > MAX_ROWS + _HEADING_ROWS:
            raise Unreadable("too_many_rows", limit=MAX_ROWS)
        if len(match[1]) > 1 and _column_number(match[1]) > MAX_COLUMNS:
            raise Unreadable("too_wide", limit=MAX_COLUMNS)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _check_compound(data: bytes) -> None:
    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in data

    if holds("EncryptedPackage"):
        raise Unreadable("locked")
    if holds("_VBA_PROJECT"):
        raise Unreadable("macros")
    if not (holds("Workbook") or holds("Book")):
        raise Unreadable("not_a_sheet", kind="doc")


def _workbook(data: bytes) -> Iterator[Sheet]:
    book = _guarded(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)))
    for about in book.sheets_metadata:
        if about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible:
            yield _sheet(_guarded(partial(book.get_sheet_by_name, about.name)))


def _guarded(read: Callable[[], T]) -> T:
    """The reader's own errors, and its panics, which are not `Exception`s, as ours."""
    try:
        return read()
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if isinstance(error, MemoryError):
            raise
        code = "locked" if "password" in str(error).lower() else "broken"
        raise Unreadable(code) from error


def _sheet(sheet: CalamineSheet) -> Sheet:
    if sheet.total_height > MAX_ROWS + _HEADING_ROWS:
        raise Unreadable("too_many_rows", limit=MAX_ROWS)
    first_column = sheet.start[1] if sheet.start else 0
    if first_column + sheet.width > MAX_COLUMNS:
        raise Unreadable("too_wide", limit=MAX_COLUMNS)
    before: list[Cell] = [""] * first_column

    def rows() -> Iterator[Sequence[Cell]]:
        return (before + row for row in sheet.iter_rows()) if before else sheet.iter_rows()

    return Sheet(sheet.name, rows, dict(sheet.merged_cell_ranges or ()))


def _csv(data: bytes, filename: str) -> Sheet:
    _check_text(data)
    text = _decoded(data)
    if _CONTROL.search(text):
        raise Unreadable("not_a_sheet", kind="?")
    head = text[:20_000]
    delimiter = max(",\t;，", key=head.count)

    def rows() -> Iterator[Sequence[Cell]]:
        try:
            for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)):
                if number >= MAX_ROWS + _HEADING_ROWS:
                    raise Unreadable("too_many_rows", limit=MAX_ROWS)
                if len(row) > MAX_COLUMNS and any(row[MAX_COLUMNS:]):
                    raise Unreadable("too_wide", limit=MAX_COLUMNS)
                yield row
        except csv.Error as error:
            raise Unreadable("broken") from error

    return Sheet(filename.rpartition("/")[2], rows, {})


def _check_text(data: bytes) -> None:
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"%pdf"):
        raise Unreadable("not_a_sheet", kind="PDF")
    if head.startswith(b"<"):
        raise Unreadable("not_a_sheet", kind="HTML/XML")


def _decoded(data: bytes) -> str:
    encodings = ["utf-8-sig", "gb18030"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("not_a_sheet", kind="?")
