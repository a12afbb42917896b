"""What two files are compared by, written alike however it was typed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from canlian_events.numbers import BadNumber, CitizenId
from canlian_person_file import phonetics

_DIGITS = {character: number for number, character in enumerate("零一二三四五六七八九")}
_UNITS = re.compile(r"(?:号楼|单元|号|幢|栋|座|楼|层|室|户|门|#)+")
_COUNTED = re.compile(r"[零一二三四五六七八九十]+(?=号|单元|幢|栋|座|楼|层|室|户|门)")
_COUNTRY = "86"
_MOBILE = 11


@dataclass(frozen=True, slots=True)
class Traits:
    """Of one file. Phone and address are as `phone_key` and `address_key` make them; "" where nothing is known."""

    name: str = ""
    sound: str = ""
    birth_date: date | None = None
    phone: str = ""
    address: str = ""
    citizen_id: str = ""


def traits(name: str | None, citizen_id: str | None, phone: str | None, address: str | None) -> Traits:
    """Of what somebody typed, or a file holds."""
    number = plain(citizen_id).upper()
    return Traits(name_key(name), sound_of(name), born(number), phone_key(phone), address_key(address), number)


def plain(text: str | None) -> str:
    """Without spaces and punctuation, full-width letters and digits as ASCII, in lower case."""
    same = unicodedata.normalize("NFKC", text or "").lower()
    return "".join(character for character in same if character.isalnum() or character in "-#")


def name_key(name: str | None) -> str:
    return plain(name).replace("-", "")


def sound_of(name: str | None) -> str:
    return phonetics.sound(phonetics.pinyin(name_key(name)))


def phone_key(phone: str | None) -> str:
    """Its digits: `+86 138-0000-1111` → `13800001111`; "" for what is too short to tell anybody by."""
    digits = "".join(character for character in plain(phone) if character.isdigit())
    if len(digits) == len(_COUNTRY) + _MOBILE and digits.startswith(_COUNTRY):
        digits = digits.removeprefix(_COUNTRY)
    return digits if len(digits) >= 7 else ""


def address_key(address: str | None) -> str:
    """`幸福路12号三栋2单元501室` and `幸福路 12-3-2-501` → `幸福路12-3-2-501`."""
    counted = _COUNTED.sub(lambda found: str(_count(found.group())), plain(address))
    return re.sub("-+", "-", _UNITS.sub("-", counted)).strip("-")


def born(citizen_id: str) -> date | None:
    try:
        return CitizenId.read(citizen_id).birth_date
    except BadNumber:
        return None


def _count(text: str) -> int:
    """Up to 99: 十二 → 12, 三十 → 30, 二 → 2; digit by digit where there is no 十."""
    if "十" not in text:
        return int("".join(str(_DIGITS[character]) for character in text))
    tens, _, ones = text.partition("十")
    return 10 * _DIGITS.get(tens[-1:], 1) + _DIGITS.get(ones[:1], 0)
