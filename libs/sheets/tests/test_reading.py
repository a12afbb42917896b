"""Which files are read, and which are refused with a reason."""

import contextlib
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from canlian_sheets import reading, tables
from canlian_sheets.columns import ROSTER
from canlian_sheets.outcomes import Unreadable
from canlian_sheets.roster import read_roster

TODAY = date(2026, 3, 1)
HERE = Path(__file__).parent
Write = Callable[..., bytes]
HEADER = [field.zh for field in ROSTER]
HEADING = (",".join(HEADER) + "\r\n").encode()


def code(data: bytes, filename: str = "roster.xlsx") -> str:
    with pytest.raises(Unreadable) as caught:
        read_roster(data, filename, {"梧桐社区": "429999002001"}, TODAY)
    return caught.value.code


def rows_of(lines: list[dict[str, Any]]) -> list[list[Any]]:
    return [HEADER, *([line[field.name] for field in ROSTER] for line in lines)]


def repacked(data: bytes, member: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != member:
                new.writestr(name, old.read(name))
        new.writestr(member, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ","), ("gb18030", ","), ("gb18030", "\t"), ("utf-16", "\t"), ("utf-8", ";")],
)
def test_csv_files_of_every_usual_kind_say_the_same_as_xlsx(
    encoding: str, delimiter: str, lines: list[dict[str, Any]], places: dict[str, str], as_csv: Write, as_xlsx: Write
) -> None:
    from_csv = read_roster(as_csv(rows_of(lines), encoding, delimiter), "r.csv", places, TODAY)
    from_xlsx = read_roster(as_xlsx(rows_of(lines)), "r.xlsx", places, TODAY)
    assert [row.value for row in from_csv.accepted] == [row.value for row in from_xlsx.accepted]
    assert len(from_csv.accepted) == len(lines)


def test_old_xls_files_are_read() -> None:
    data = (HERE / "data" / "roster.xls").read_bytes()
    (row,) = read_roster(data, "roster.xls", {"梧桐社区": "429999002001"}, TODAY).accepted
    assert row.value.certificate_number == "42999919690706060551"
    assert row.value.birth_date == date(1969, 7, 6)
    assert (row.value.phone, row.row_no) == ("19900000001", 3)


def test_the_name_of_a_file_does_not_matter(
    lines: list[dict[str, Any]], places: dict[str, str], as_xlsx: Write
) -> None:
    assert len(read_roster(as_xlsx(rows_of(lines)), "roster.csv", places, TODAY).accepted) == len(lines)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "empty_file"),
        (b" \r\n\r\n ", "empty_file"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "not_a_sheet"),
        (b"\xef\xbb\xbf<html><table><tr><td>x</td></tr></table></html>", "not_a_sheet"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not_a_sheet"),
        (b"PK\x03\x04 and then nothing of the kind", "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_a_sheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") + bytes(600), "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "locked"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT_CUR".encode("utf-16-le"), "macros"),
        ("你好，世界".encode(), "no_table"),
        (b",,,\r\n,,,", "empty_file"),
    ],
)
def test_what_is_not_a_sheet_is_refused_with_its_reason(data: bytes, wanted: str) -> None:
    assert code(data) == wanted


def test_an_empty_sheet_is_refused(as_xlsx: Write) -> None:
    assert code(as_xlsx([])) == "empty_file"


def test_a_sheet_of_something_else_is_refused(as_xlsx: Write) -> None:
    assert code(as_xlsx([["日期", "天气"], ["今天", "晴"]])) == "no_table"


def test_a_file_with_macros_is_refused(as_xlsx: Write) -> None:
    assert code(repacked(as_xlsx([HEADER]), "xl/vbaProject.bin", b"...")) == "macros"


