"""The rows of a sheet as a page shows them, each with what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from canlian_sheets.columns import ROSTER
from canlian_sheets.importer import ImportResult
from canlian_sheets.outcomes import Accepted, Refused, Repeat
from canlian_sheets.reasons import FILE_REASONS, REASONS, mend_words, reason_words
from canlian_sheets.roster import Roster
from canlian_web.i18n import Lang
from canlian_web.refusals import say_refusal

OUTCOMES = ("created", "updated", "unchanged", "refused")
MENDED = "mended"
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


def shown(roster: Roster, result: ImportResult, lang: Lang) -> list[Shown]:
    """Every row, in the sheet's order."""
    said = {row.row_no: row for row in result.rows}
    found = []
    for row in roster.rows:
        outcome = said[row.row_no].outcome
        match row:
            case Refused():
                problems = [(row.reason, row.facts), *((also.reason, also.facts) for also in row.also)]
                reasons = tuple(in_words(reason, facts, lang) for reason, facts in problems)
                found.append(Shown(row.row_no, outcome, _name_in(row.cells, roster), reasons))
            case Repeat():
                found.append(Shown(row.row_no, outcome, None, repeats=row.of_row_no))
            case Accepted():
                no = said[row.row_no]
                reasons = (in_words(no.reason, no.facts, lang),) if no.reason else ()
                mends = tuple(_mend(mend, lang) for mend in row.mended)
                found.append(Shown(row.row_no, outcome, row.value.name, reasons, mends))
    return found


def chosen(rows: Sequence[Shown], which: str) -> list[Shown]:
    if which == MENDED:
        return [row for row in rows if row.mends]
    return [row for row in rows if row.outcome == which] if which in OUTCOMES else list(rows)


def tally(rows: Sequence[Shown]) -> dict[str, int]:
    """How many of each outcome, and how many were mended; the outcomes add up to the rows."""
    kinds = Counter(row.outcome for row in rows)
    return {outcome: kinds[outcome] for outcome in OUTCOMES} | {MENDED: len(chosen(rows, MENDED))}


def _name_in(cells: Sequence[str], roster: Roster) -> str | None:
    at = roster.recognised.columns.get("name")
    return cells[at] if at is not None and at < len(cells) else None


def _mend(mended: str, lang: Lang) -> str:
    field = mended.partition(".")[0]
    title = column_title(field, lang) if field in _TITLES else field
    return f"{title}：{mend_words(mended)[0]}" if lang == "zh" else f"{title}: {mend_words(mended)[1]}"
