"""How a name sounds: its pinyin, the initials of that, and what is left of it when what people mix up is made alike."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from pypinyin import lazy_pinyin

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