@pytest.mark.parametrize(("member", "kind"), [("word/document.xml", "docx"), ("content.xml", "ods")])
def test_another_kind_of_document_is_named(member: str, kind: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(member, "<x/>")
    with pytest.raises(Unreadable) as caught:
        read_roster(buffer.getvalue(), "x.xlsx", {}, TODAY)
    assert (caught.value.code, caught.value.facts["kind"]) == ("not_a_sheet", kind)


def test_a_cut_off_file_is_broken(as_xlsx: Write) -> None:
    assert code(as_xlsx([HEADER])[:-300]) == "broken"


def test_a_damaged_sheet_is_broken(as_xlsx: Write) -> None:
    assert code(repacked(as_xlsx([HEADER]), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row")) in (
        "broken",
        "empty_file",
    )


def test_a_zip_bomb_is_refused_before_it_is_unpacked_in_memory(as_xlsx: Write) -> None:
    assert code(repacked(as_xlsx([HEADER]), "xl/sharedStrings.xml", bytes(20 * 1024 * 1024))) == "unpacks_too_big"


def test_the_unpacked_whole_is_bounded(monkeypatch: pytest.MonkeyPatch, as_xlsx: Write) -> None:
    monkeypatch.setattr(reading, "MAX_UNPACKED", 1000)
    assert code(as_xlsx([HEADER])) == "unpacks_too_big"


def test_a_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch, as_xlsx: Write) -> None:
    monkeypatch.setattr(reading, "MAX_FILE", 100)
    assert code(as_xlsx([HEADER])) == "too_big"


def far_cell(data: bytes, cell: str, value: str | None) -> bytes:
    book = load_workbook(io.BytesIO(data))
    target = book.worksheets[0][cell]
    target.value = value
    target.number_format = "@"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [("A1048576", "too_many_rows"), ("S200061", "too_many_rows"), ("XFD2", "too_wide"), ("CW2", "too_wide")],
)
def test_one_stray_cell_far_away_is_refused_before_the_sheet_is_laid_out(
    cell: str, wanted: str, as_xlsx: Write
) -> None:
    with pytest.raises(Unreadable) as caught:
        reading.read_sheets(far_cell(as_xlsx([HEADER]), cell, "x"))
    assert caught.value.code == wanted


def test_the_widest_sheet_still_taken_has_a_hundred_columns(
    lines: list[dict[str, Any]], places: dict[str, str], as_xlsx: Write
) -> None:
    data = far_cell(as_xlsx(rows_of(lines)), "CV2", "x")
    assert len(read_roster(data, "r.xlsx", places, TODAY).accepted) == len(lines)


def test_far_cells_that_are_only_formatted_do_no_harm(
    lines: list[dict[str, Any]], places: dict[str, str], as_xlsx: Write
) -> None:
    data = far_cell(far_cell(as_xlsx(rows_of(lines)), "A1048576", None), "XFD2", None)
    assert len(read_roster(data, "r.xlsx", places, TODAY).accepted) == len(lines)


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch, as_csv: Write, as_xlsx: Write) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 100)
    monkeypatch.setattr(tables, "MAX_ROWS", 100)
    rows = [HEADER, *[["x"] * len(HEADER)] * 300]
    assert code(as_csv(rows), "r.csv") == "too_many_rows"
    assert code(as_xlsx(rows)) == "too_many_rows"
    assert code(as_xlsx(rows[:110])) == "too_many_rows"


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1Workbook", HEADING])
)
def test_any_bytes_are_read_or_refused(tail: bytes, head: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert read_roster(head + tail, "x", {}, TODAY).rows


CELLS = st.one_of(
    st.none(), st.text(max_size=30), st.integers(-(10**20), 10**20), st.floats(), st.booleans(), st.dates(), st.times()
)


@settings(max_examples=100, deadline=None)
@given(row=st.lists(CELLS, min_size=len(HEADER), max_size=len(HEADER)))
def test_any_cells_are_read_or_refused(row: list[Any], as_xlsx: Write) -> None:
    clean = [
        re.sub(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]", "", cell) if isinstance(cell, str) else cell for cell in row
    ]
    with contextlib.suppress(Unreadable):
        assert not read_roster(as_xlsx([HEADER, clean]), "x", {}, TODAY).accepted


def test_a_damaged_package_never_raises_anything_else(lines: list[dict[str, Any]], as_xlsx: Write) -> None:
    whole = as_xlsx(rows_of(lines))
    for at in range(0, len(whole), 97):
        damaged = whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :]
        with contextlib.suppress(Unreadable):
            read_roster(damaged, "x", {}, TODAY)


def test_a_cell_of_enormous_length_is_answered_at_once(
    lines: list[dict[str, Any]], places: dict[str, str], as_csv: Write
) -> None:
    for field, filler in (
        ("birth_date", " "),
        ("birth_date", "9"),
        ("community", "街道"),
        ("name", "安"),
        ("note", "（"),
    ):
        rows = rows_of([lines[0] | {field: "2" + filler * 40_000 + "x"}])
        (row,) = read_roster(as_csv(rows), "r.csv", places, TODAY).refused
        assert row.reason in ("bad_birth", "unknown_community", "too_long")
    assert code(as_csv([["（" * 100_000, "x"]]), "r.csv") == "no_table"


def test_a_wide_csv_is_refused(as_csv: Write) -> None:
    assert code(as_csv([HEADER + [""] * 90 + ["x"]]), "r.csv") == "too_wide"
