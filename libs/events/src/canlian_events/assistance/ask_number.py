"""The number a person follows their request by: short enough to read aloud, and nothing can be guessed from it.

The number is the first 50 bits of the SHA-256 of the need's id, written in 32 signs: digits and capital letters without
0, 1, I and O, which are mistaken for one another. Whoever has it may read where the request stands, and no more.
"""

from __future__ import annotations

import hashlib
import unicodedata

SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 10
_GROUPS = (slice(0, 4), slice(4, 8), slice(8, 10))


def ask_number(need_id: str) -> str:
    """`K7M29QXD4F`: as it is kept and put in addresses."""
    bits = int.from_bytes(hashlib.sha256(need_id.encode()).digest()[:7]) >> 6
    return "".join(SIGNS[bits >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))


def shown_number(number: str) -> str:
    """`K7M2-9QXD-4F`: as it is shown and read aloud."""
    return "-".join(number[group] for group in _GROUPS)


def read_number(typed: str) -> str | None:
    """The number as it is kept, from however it was typed: small letters, full width, blanks, any dashes.

    None where it cannot be one.
    """
    signs = "".join(sign for sign in unicodedata.normalize("NFKC", typed).upper() if sign.isalnum())
    return signs if len(signs) == LENGTH and set(signs) <= set(SIGNS) else None
