"""What a cell says, and the slips of typing that can be mended without guessing.

Each reader gives the value and the names of the mends (keys of `reasons.MENDS`); None means that nothing is there
or that nothing can be read.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from math import isfinite

from canlian_events.numbers import normalise_number, read_phone
from canlian_sheets.reading import Cell

_BLANKS = frozenset(["无", "空", "不详", "未知", "暂无", "没有", "none", "null", "nan", "n/a"])
_STROKES = frozenset("-—/\\.、_")
_ERRORS = frozenset(["#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!"])
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MIDDLE_DOTS = re.compile(r"[・•‧∙⋅●.．]")
_BETWEEN_HAN = re.compile(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])")
_EXPONENT = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_EXACT_TO = 10**15
"""Spreadsheets keep 15 digits of a numeric value."""

_DAY = re.compile(r"([0-9]{4})\s*[-./年,、\s]\s*([0-9]{1,2})\s*[-./月,、\s]\s*([0-9]{1,2})\s*[日号]?(?:[\sT].*)?")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""As dates are asked for and given back: nothing to mend."""
_COMPACT_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_LONGEST_DAY = 40
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_EXCEL_DAYS = range(366, 73_051)
"""1901 to 2099: under that a number is more likely a slip than a day."""

Mends = tuple[str, ...]


class LostDigits(ValueError):
    """A long number that the spreadsheet kept as a numeric value."""


def text_of(cell: Cell) -> str:
    """The cell as its reader sees it: trimmed, a whole number without its decimal point, a date as ISO."""
    match cell:
        case str():
            return cell.strip()
        case bool():
            return "1" if cell else "0"
        case float() if cell.is_integer() and abs(cell) < _EXACT_TO:
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return str(cell)


def is_blank(cell: Cell) -> bool:
    """Nothing there, or what people write for nothing (无, /, 不详) and a formula's error."""
    text = _INVISIBLE.sub("", text_of(cell)).strip()
    return _STROKES.issuperset(text) or text.lower() in _BLANKS or text.lower() in _ERRORS


def free_text(cell: Cell) -> tuple[str | None, Mends]:
    """Addresses and notes: full-width punctuation is theirs and stays."""
    if is_blank(cell):
        return None, ()
    raw = text_of(cell)
    text = re.sub(r"\s+", " ", _INVISIBLE.sub("", raw)).strip().lstrip("'")
    return text or None, () if text == cell or not isinstance(cell, str) else ("spaces",)


def person_name(cell: Cell) -> tuple[str | None, Mends]:
    """A name without the spaces that line names up; the dot in names such as 阿依古丽·买买提 in one form."""
    if is_blank(cell):
        return None, ()
    raw = text_of(cell)
    wide = unicodedata.normalize("NFKC", raw)
    dotted = _MIDDLE_DOTS.sub("·", wide) if not wide.isascii() else wide
    name = _BETWEEN_HAN.sub("", re.sub(r"\s+", " ", _INVISIBLE.sub("", dotted)).strip().lstrip("'"))
    if name == cell:
        return name, ()
    mends = ["width"] if _has_width(raw) else []
    if len(name) != len(str(cell)):
        mends.append("spaces")
    return name or None, tuple(mends or ["wording"])


def long_number(cell: Cell) -> tuple[str | None, Mends]:
    """An ID or certificate number without what typing adds; raises `LostDigits`."""
    if is_blank(cell):
        return None, ()
    if isinstance(cell, float) and (abs(cell) >= _EXACT_TO or not cell.is_integer()):
        raise LostDigits
    raw = text_of(cell)
    plain = unicodedata.normalize("NFKC", raw).strip()
    if _EXPONENT.fullmatch(plain):
        raise LostDigits
    number = normalise_number(plain.removesuffix(".0"))
    if number == cell:
        return number, ()
    mends = [] if isinstance(cell, str) else ["number"]
    if _has_width(raw):
        mends.append("width")
    if plain.startswith(("'", "‘", "’", "`")):
        mends.append("apostrophe")
    if plain.upper() != plain:
        mends.append("case")
    if plain.endswith(".0"):
        mends.append("number")
    if len(number) < len(str(cell)) and (not mends or any(c.isspace() for c in str(cell)) or "-" in plain):
        mends.append("spaces")
    return number, tuple(mends)


