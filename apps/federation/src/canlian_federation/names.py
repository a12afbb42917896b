"""How a name sounds, and which names somebody may mean by what they typed.

A sound is the pinyin of a name, and what is left of it when what people mix up is made alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from functools import lru_cache

from pypinyin import lazy_pinyin
from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

_TWO = {"尉迟": "yu chi", "万俟": "mo qi", "长孙": "zhang sun", "澹台": "tan tai"}
_ONE = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "任": "ren", "查": "zha", "朴": "piao", "盖": "ge",
    "区": "ou", "翟": "zhai", "缪": "miao", "覃": "qin", "员": "yun", "种": "chong", "折": "she", "冼": "xian",
    "召": "shao", "黑": "he", "秘": "bi", "繁": "po", "乐": "yue", "尉": "wei", "洗": "xian", "隗": "wei",
    "逄": "pang", "谌": "chen", "晁": "chao", "华": "hua", "纪": "ji", "宁": "ning",
}  # fmt: skip
"""Surnames said otherwise than the character usually is."""
_ALIKE = (("ü", "u"), ("v", "u"), ("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("l", "n"))
"""What is mixed up in typing pinyin, over the whole without its spaces: 卷舌/平舌, 前/后鼻音, n/l, ü written u or v."""


def pinyin(name: str) -> str:
    """`张晓明` → `zhang xiao ming`; letters stay as they are, in lower case; everything else is left out."""
    return " ".join(_syllables(name))


def initials(said: str) -> str:
    """Of a pinyin with spaces: `zhang xiao ming` → `zxm`."""
    return "".join(syllable[0] for syllable in said.split())


def sound(said: str) -> str:
    """A pinyin, with its spaces or without, as it sounds: `zhang xiao ming`, `zangxiaomin` → the same."""
    alike = said.lower().replace(" ", "").replace("'", "")
    for one, other in _ALIKE:
        alike = alike.replace(one, other)
    return alike


def _syllables(name: str) -> Iterator[str]:
    start = 0
    if len(name) > 2 and name[:2] in _TWO:
        yield from _TWO[name[:2]].split()
        start = 2
    elif name[:1] in _ONE:
        yield _ONE[name[0]]
        start = 1
    word = ""
    for character in name[start:]:
        if character.isascii():
            if character.isalpha():
                word += character.lower()
                continue
        elif syllable := _syllable(character):
            if word:
                yield word
            word = ""
            yield syllable
            continue
        if word:
            yield word
        word = ""
    if word:
        yield word


@lru_cache(maxsize=30_000)
def _syllable(character: str) -> str:
    return "".join(lazy_pinyin(character, errors="ignore"))


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
