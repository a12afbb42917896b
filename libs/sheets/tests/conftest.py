"""Sheets made for the tests: a plain roster, and ways to write it as files."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from openpyxl import Workbook

from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.made_up.subdistrict import roster_line

Rows = Sequence[Sequence[Any]]


def xlsx(rows: Rows, merges: Sequence[str] = (), title: str = "名册", before: Sequence[str] = ()) -> bytes:
    """`before` are empty sheets in front of it."""
    book = Workbook()
    for name in (*before, title):
        book.create_sheet(name)
    book.remove(book.worksheets[0])
    sheet = book[title]
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if value is not None:
                sheet.cell(number, column, value)
    for merge in merges:
        sheet.merge_cells(merge)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def csv_bytes(rows: Rows, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode(encoding)


@pytest.fixture(scope="session")
def as_xlsx() -> Callable[..., bytes]:
    return xlsx


@pytest.fixture(scope="session")
def as_csv() -> Callable[..., bytes]:
    return csv_bytes


@pytest.fixture(scope="session")
def places() -> dict[str, str]:
    """Community name to code."""
    return {name: code for code, name in COMMUNITIES.items()}


@pytest.fixture(scope="session")
def lines() -> list[dict[str, Any]]:
    """Twelve people as roster rows, by field, without a slip."""
    return [roster_line(person) for person in made_up_people(12, 5, list(COMMUNITIES))]
