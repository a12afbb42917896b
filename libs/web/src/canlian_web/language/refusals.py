"""Refusals in words: `wording/<context>.toml` holds each code's text in both languages, filled with its facts."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

from canlian_events.terms import Role
from canlian_web.language.formats import say_date, say_time
from canlian_web.language.i18n import Lang
from canlian_web.language.term_labels import say, say_several, tables

_FALLBACK = "not_possible"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NAMED_OTHERWISE: dict[str, type[Enum]] = {"needed": Role}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")


@cache
def wordings() -> dict[str, dict[str, str]]:
    """Code → language → text. Raises ValueError where two files word the same code."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(files("canlian_web.language").joinpath("wording").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            for code, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
                if code in found:
                    raise ValueError(f"{code} is worded in {file.name} and in another file")
                found[code] = texts
    return found


def say_refusal(code: str, facts: Mapping[str, Any], lang: Lang) -> str:
    """The refusal as a sentence that says what to do. A code nobody has worded yet still gets a sentence around it."""
    texts = wordings().get(code) or wordings().get(code.rpartition(".")[2]) or wordings()[_FALLBACK]
    worded = {name: word_fact(name, value, lang) for name, value in facts.items()}
    return _Sentence().vformat(texts[lang], (), _Facts(worded | {"code": code}))


def ids_in(facts: Any) -> Iterator[str]:
    """The texts among a refusal's facts, some of which are ids or codes."""
    if isinstance(facts, str):
        yield facts
    elif isinstance(facts, Mapping):
        for value in facts.values():
            yield from ids_in(value)
    elif isinstance(facts, list | tuple | set | frozenset):
        for item in facts:
            yield from ids_in(item)


def named(facts: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The facts with names where there are some."""

    def name(value: Any) -> Any:
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, Mapping):
            return {key: name(item) for key, item in value.items()}
        return [name(item) for item in value] if isinstance(value, list | tuple) else value

    return {key: name(value) for key, value in facts.items()}


class _Sentence(string.Formatter):
    """`{minutes:minute|minutes}` is the number with the word in its form."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, plural, many = format_spec.partition("|")
        return f"{value} {one if value == '1' else many}" if plural else str(super().format_field(value, format_spec))


class _Facts(dict[str, str]):
    """A fact that the refusal did not bring is left out rather than breaking the sentence."""

    def __missing__(self, key: str) -> str:
        return "—"


def word_fact(name: str, value: Any, lang: Lang) -> str:
    """A fact as a reader reads it: dates written out, codes in words, several joined."""
    if value is None or isinstance(value, Enum):
        return say(value, lang)
    if isinstance(value, bool):
        return {"zh": ("否", "是"), "en": ("no", "yes")}[lang][value]
    if isinstance(value, datetime):
        return say_time(value, lang)
    if isinstance(value, date):
        return say_date(value, lang)
    if isinstance(value, Mapping):  # a reason inside a refusal: a code with facts of its own
        return say_refusal(value["code"], value["facts"], lang)
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        return {"zh": "；", "en": "; "}[lang].join(word_fact(name, item, lang) for item in value)
    if isinstance(value, list | tuple | set | frozenset):
        return say_several([word_fact(name, item, lang) for item in value], lang)
    if isinstance(value, str):
        return _word_text(name, value, lang)
    return str(value)


def _word_text(name: str, value: str, lang: Lang) -> str:
    with suppress(ValueError):
        if _DATE.fullmatch(value):
            return say_date(date.fromisoformat(value), lang)
        if _MOMENT.fullmatch(value):
            return say_time(datetime.fromisoformat(value), lang)
    return say(_term(name, value) or value, lang)


def _term(name: str, code: str) -> Enum | None:
    """The term a fact's code means: from the table the fact is named after, else the only term with that code.

    Facts travel as JSON, so that a code arrives as plain text.
    """
    named = [table for table in tables() if _is_named_after(name, table)]
    found = [term for table in named or tables() for term in table if str(term.value) == code]
    certain = found if named else found if len({say(term, "zh") for term in found}) == 1 else []
    return certain[0] if certain else None


def _is_named_after(name: str, table: type[Enum]) -> bool:
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", table.__name__).lower()
    return name in (snake, f"{snake}s") or _NAMED_OTHERWISE.get(name) is table