def day(cell: Cell) -> tuple[date | int | None, Mends]:
    """A date however written; an int is a year alone; None when it cannot be read as either."""
    match cell:
        case datetime():
            return cell.date(), ()
        case date():
            return cell, ()
        case bool() | time() | timedelta():
            return None, ()
        case float() if not isfinite(cell):
            return None, ()
        case int() | float():
            return (_numeric_day(int(cell)), ("date",)) if float(cell).is_integer() else (_serial(int(cell)), ("date",))
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", cell)).strip().lstrip("'").removesuffix(".0")
    if len(text) > _LONGEST_DAY:
        return None, ()
    if text.isdecimal() and text.isascii():
        return _numeric_day(int(text)), ("date",)
    if _ISO_DAY.fullmatch(cell):
        found = _day_or_none(*(int(part) for part in cell.split("-")))
        return found, ()
    if match := _DAY.fullmatch(text) or re.fullmatch(r"([0-9]{4})年", text):
        groups = [int(group) for group in match.groups()]
        return (groups[0] if len(groups) == 1 else _day_or_none(*groups)), ("date",)
    return None, ()


def phone(cell: Cell) -> tuple[str | None, Mends]:
    """A mobile number, or a landline with its area code; `left_out` when it is neither."""
    if is_blank(cell):
        return None, ()
    raw = text_of(cell)
    parts = [part for part in re.split(r"[/,;、，；\\]|\s{2,}", unicodedata.normalize("NFKC", raw)) if part.strip()]
    number = read_phone(parts[0]) if parts else None
    if number is None:
        return None, ("left_out",)
    if len(parts) > 1:
        return number, ("first_of_several",)
    if number == cell:
        return number, ()
    return number, ("number",) if not isinstance(cell, str) else ("width",) if _has_width(raw) else ("spaces",)


def yes_no(cell: Cell) -> bool | None:
    """是 or 否 in its usual spellings; None when it is neither."""
    text = word(cell)
    if text in _YES:
        return True
    return False if text in _NO else None


_YES = frozenset(["是", "有", "y", "yes", "true", "1", "√", "✓", "享受", "低保", "低保户", "已享受", "示范"])
_NO = frozenset(
    ["否", "无", "没有", "不是", "n", "no", "false", "0", "×", "x", "非低保", "未享受", "不享受", "非低保户", "非示范"]
)


def word(cell: Cell) -> str:
    """A word of a code table: half width, no spaces, lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text_of(cell)))).lower().lstrip("'")


def words(cell: Cell) -> tuple[str, ...]:
    """A list in one cell, however separated, each word once and in order."""
    parts = re.split(r"[、,;/|+;\n]|和|及", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text_of(cell))))
    return tuple(dict.fromkeys(part for part in (re.sub(r"\s+", "", part) for part in parts) if part))


def whole_number(cell: Cell, unit: str = "") -> int | None:
    """A whole number, perhaps with its unit behind it; None when it is not one."""
    text = word(cell).removesuffix(".0")
    text = re.sub(rf"({unit})$", "", text) if unit else text
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def fen(cell: Cell) -> int | None:
    """Yuan as fen: exact, never through binary fractions; None when it is not an amount."""
    text = re.sub(r"^[¥￥]|(元)?(/次|每次)?$", "", word(cell))
    if text in ("免费", "不收费", "无"):
        return 0
    try:
        amount = Decimal(text) * 100
    except InvalidOperation:
        return None
    return int(amount) if amount.is_finite() and amount == int(amount) and 0 <= amount < 10**9 else None


def _has_width(text: str) -> bool:
    return any("\uff01" <= character <= "\uff5e" for character in text)


def _numeric_day(number: int) -> date | int | None:
    if match := _COMPACT_DAY.fullmatch(str(number)):
        return _day_or_none(*(int(group) for group in match.groups()))
    return number if 1880 <= number <= 2100 else _serial(number)


def _serial(number: int) -> date | None:
    return _EXCEL_DAY_ZERO + timedelta(days=number) if number in _EXCEL_DAYS else None


def _day_or_none(year: int, month: int, day_of_month: int) -> date | None:
    try:
        return date(year, month, day_of_month)
    except ValueError:
        return None
