"""Participation and satisfaction (参与率、满意率) per community and per service: the question and the answer."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from canlian_events.core import Message, Query
from canlian_events.ids import ServiceId
from canlian_events.terms import Role

CodeOrPrefix = Annotated[str, StringConstraints(pattern=r"^\d{6,12}$")]
"""A community's code, or the first digits of all that are meant: 9 for a subdistrict."""


class CommunityRates(
    Query,
    of="evaluation",
    by={
        Role.STAFF,
        Role.COMMISSIONER,
        Role.LEADER,
        Role.SOCIAL_WORKER,
        Role.GRID_WORKER,
        Role.DIRECTOR,
        Role.OPERATOR,
        Role.PROGRAM,
    },
):
    """Both days are included."""

    community: CodeOrPrefix
    start: date
    end: date


class StatedRate(Message):
    """`percent` is None where nothing was counted; `too_few` says that it should not be shown as a rate."""

    numerator: int
    denominator: int
    percent: float | None
    too_few: bool


class RatesOfService(Message):
    service_id: ServiceId
    name: str
    participation: StatedRate
    satisfaction: StatedRate


class Rates(Message):
    """Participation: persons who completed a service / persons registered at the period's end. Satisfaction: feedback
    scoring 4 or 5 / all feedback."""

    participation: StatedRate
    satisfaction: StatedRate
    services: tuple[RatesOfService, ...] = ()
