"""Any list as a sheet, as it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from io import BytesIO
from typing import Any
from urllib.parse import quote

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from starlette.responses import Response

from canlian_events.personal import Sealed
from canlian_web.language.formats import local
from canlian_web.language.i18n import Lang, Texts
from canlian_web.language.term_labels import say

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def sheet(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], lang: Lang) -> Response:
    """The rows as `<name>.xlsx` to download; codes in words, what is sealed said to be so."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.xlsx"}
    return Response(workbook(name, columns, rows, lang), media_type=XLSX, headers=headers)


def workbook(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], lang: Lang) -> bytes:
    book = Workbook(write_only=True)
    page = begun(book, name, columns)
    for row in rows:
        page.append([_cell(page, value, lang) for value in row])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def begun(book: Workbook, name: str, columns: Sequence[str]) -> Any:
    """A page with headings, which stay in sight, and no rows yet."""
    page = book.create_sheet(_title(name))
    page.freeze_panes = "A2"
    for number, column in enumerate(columns, start=1):
        page.column_dimensions[get_column_letter(number)].width = max(12, 2 * len(column) + 4)
    heads = [WriteOnlyCell(page, value=column) for column in columns]
    for head in heads:
        head.font = Font(bold=True)
    page.append(heads)
    return page


def is_formula(text: str) -> bool:
    """Whether a sheet program would take it for one."""
    return text.startswith(("=", "+", "-", "@", "\t", "\r"))


def _cell(page: Any, value: Any, lang: Lang) -> Any:
    plain = _plain(value, lang)
    cell = WriteOnlyCell(page, value=plain)
    if isinstance(plain, str):
        # text stays text: a sheet program must not take what somebody typed for a formula
        cell.data_type = "s"
        cell.quotePrefix = is_formula(plain)
    return cell


def _plain(value: Any, lang: Lang) -> Any:
    match value:
        case None:
            return None
        case Sealed():
            return Texts(lang).gettext("sealed")
        case bool() | Enum():
            return say(value, lang)
        case datetime():
            return local(value).replace(tzinfo=None)
        case date() | int() | float():
            return value
        case _:
            return ILLEGAL_CHARACTERS_RE.sub("", say(value, lang))


def _title(name: str) -> str:
    """Sheet programs refuse some characters and more than 31 in the name of a page."""
    return "".join(" " if character in "[]:*?/\\" else character for character in name)[:31] or "1"
