"""Refused rows as a sheet that a clerk mends and brings in again."""

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from canlian_sheets.columns import ROSTER, recognise
from canlian_sheets.giving_back import ADDED, refused_sheet
from canlian_sheets.made_up.subdistrict import make_sample
from canlian_sheets.outcomes import Refused
from canlian_sheets.roster import read_roster

TODAY = date(2026, 3, 1)
HEADER = [field.zh for field in ROSTER]


def test_what_is_given_back_is_refused_again_for_the_same_reasons(tmp_path: Path, places: dict[str, str]) -> None:
    make_sample(tmp_path, 400)
    first = read_roster((tmp_path / "roster.xlsx").read_bytes(), "roster.xlsx", places, TODAY)
    again = read_roster(refused_sheet(first.refused, first.header), "refused.xlsx", places, TODAY)
    assert [row.reason for row in again.rows if isinstance(row, Refused)] == [row.reason for row in first.refused]
    assert len(again.rows) == len(first.refused) > 0
    assert not again.recognised.unknown


def test_a_mended_row_is_accepted(
    lines: list[dict[str, Any]], places: dict[str, str], as_xlsx: Callable[..., bytes]
) -> None:
    wrong = [*(lines[0] | {"community": "别处"}).values()]
    titles = {field.name: field.zh for field in ROSTER}
    first = read_roster(as_xlsx([[titles[name] for name in lines[0]], wrong]), "r.xlsx", places, TODAY)
    book = load_workbook(io.BytesIO(refused_sheet(first.refused, first.header)))
    book.worksheets[0].cell(2, [*lines[0]].index("community") + 1).value = lines[0]["community"]
    buffer = io.BytesIO()
    book.save(buffer)
    (row,) = read_roster(buffer.getvalue(), "r.xlsx", places, TODAY).accepted
    assert row.value.citizen_id == lines[0]["citizen_id"]


def test_the_reason_stands_behind_the_row_in_both_languages() -> None:
    row = Refused(7, "unknown_community", {"value": "别处"}, ("别处", "安和平"))
    cells = [cell.value for cell in load_workbook(io.BytesIO(refused_sheet([row], ["社区", "姓名"]))).worksheets[0][2]]
    assert cells[:3] == ["别处", "安和平", "7"]
    assert "别处" in str(cells[3])
    assert "别处" in str(cells[4])
    assert "community" in str(cells[4])


def test_the_added_columns_are_passed_over() -> None:
    found = recognise(["姓名", *ADDED])
    assert found.columns == {"name": 0}
    assert not found.unknown


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.text(max_size=20) | st.sampled_from(["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "'"])
    )
)
def test_no_cell_becomes_a_formula_and_none_breaks_the_sheet(cells: list[str]) -> None:
    data = refused_sheet([Refused(2, "no_name", {}, tuple(cells))], HEADER)
    for row in load_workbook(io.BytesIO(data)).worksheets[0].iter_rows():
        for cell in row:
            assert cell.data_type in ("s", "n") if cell.value is None else cell.data_type in ("s", "inlineStr")
            assert cell.number_format == "@"


@pytest.mark.parametrize("text", ["=1+1", "-5", "42999919690706060551"])
def test_text_stays_as_it_was_typed(text: str) -> None:
    sheet = load_workbook(io.BytesIO(refused_sheet([Refused(2, "no_name", {}, (text,))], ["姓名"]))).worksheets[0]
    assert sheet.cell(2, 1).value == text


def test_a_sheet_given_back_twice_tells_only_of_the_last_time():
    given_back = Refused(2, "no_name", {}, ("幸福社区", "", "7", "旧原因", "old"))
    book = load_workbook(io.BytesIO(refused_sheet([given_back], ["社区", "姓名", *ADDED])))
    titles, cells = ([cell.value for cell in row] for row in book.worksheets[0].iter_rows())
    assert titles == ["社区", "姓名", *ADDED]
    assert cells[:3] == ["幸福社区", None, "2"]
    assert "旧原因" not in cells
