"""Personal values on a page: masked until asked for, and what is sealed said to be so."""

from __future__ import annotations

from typing import Any

from canlian_events.personal import Sealed

MASK = "•"


def is_sealed(value: Any) -> bool:
    return isinstance(value, Sealed)


def masked_phone(value: str | Sealed | None) -> str | Sealed | None:
    """`138••••5678`: enough to recognise, too little to call."""
    return _masked(value, 3, 4)


def masked_id(value: str | Sealed | None) -> str | Sealed | None:
    """The region and the last two digits of an ID or certificate number."""
    return _masked(value, 6, 2)


def _masked(value: str | Sealed | None, first: int, last: int) -> str | Sealed | None:
    if not isinstance(value, str):
        return value
    hidden = len(value) - first - last
    if hidden < 3:
        return MASK * len(value)
    return value[:first] + MASK * hidden + value[-last:]
