"""A sheet that leaves while it is written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Sequence

import pytest
from openpyxl import load_workbook

from canlian_web.export.streamed_sheet import written

CHUNKS, SIZE = 40, 500
COLUMNS = ("姓名", "备注", "电话")


async def rows(taken: list[int], fails_at: int = CHUNKS) -> AsyncIterator[Sequence[Sequence[str]]]:
    for chunk in range(CHUNKS):
        if chunk == fails_at:
            raise ConnectionError
        taken.append(chunk)
        yield [(f"王{chunk}-{n}", "=1+1 <&>\x07 ", "") for n in range(SIZE)]


async def test_rows_leave_while_later_ones_are_not_taken_yet() -> None:
    taken: list[int] = []
    most, content = 0, b""
    first_left_after = None
    async for part in written("花名册", COLUMNS, rows(taken)):
        first_left_after = first_left_after or len(taken)
        most, content = max(most, len(part)), content + part
    assert first_left_after == 1
    assert most < len(content) / 5
    head, *lines = load_workbook(io.BytesIO(content)).worksheets[0].values
    assert (head, len(lines)) == (COLUMNS, CHUNKS * SIZE)
    assert lines[-1] == (f"王{CHUNKS - 1}-{SIZE - 1}", "=1+1 <&> ", None)
    cell = load_workbook(io.BytesIO(content)).worksheets[0]["B2"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


async def test_what_breaks_off_is_no_sheet() -> None:
    parts: list[bytes] = []

    async def take() -> None:
        async for part in written("花名册", COLUMNS, rows([], fails_at=3)):
            parts.append(part)

    with pytest.raises(ConnectionError):
        await take()
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(parts)))
