"""Why a service fits or not, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from canlian_events.catalog.matching import Reason
from canlian_social_worker.shared.names import Names
from canlian_web.language.refusals import say_refusal
from canlian_web.page import Context


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason of the matching in words; `counts` is for, against or neutral."""

    counts: str
    text: str


def grounds(page: Context, reasons: Iterable[Reason | Mapping[str, Any]], names: Names) -> list[Ground]:
    found = [reason if isinstance(reason, Reason) else Reason.model_validate(reason) for reason in reasons]
    return [
        Ground(reason.counts, say_refusal(f"match.{reason.code}", _named(reason, names), page.lang)) for reason in found
    ]


def _named(reason: Reason, names: Names) -> dict[str, Any]:
    """A community's code among the facts becomes its name."""
    facts: dict[str, Any] = dict(reason.facts)
    if isinstance(code := facts.get("community"), str):
        facts["community"] = names.community(code)
    return facts
