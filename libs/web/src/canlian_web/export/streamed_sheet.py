"""A long list as a sheet that leaves while it is written: of it no more is in memory than the rows at hand."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Iterable, Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter
from starlette.responses import StreamingResponse

from canlian_web.export.sheet import XLSX, begun, is_formula

_SHEET = "xl/worksheets/sheet1.xml"
_END = b"</sheetData>"


class _Leaving(io.RawIOBase):
    """What is written to it waits until it is taken; a package finds that it can't go back in it."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._waiting.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken


def streamed(name: str, columns: Sequence[str], rows: AsyncIterator[Iterable[Sequence[str]]]) -> StreamingResponse:
    """`<name>.xlsx`, of texts alone. Where taking the rows fails the download breaks off, and no program opens it."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.xlsx"}
    return StreamingResponse(written(name, columns, rows), media_type=XLSX, headers=headers)


async def written(
    name: str, columns: Sequence[str], rows: AsyncIterator[Iterable[Sequence[str]]]
) -> AsyncIterator[bytes]:
    """The sheet's bytes, as many rows at a time as are given together."""
    leaving, (parts, quoted) = _Leaving(), _empty(name, columns)
    with zipfile.ZipFile(leaving, "w", zipfile.ZIP_DEFLATED) as package:
        head, _, tail = parts.pop(_SHEET).partition(_END)
        for part, content in parts.items():
            package.writestr(part, content)
        with package.open(_SHEET, "w") as sheet:
            sheet.write(head)
            number = 2
            async for some in rows:
                text, number = await asyncio.to_thread(_rows, some, number, quoted)
                await asyncio.to_thread(sheet.write, text)
                if taken := leaving.taken():
                    yield taken
            sheet.write(_END + tail)
    yield leaving.taken()


def _empty(name: str, columns: Sequence[str]) -> tuple[dict[str, bytes], int]:
    """The parts of a workbook with nothing but headings, and which style keeps a text from being a formula."""
    book, content = Workbook(write_only=True), io.BytesIO()
    page = begun(book, name, columns)
    cell = WriteOnlyCell(page)
    cell.quotePrefix = True
    quoted: int = cell.style_id
    book.save(content)
    with zipfile.ZipFile(content) as package:
        return {part: package.read(part) for part in package.namelist()}, quoted


def _rows(rows: Iterable[Sequence[str]], number: int, quoted: int) -> tuple[bytes, int]:
    """The rows from this number on, and the number after the last."""
    said: list[str] = []
    for row in rows:
        cells = (_cell(f"{get_column_letter(at)}{number}", text, quoted) for at, text in enumerate(row, 1) if text)
        said.append(f'<row r="{number}">{"".join(cells)}</row>')
        number += 1
    return "".join(said).encode(), number


def _cell(place: str, text: str, quoted: int) -> str:
    style = f' s="{quoted}"' if is_formula(text) else ""
    plain = escape(ILLEGAL_CHARACTERS_RE.sub("", text))
    return f'<c r="{place}"{style} t="inlineStr"><is><t xml:space="preserve">{plain}</t></is></c>'
