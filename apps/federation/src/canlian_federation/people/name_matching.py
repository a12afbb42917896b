"""How a name sounds, and which names somebody may mean by what they typed.

A sound is the pinyin of a name, and what is left of it when what people mix up is made alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from canlian_person_file.phonetics import initials, pinyin, sound

__all__ = ["LONG_ENOUGH", "Likeness", "initials", "like_characters", "like_letters", "pinyin", "sound"]


class Likeness(IntEnum):
    """How a name is like what was typed, the best first."""

    SAME = 1
    SOUNDS = 2
    BEGINS = 3
    HOLDS = 4
    SIMILAR = 5
    """A character wrong, missing or too many, or a slip in the pinyin."""


LONG_ENOUGH = 5
"""Letters of pinyin from which on one may be wrong; in twice as many, two."""


def like_characters(typed: str, known: Sequence[str]) -> dict[str, Likeness]:
    """The names that may be meant by a name in characters; those that only sound like it are not looked for."""
    found = {name: _placed(typed, name) for name in known if typed in name}
    if len(typed) == 2:
        # of two characters a wrong one leaves too little: only one that is missing, or one too many
        similar = _similar(typed, known, 1, Indel.distance)
    else:
        similar = _similar(typed, known, 1 if len(typed) > 2 else 0)
    return dict.fromkeys(similar, Likeness.SIMILAR) | found


def like_letters(typed: str, known: Sequence[str]) -> dict[str, Likeness]:
    """The sounds that may be meant by a pinyin; those whose initials it is are not looked for."""
    heard = sound(typed)
    found = {one: _placed(heard, one) for one in known if one.startswith(heard)}
    slips = 0 if len(heard) < LONG_ENOUGH else 1 if len(heard) < 2 * LONG_ENOUGH else 2
    similar = _similar(heard, known, slips)
    return dict.fromkeys(similar, Likeness.SIMILAR) | found


def _placed(part: str, whole: str) -> Likeness:
    if part == whole:
        return Likeness.SAME
    return Likeness.BEGINS if whole.startswith(part) else Likeness.HOLDS


def _similar(
    typed: str, known: Sequence[str], slips: int, distance: Callable[..., int] = OSA.distance
) -> Iterator[str]:
    for one, _, _ in process.extract(typed, known, scorer=distance, score_cutoff=slips, limit=None):
        yield one
