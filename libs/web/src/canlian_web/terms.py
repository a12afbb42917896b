"""The codes of the shared tables in words: Chinese stands on the code, English is here or the code made readable."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeVar

from canlian_events import terms
from canlian_events.terms import DisabilityClass, Grade, NeedCloseReason, Role
from canlian_web.i18n import Lang

T = TypeVar("T", bound=Enum)

_ENGLISH: dict[Enum, str] = {
    Role.STAFF: "federation staff",
    Role.LEADER: "leading group",
    Role.DIRECTOR: "community director",
    Role.PROVIDER: "service provider",
    Role.ANONYMOUS: "not signed in",
    Role.POLICY: "the system",
    Role.PROGRAM: "a program",
    DisabilityClass.VISUAL: "visual",
    DisabilityClass.HEARING: "hearing",
    DisabilityClass.SPEECH: "speech",
    DisabilityClass.PHYSICAL: "physical",
    DisabilityClass.INTELLECTUAL: "intellectual",
    DisabilityClass.PSYCHIATRIC: "psychiatric",
    DisabilityClass.MULTIPLE: "multiple",
    Grade.ONE: "grade 1",
    Grade.TWO: "grade 2",
    Grade.THREE: "grade 3",
    Grade.FOUR: "grade 4",
    NeedCloseReason.MET: "need met",
    NeedCloseReason.WITHDRAWN: "withdrawn by the person",
    NeedCloseReason.NOT_OURS: "not for us to do",
}


def tables() -> list[type[Enum]]:
    """Every code table that has Chinese terms."""
    return [
        table
        for _, table in inspect.getmembers(terms, inspect.isclass)
        if issubclass(table, Enum) and table.__module__ == terms.__name__ and len(table)
    ]


def say(term: Any, lang: Lang) -> str:
    """A code in words; several, joined; nothing, as a dash. What is no code is shown as it is."""
    if term is None:
        return "—"
    if isinstance(term, Enum):
        return _chinese(term) if lang == "zh" else _english(term)
    if isinstance(term, Iterable) and not isinstance(term, str):
        return say_several(term, lang)
    return str(term)


def say_several(items: Iterable[Any], lang: Lang) -> str:
    worded = [say(item, lang) for item in items]
    return ("、" if lang == "zh" else ", ").join(worded) or "—"


def options(table: type[T], lang: Lang) -> list[tuple[str, str]]:
    """The codes of a table with their words, in the table's order: for radios, checkboxes and selects."""
    return [(str(term.value), say(term, lang)) for term in table]


def _chinese(term: Enum) -> str:
    return str(getattr(term, "zh", term.value))


def _english(term: Enum) -> str:
    return _ENGLISH.get(term) or str(term.value).replace("_", " ")
