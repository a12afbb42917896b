"""Addresses compared: the same home written in several ways comes to one text. Pure.

Only what is written differently for the same thing is made equal. Two homes taken for one would propose a household
that is none, so what is in doubt stays different.
"""

from __future__ import annotations

import re
import unicodedata

_DIGITS = dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)) | {"两": 2}
_NUMERAL = "[零〇一二三四五六七八九两十百]+"
_UNITS = "号楼|号院|号房|栋|幢|座|单元|号|#|门|室|房|户"
"""What stands after the number of a house, a building, an entrance or a flat."""
_SPOKEN = re.compile(rf"({_NUMERAL})(?={_UNITS}|楼|层)")
_UNIT = re.compile(rf"(?<=[0-9a-z])(?:{_UNITS})")
_NOISE = re.compile(r"[\s,，.。;；:：、()（）\[\]【】\"'“”‘’/\\_—~·]+|nr\.?|no\.?")
_HYPHENS = re.compile(r"[-‐‑‒–—―－至]+")
_REGION = re.compile(r"^(?:[^\d省]{2,8}省)?[^\d市省]{2,7}市(?:[^\d市区县]{1,6}(?<![小园社新])[区县])?")
_PLACE = re.compile(r"^[^\d]{2,8}(?:街道办事处|街道|街办)(?:[^\d]{2,10}?(?:社区居委会|社区))?")
_NEIGHBOURHOOD = re.compile(r"^[^\d]{2,10}?(?:社区居委会|居委会)")
_FEWEST_NUMBERS = 2


def home_of(address: str | None) -> str | None:
    """The text that is the same for the same home; None where the address names no house number."""
    text = unicodedata.normalize("NFKC", address or "").lower()
    text = _NOISE.sub("", text)
    for prefix in (_REGION, _PLACE, _NEIGHBOURHOOD):
        text = prefix.sub("", text, count=1)
    text = _SPOKEN.sub(lambda spoken: str(_number(spoken.group(1))), text)
    text = _HYPHENS.sub("-", _UNIT.sub("-", text))
    text = re.sub(r"-+", "-", text).strip("-")
    text = re.sub(r"(?<![0-9])0+(?=[0-9])", "", text)
    return text if any(character.isdigit() for character in text) else None


def is_vague(home: str) -> bool:
    """Whether it has one number only: a house perhaps of many flats, so those who live there may not live together."""
    return len(re.findall(r"[0-9]+", home)) < _FEWEST_NUMBERS


def _number(spoken: str) -> int:
    """二十三 is 23; digits read out one by one, as 二〇三, are 203."""
    if "十" not in spoken and "百" not in spoken:
        return int("".join(str(_DIGITS[character]) for character in spoken))
    total, digit = 0, 0
    for character in spoken:
        if character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[character]
    return total + digit
