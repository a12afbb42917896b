"""What happened, in words: an event's name, who did it, how long after."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files

from canlian_events.core import EVENTS
from canlian_events.terms import Role
from canlian_web.language.i18n import Lang
from canlian_web.language.term_labels import say

_POLICY = "policy:"
_UNITS: dict[Lang, tuple[str, str, str, str]] = {"zh": ("天", "小时", "分", "秒"), "en": (" d", " h", " min", " s")}


@cache
def event_words() -> dict[str, dict[str, str]]:
    """An event's type → language → what it means."""
    tables = tomllib.loads(files("canlian_web.language").joinpath("event_labels.toml").read_text(encoding="utf-8"))
    return {
        f"{context}.{kind}.{name}": texts
        for context, kinds in tables.items()
        for kind, names in kinds.items()
        for name, texts in names.items()
    }


def say_event(type_: str, lang: Lang) -> str:
    """What an event of this type means; where nobody has worded it yet, its name in the code, or its type."""
    if words := event_words().get(type_):
        return words[lang]
    return EVENTS[type_].__name__ if type_ in EVENTS else type_


def say_actor(stamp: str, lang: Lang) -> str:
    """Who acted, by the stamp on an event: the roles in words and the id; of a policy, whose it is."""
    roles, _, id_ = stamp.partition(":")
    if roles == Role.POLICY:
        return {"zh": "系统规则 ", "en": "policy of "}[lang] + id_.removeprefix(_POLICY)
    known = [Role(role) for role in roles.split("+") if role in [*Role]]
    return f"{say(known, lang) if known else roles} {id_}".strip()


def say_who(stamp: str, lang: Lang, names: Mapping[str, str]) -> str:
    """Who acted, by name; by roles and id where no name is known."""
    roles, _, id_ = stamp.partition(":")
    if roles == Role.RESIDENT:
        return say_roles(stamp, lang)
    return names.get(id_) or say_actor(stamp, lang)


def say_roles(stamp: str, lang: Lang) -> str:
    """As what somebody acted, without saying who."""
    roles = stamp.partition(":")[0].split("+")
    if roles == [Role.RESIDENT]:
        return {"zh": "本人", "en": "the person"}[lang]
    return say([Role(role) for role in roles if role in [*Role]], lang)


def say_gap(gap: timedelta, lang: Lang) -> str:
    """How long after: the two largest units, `+2 d 3 h`. Nothing under a second."""
    seconds = int(gap.total_seconds())
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    amounts = list(zip((days, hours, minutes, seconds % 60), _UNITS[lang], strict=True))
    first = next((at for at, (amount, _) in enumerate(amounts) if amount), len(amounts))
    parts = [f"{amount}{unit}" for amount, unit in amounts[first : first + 2] if amount]
    return "+" + {"zh": "", "en": " "}[lang].join(parts) if parts and seconds > 0 else ""
