"""The roster in the shape in which the national system (残疾人人口基础数据库) gives and takes it: columns and words."""

from collections.abc import Mapping
from datetime import date

from canlian_sheets import code_words
from canlian_sheets.columns import ROSTER

COLUMNS = tuple(field.zh for field in ROSTER)
"""The headings, in Chinese whoever asks: whoever reads the sheet next is another system."""

_CLASSES = {number: name for name, number in code_words.CLASSES.items()}
_GRADES = {number: name for name, number in code_words.GRADES.items()}
_SEXES = {code: name for name, code in code_words.SEXES.items()}
_KINDS = {"disability": _CLASSES, "grade": _GRADES, "sex": _SEXES, "low_income": {True: "是", False: "否"}}


def cells(told: Mapping[str, object]) -> list[str]:
    """A person as a row, by field; what is not told is blank, and a blank says nothing when the sheet is read again.

    All are text, so that no sheet program shortens a number.
    """
    return [_text(field.name, told.get(field.name)) for field in ROSTER]


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in _KINDS:
        return _KINDS[name].get(value, "")  # type: ignore[attr-defined, no-any-return]
    return value.isoformat() if isinstance(value, date) else str(value)
