"""What somebody may be called, and called at: persons, workers and relatives alike."""

from __future__ import annotations

from canlian_chassis.decider import Rejected
from canlian_events.numbers import read_phone
from canlian_events.registry.person import LONGEST_NAME


def must_be_a_name(code: str, name: str) -> None:
    """Refused as `no_name` or `name_too_long`, after the beginning of the code that is given: `person.`."""
    if not name.strip():
        raise Rejected(f"{code}no_name")
    if len(name) > LONGEST_NAME:
        raise Rejected(f"{code}name_too_long", limit=LONGEST_NAME)


def phone_of(code: str, said: str | None) -> str | None:
    """As it is kept; refused as `bad_phone` where nobody could be called at it. Empty and None stay so."""
    if not said or not said.strip():
        return said and ""
    number = read_phone(said)
    if number is None:
        raise Rejected(f"{code}bad_phone")
    return number
