"""What the answers come to, one function an instrument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from canlian_events.assistance.assessment import NeedFound
from canlian_events.assistance.instruments import SERVICE_NEEDS, WG_SS, Instrument
from canlian_events.terms import Urgency

A_LOT = 3
"""In the Short Set, "a lot of difficulty" or worse on one item makes a disability."""
NEEDED, URGENT = 1, 2


@dataclass(frozen=True, slots=True)
class Result:
    """`explained` names the items that made the level what it is."""

    score: int
    level: str
    explained: tuple[str, ...] = ()
    needs: tuple[NeedFound, ...] = ()


def score(instrument: Instrument, answers: Mapping[str, int]) -> Result:
    """The result of a complete form."""
    return _SCORING[instrument.code](instrument, answers)


def _short_set(instrument: Instrument, answers: Mapping[str, int]) -> Result:
    """The score counts the items answered with 3 or 4."""
    severe = tuple(item.code for item in instrument.items if answers[item.code] >= A_LOT)
    return Result(len(severe), "disability" if severe else "no_disability", severe)


def _service_needs(instrument: Instrument, answers: Mapping[str, int]) -> Result:
    """The score counts the domains in which something is needed."""
    needed = [item for item in instrument.items if answers[item.code] >= NEEDED]
    urgent = {item.code for item in needed if answers[item.code] >= URGENT}
    found = tuple(
        NeedFound(domain=item.domain, urgency=Urgency.URGENT if item.code in urgent else Urgency.NORMAL)
        for item in needed
        if item.domain is not None
    )
    level = "urgent" if urgent else "needed" if needed else "none"
    return Result(len(needed), level, tuple(item.code for item in needed), found)


_SCORING: Mapping[str, Callable[[Instrument, Mapping[str, int]], Result]] = {
    WG_SS.code: _short_set,
    SERVICE_NEEDS.code: _service_needs,
}
