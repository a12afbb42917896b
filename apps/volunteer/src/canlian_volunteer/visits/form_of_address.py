"""How somebody is addressed by those who need not know the whole name: by surname and title."""

from __future__ import annotations

from canlian_events.terms import Sex
from canlian_web.language.i18n import N_, Texts

_OF_TWO = (
    "欧阳司马上官诸葛东方皇甫尉迟公孙慕容司徒令狐长孙宇文鲜于端木夏侯南宫独孤百里"
    "呼延轩辕钟离申屠公冶宗政濮阳淳于单于太叔仲孙闻人赫连澹台拓跋东郭西门万俟"
)
_COMPOUND = frozenset(_OF_TWO[at : at + 2] for at in range(0, len(_OF_TWO), 2))


def surname(name: str) -> str:
    """`欧阳` of 欧阳娜娜, `王` of 王秀兰; the first part of a name with a middle dot or in letters."""
    parts = name.replace("•", "·").split("·")
    if len(parts) > 1 or name.isascii():
        return parts[0].split(" ")[0]
    return name[:2] if name[:2] in _COMPOUND else name[:1]


def address_as(name: str, sex: Sex, texts: Texts) -> str:
    """`王女士`, `Ms 王`."""
    return texts.say(N_("Ms %(surname)s") if sex is Sex.FEMALE else N_("Mr %(surname)s"), surname=name)
