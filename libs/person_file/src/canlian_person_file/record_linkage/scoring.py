"""How alike two files are: points, each with its reason. Pure, and the same whichever of the two comes first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, Hamming

from canlian_person_file.record_linkage.comparison_keys import Traits
from canlian_web.language.i18n import N_

THRESHOLD = 60
"""From so many points on two files are proposed to be of one person. Ours, not a law's."""
TOP = 100
SLIPS = 2
"""Characters of a citizen ID that may differ: one digit typed wrongly changes the check character too."""
_ALIKE = 80
_LONG_ENOUGH = 3
"""Characters of a name from which on one may be wrong: of two, a wrong one leaves too little."""


class Because(StrEnum):
    NAME_SAME = "name_same"
    NAME_SOUNDS = "name_sounds"
    NAME_SLIP = "name_slip"
    BORN_SAME = "born_same"
    BORN_SLIP = "born_slip"
    NUMBER_SAME = "number_same"
    NUMBER_SLIP = "number_slip"
    PHONE_SAME = "phone_same"
    ADDRESS_SAME = "address_same"
    ADDRESS_ALIKE = "address_alike"


POINTS = {
    Because.NAME_SAME: 40,
    Because.NAME_SOUNDS: 34,
    Because.NAME_SLIP: 22,
    Because.BORN_SAME: 30,
    Because.BORN_SLIP: 15,
    Because.NUMBER_SAME: 30,  # with the date of birth that is in it, enough by itself
    Because.NUMBER_SLIP: 15,
    Because.PHONE_SAME: 20,
    Because.ADDRESS_SAME: 15,
    Because.ADDRESS_ALIKE: 8,
}
WORDS = {
    Because.NAME_SAME: N_("same name"),
    Because.NAME_SOUNDS: N_("the names sound the same"),
    Because.NAME_SLIP: N_("the names differ by one character"),
    Because.BORN_SAME: N_("same date of birth"),
    Because.BORN_SLIP: N_("the dates of birth differ by a slip"),
    Because.NUMBER_SAME: N_("same citizen ID"),
    Because.NUMBER_SLIP: N_("the citizen IDs differ by a slip"),
    Because.PHONE_SAME: N_("same phone"),
    Because.ADDRESS_SAME: N_("same address"),
    Because.ADDRESS_ALIKE: N_("the addresses are written differently and may be the same"),
}


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` is 0 to 100; `reasons` say what it is made of, what counts most first."""

    score: int
    reasons: tuple[Because, ...]

    @property
    def proposed(self) -> bool:
        return self.score >= THRESHOLD


def compare(one: Traits, other: Traits) -> Likeness:
    found = (_name(one, other), _born(one, other), _number(one, other), _phone(one, other), _address(one, other))
    reasons = sorted((reason for reason in found if reason), key=lambda reason: (-POINTS[reason], reason))
    return Likeness(min(sum(POINTS[reason] for reason in reasons), TOP), tuple(reasons))


def _name(one: Traits, other: Traits) -> Because | None:
    if not one.name or not other.name:
        return None
    if one.name == other.name:
        return Because.NAME_SAME
    if one.sound and one.sound == other.sound:
        return Because.NAME_SOUNDS
    if max(len(one.name), len(other.name)) >= _LONG_ENOUGH and OSA.distance(one.name, other.name) == 1:
        return Because.NAME_SLIP
    return None


def _born(one: Traits, other: Traits) -> Because | None:
    if one.birth_date is None or other.birth_date is None:
        return None
    if one.birth_date == other.birth_date:
        return Because.BORN_SAME
    this, that = one.birth_date, other.birth_date
    swapped = (this.year, this.month, this.day) == (that.year, that.day, that.month)
    slipped = OSA.distance(this.isoformat(), that.isoformat()) == 1
    return Because.BORN_SLIP if swapped or slipped else None


def _number(one: Traits, other: Traits) -> Because | None:
    if not one.citizen_id or not other.citizen_id:
        return None
    if one.citizen_id == other.citizen_id:
        return Because.NUMBER_SAME
    if len(one.citizen_id) != len(other.citizen_id):
        return None
    return Because.NUMBER_SLIP if Hamming.distance(one.citizen_id, other.citizen_id) <= SLIPS else None


def _phone(one: Traits, other: Traits) -> Because | None:
    return Because.PHONE_SAME if one.phone and one.phone == other.phone else None


def _address(one: Traits, other: Traits) -> Because | None:
    """Alike where all numbers are the same, and the words of one are nearly those of the other, or a part of them."""
    if not one.address or not other.address:
        return None
    if one.address == other.address:
        return Because.ADDRESS_SAME
    numbers = re.findall(r"\d+", one.address)
    if not numbers or numbers != re.findall(r"\d+", other.address):
        return None
    shorter, longer = sorted((one.address, other.address), key=lambda text: (len(text), text))
    return Because.ADDRESS_ALIKE if fuzz.partial_ratio(shorter, longer) >= _ALIKE else None
