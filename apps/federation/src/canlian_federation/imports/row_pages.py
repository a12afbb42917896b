"""The rows of a sheet as a page shows them, each with what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from canlian_sheets.columns import ROSTER
from canlian_sheets.importer.row_store import MENDED, StoredRow
from canlian_sheets.reasons import FILE_REASONS, REASONS, mend_words, reason_words
from canlian_web.language.i18n import Lang
from canlian_web.language.refusals import named, say_refusal

OUTCOMES = ("created", "updated", "unchanged", "refused")
_TITLES = {field.name: (field.zh, field.en) for field in ROSTER}


@dataclass(frozen=True, slots=True)
class Shown:
    row_no: int
    outcome: str
    name: str | None
    reasons: tuple[str, ...] = ()
    mends: tuple[str, ...] = ()
    repeats: int | None = None
    """The earlier row that says the same."""


def words(reason: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """A refusal in Chinese and English, whether the sheet's reader or the registry refused."""
    if reason in REASONS or reason in FILE_REASONS:
        return reason_words(reason, facts)
    return say_refusal(reason, facts, "zh"), say_refusal(reason, facts, "en")


def in_words(reason: str, facts: Mapping[str, Any], lang: Lang) -> str:
    return words(reason, facts)[lang == "en"]


def column_title(name: str, lang: Lang) -> str:
    return _TITLES[name][lang == "en"]


def words_with(names: Mapping[str, str]) -> Callable[[str, Mapping[str, Any]], tuple[str, str]]:
    """As `words`, with names for the ids and codes that facts bring."""
    return lambda reason, facts: words(reason, named(facts, names))


def shown(rows: Iterable[StoredRow], lang: Lang, names: Mapping[str, str]) -> list[Shown]:
    return [
        Shown(
            row.row_no,
            row.outcome,
            row.name,
            tuple(in_words(reason, named(facts, names), lang) for reason, facts in row.problems),
            tuple(_mend(mend, lang) for mend in row.mended),
            row.repeats,
        )
        for row in rows
    ]


def tally(counts: Mapping[str, Any], mended: int) -> dict[str, int]:
    """How many of each outcome, and how many were mended; the outcomes add up to the rows."""
    plain = {outcome: counts[outcome] for outcome in OUTCOMES if outcome != "refused"}
    return plain | {"refused": sum(counts["refused"].values()), MENDED: mended}


def _mend(mended: str, lang: Lang) -> str:
    field = mended.partition(".")[0]
    title = column_title(field, lang) if field in _TITLES else field
    return f"{title}：{mend_words(mended)[0]}" if lang == "zh" else f"{title}: {mend_words(mended)[1]}"
