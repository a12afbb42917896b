"""A community by its name as written: whole, without its ending, or with the subdistrict before it."""

import re
import unicodedata
from collections.abc import Mapping

_ENDING = re.compile(r"(社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|社区|村)$")
_LONGEST = 100
_BEFORE = re.compile(r"街道办事处|办事处|街道|镇|乡")


class Places:
    """Communities by name; a short form that two of them share names neither."""

    def __init__(self, communities: Mapping[str, str]) -> None:
        self._codes = {_plain(name): code for name, code in communities.items()}
        self._known = set(communities.values())
        self._stems: dict[str, str | None] = {}
        for name, code in self._codes.items():
            stem = _ENDING.sub("", name)
            self._stems[stem] = code if self._stems.get(stem, code) == code else None

    def find(self, text: str) -> tuple[str | None, bool]:
        """The code, and whether the name had to be mended."""
        name = _plain(text[:_LONGEST])
        if code := self._codes.get(name):
            return code, name != text
        if name in self._known:
            return name, True
        for candidate in (name, *(name[before.end() :] for before in _BEFORE.finditer(name))):
            if code := self._codes.get(candidate) or self._stems.get(_ENDING.sub("", candidate)):
                return code, True
        return None, False


def _plain(text: str) -> str:
    return re.sub(r"[\s\u200b-\u200f\ufeff]+", "", unicodedata.normalize("NFKC", text))
