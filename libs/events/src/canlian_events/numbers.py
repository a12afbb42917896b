"""Two numbers a person bears: the citizen ID (GB 11643) and the disability certificate number (残疾人证号).

Both carry facts (birth date, sex, class, grade), so what a form or a sheet says beside them can be checked. And the
number they are called at.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from canlian_events.terms import DisabilityClass, Grade

Sex = Literal["male", "female"]

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Over the first 17 characters of a citizen ID. Source: domain.md, code tables (GB 11643)."""
CHECK_CHARACTERS = "10X98765432"
"""Which the sum mod 11 picks the last from. Source: domain.md, code tables (GB 11643)."""
_EARLIEST_YEAR = 1880
"""Nobody alive was born before; older years are slips of the pen."""

ID_LENGTH = 18
"""Characters of a citizen ID. Source: domain.md, code tables (GB 11643)."""
CERTIFICATE_LENGTH = 20
"""Characters of a certificate number, without a suffix. Source: domain.md, code tables."""
_HYPHENS = "-‐‑‒–—―−﹣－_"
_ID_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
SUFFIX_SHAPE = re.compile(r"B[1-9][0-9]?")
"""Of a certificate that replaces another. Source: domain.md, code tables: `B1`, `B2`, …"""
_CLASSES, _GRADES = frozenset(map(str, map(int, DisabilityClass))), frozenset(map(str, map(int, Grade)))


class BadNumber(ValueError):
    """A number that cannot be anyone's. Codes:

    `short`, `long` (facts: length, wanted), `bad_characters`, `bad_check` (facts: wanted), `bad_birth`,
    and for a certificate number also `bad_class`, `bad_grade`, `bad_suffix`. The facts always hold `number`.
    """

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts: Mapping[str, str | int] = facts


@dataclass(frozen=True, slots=True)
class CitizenId:
    """A citizen ID number whose check digit and birth date hold."""

    number: str
    region: str
    birth_date: date
    sex: Sex

    @classmethod
    def read(cls, text: str, *, today: date | None = None) -> "CitizenId":
        """Read a number as typed; with `today`, a birth after it is `bad_birth` too."""
        number = normalise_number(text)
        _check_length(number, ID_LENGTH)
        if len(number) > ID_LENGTH:
            raise BadNumber("long", number=number, length=len(number), wanted=ID_LENGTH)
        return _citizen_id(number, number, today)

    def __str__(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class CertificateNumber:
    """A disability certificate number: a citizen ID, the class digit, the grade digit, perhaps a suffix."""

    number: str
    citizen_id: CitizenId
    disability: int
    """Class 1 to 7 (GB/T 26341)."""
    grade: int
    """1, the most severe, to 4."""
    suffix: str
    """`B1`, `B2`, … of a replaced certificate, else empty."""

    @classmethod
    def read(cls, text: str, *, today: date | None = None) -> "CertificateNumber":
        """Read a number as typed; with `today`, a birth after it is `bad_birth` too."""
        number = normalise_number(text)
        _check_length(number, CERTIFICATE_LENGTH)
        citizen_id = _citizen_id(number[:ID_LENGTH], number, today)
        disability, grade, suffix = number[18], number[19], number[20:]
        if not (disability.isdecimal() and grade.isdecimal()):
            raise BadNumber("bad_characters", number=number)
        if disability not in _CLASSES:
            raise BadNumber("bad_class", number=number, found=disability)
        if grade not in _GRADES:
            raise BadNumber("bad_grade", number=number, found=grade)
        if suffix.isdecimal():
            raise BadNumber("long", number=number, length=len(number), wanted=CERTIFICATE_LENGTH)
        if suffix and not SUFFIX_SHAPE.fullmatch(suffix):
            raise BadNumber("bad_suffix", number=number, found=suffix)
        return cls(number, citizen_id, int(disability), int(grade), suffix)

    @property
    def birth_date(self) -> date:
        return self.citizen_id.birth_date

    @property
    def sex(self) -> Sex:
        return self.citizen_id.sex

    def __str__(self) -> str:
        return self.number


def normalise_number(text: str) -> str:
    """The number without what typing adds: full width, spaces, hyphens, invisible characters, lower case,
    and the apostrophe that makes a spreadsheet keep digits as text."""
    if text.isascii() and text.isalnum():
        return text.upper()
    text = unicodedata.normalize("NFKC", text)
    kept = (c for c in text if not c.isspace() and c not in _HYPHENS and unicodedata.category(c) not in ("Cf", "Cc"))
    return "".join(kept).lstrip("'‘’`").upper()


def make_citizen_id(region: str, born: date, sequence: int) -> str:
    """The whole number for a region (6 digits), a birth date and a sequence (0 to 999; odd is male)."""
    body = f"{region}{born:%Y%m%d}{sequence:03d}"
    if not re.fullmatch(r"[0-9]{17}", body):
        raise ValueError("a region has 6 digits, a sequence at most 3")
    return body + check_character(body)


def check_character(body: str) -> str:
    """The check character over the first 17 digits (ISO 7064 MOD 11-2)."""
    return CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def _check_length(number: str, wanted: int) -> None:
    if len(number) < wanted:
        raise BadNumber("short", number=number, length=len(number), wanted=wanted)


def _citizen_id(number: str, whole: str, today: date | None) -> CitizenId:
    """`whole` is what the person would recognise in an error: the certificate number when this is its head."""
    if not _ID_SHAPE.fullmatch(number):
        raise BadNumber("bad_characters", number=whole)
    wanted = check_character(number[:17])
    if number[17] != wanted:
        raise BadNumber("bad_check", number=whole, wanted=wanted)
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise BadNumber("bad_birth", number=whole, found=number[6:14]) from None
    if born.year < _EARLIEST_YEAR or (today is not None and born > today):
        raise BadNumber("bad_birth", number=whole, found=number[6:14])
    return CitizenId(number, number[:6], born, "male" if int(number[16]) % 2 else "female")


_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(0[0-9]{2,3})?-?([2-8][0-9]{6,7})(-[0-9]{1,5})?")
_COUNTRY = re.compile(r"^(0086|86)(?=1[3-9][0-9]{9}$)")


def read_phone(text: str) -> str | None:
    """A mobile number, or a landline with its area code if it is given, as it is kept: `13800000000`,
    `0728-5550102`. Spaces, brackets, full width and the country code do not matter. None when it is neither.
    """
    plain = re.sub(r"[\s()'+.]", "", unicodedata.normalize("NFKC", text))
    seen = (sign for sign in plain if unicodedata.category(sign) not in ("Cf", "Cc"))
    plain = "".join("-" if sign in _HYPHENS else sign for sign in seen)
    mobile = _COUNTRY.sub("", plain.replace("-", ""))
    if _MOBILE.fullmatch(mobile):
        return mobile
    if landline := _LANDLINE.fullmatch(plain):
        area, local, extension = landline.groups()
        return (f"{area}-" if area else "") + local + (extension or "")
    return None
